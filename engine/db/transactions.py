"""Transactions in which documents take part: they have no argument for a session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pymongo.database import Database
from pymongo.write_concern import WriteConcern

T = TypeVar("T")


def in_transaction(db: Database[dict[str, Any]], work: Callable[[Database[dict[str, Any]]], T]) -> T:
    """Do something in one transaction, on the database that `work` is given; return what it returns.

    `work` is done again if another transaction was in its way, and nothing of it is kept if it raises.
    """
    # A statement of a transaction has no write concern: that of the session holds when it commits.
    inside = db.with_options(write_concern=WriteConcern())
    with db.client.start_session() as session, session.bind():
        return session.with_transaction(lambda _: work(inside))
