"""Waiting for a row that somebody is writing, but not for long.

The transaction of a process that was killed keeps what it wrote locked until MongoDB gives it
up; nobody else may be held up by that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pymongo
from pymongo.errors import PyMongoError

PATIENCE = 0.5
"""Seconds to wait."""


@contextmanager
def patiently() -> Iterator[None]:
    """Ask MongoDB within the block, and go on without it if the answer takes too long."""
    try:
        with pymongo.timeout(PATIENCE):
            yield
    except PyMongoError as error:
        if not error.timeout:
            raise
