"""Counts of removed data by place, updated in the transaction that removes it: exact after a crash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pymongo.client_session import ClientSession
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from engine.db import Db

How = Literal["removed", "cleaned"]
"""Removed rows or files; or rows about others that are kept without the person's name."""


@dataclass(frozen=True)
class Report:
    """The outcome of an erasure.

    `removed` and `cleaned` count rows and files by place; `webhook_calls` counts the calls that
    other systems received, by webhook: these systems must be asked to erase, too.
    `pending` are running jobs whose files are erased when they end.
    """

    id: str
    by_name: str
    asked_at: datetime
    at: datetime | None = None
    finished_at: datetime | None = None
    removed: dict[str, int] = field(default_factory=dict)
    cleaned: dict[str, int] = field(default_factory=dict)
    webhook_calls: dict[str, int] = field(default_factory=dict)
    pending: list[str] = field(default_factory=list)


def report(db: Db, id_: str) -> Report | None:
    """The outcome of an erasure so far; None if it has not begun."""
    row = db.erasures.find_one({"_id": id_}, {"person": 0})
    if row is None:
        return None
    fields = {name: row[name] for name in _READ if row.get(name) is not None}
    return Report(id=row["_id"], webhook_calls=row.get("told") or {}, **fields)


_READ = ("by_name", "asked_at", "at", "finished_at", "removed", "cleaned", "pending")


def counted(db: Db, erasure: str, place: str, how: How, act: Callable[[ClientSession], int]) -> int:
    """Run `act` in a transaction and count its result in the report; return the count."""

    def within(session: ClientSession) -> int:
        number = act(session)
        if number:
            count(db, erasure, {f"{how}.{place}": number}, session=session)
        return number

    with db.client.start_session() as session:
        return session.with_transaction(
            within, read_concern=ReadConcern("snapshot"), write_concern=WriteConcern(w="majority", j=True)
        )


def count(db: Db, erasure: str, more: dict[str, int], *, session: ClientSession | None = None) -> None:
    """Add to the counts of the report."""
    if more:
        db.erasures.update_one({"_id": erasure}, {"$inc": more}, session=session)
