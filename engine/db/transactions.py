"""Transactions in which documents take part: they have no argument for a session."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pymongo.write_concern import WriteConcern

from engine.db import Db

T = TypeVar("T")


def in_transaction(db: Db, work: Callable[[Db], T]) -> T:
    """Run `work` in one transaction, with its database as the argument; return its result.

    `work` is done again if another transaction was in its way, and nothing of it is kept if it raises.
    """
    # A statement of a transaction has no write concern: that of the session holds when it commits.
    inside = db.with_options(write_concern=WriteConcern())
    with db.client.start_session() as session, session.bind():
        return session.with_transaction(lambda _: work(inside))
