"""A short timeout for writes that another transaction may block.

The transaction of a process that was killed keeps its documents locked until MongoDB ends it;
other processes must not wait for that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pymongo
from pymongo.errors import PyMongoError

LOCK_TIMEOUT = 0.5
"""Seconds to wait for a locked document."""


@contextmanager
def tolerate_timeout() -> Iterator[None]:
    """Limit the operations in the block to LOCK_TIMEOUT, and continue after it if they take longer."""
    try:
        with pymongo.timeout(LOCK_TIMEOUT):
            yield
    except PyMongoError as error:
        if not error.timeout:
            raise
