"""What was removed where: counted in the transaction that removes it, so it is right whoever is killed."""

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
"""Whole rows or files; or rows of others and of colleagues, in which the person was named."""


@dataclass(frozen=True)
class Report:
    """What an erasure came to.

    `removed` and `cleaned` count rows and files by where they were; `told` are calls that were
    sent to other systems before, by the webhook: those have to be asked to erase, too.
    `pending` are jobs under way whose file goes when they end.
    """

    id: str
    by_name: str
    asked_at: datetime
    at: datetime | None = None
    finished_at: datetime | None = None
    removed: dict[str, int] = field(default_factory=dict)
    cleaned: dict[str, int] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)
    pending: list[str] = field(default_factory=list)


def report(db: Db, id_: str) -> Report | None:
    """What an erasure came to so far; unset if it has not begun."""
    row = db.erasures.find_one({"_id": id_}, {"person": 0})
    if row is None:
        return None
    said = {name: row[name] for name in _READ if row.get(name) is not None}
    return Report(id=row["_id"], **said)


_READ = ("by_name", "asked_at", "at", "finished_at", "removed", "cleaned", "told", "pending")


def counted(db: Db, erasure: str, place: str, how: How, act: Callable[[ClientSession], int]) -> int:
    """Do something in a transaction and count it in the report; return how many it was of."""

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
    """Add to what is counted."""
    if more:
        db.erasures.update_one({"_id": erasure}, {"$inc": more}, session=session)
