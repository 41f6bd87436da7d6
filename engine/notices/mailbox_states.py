"""How the reading of the watched mailboxes goes.  `sheets status` asks often: it imports little."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.db import Db


@dataclass(frozen=True)
class WatchedMailbox:
    """A mailbox that the rules declare.

    `read_at` is when it was last read whole, `error` why it cannot be read since `failing_since`.
    `messages` and `notices` count what was read, and what of it reported something.
    """

    id: str
    read_at: datetime | None
    error: str | None
    failing_since: datetime | None
    messages: int
    notices: int


def watched(db: Db) -> list[WatchedMailbox]:
    """The mailboxes that the scheduler reads, in order of their ids."""
    return [
        WatchedMailbox(
            id=row["_id"],
            read_at=row.get("read_at"),
            error=row.get("error"),
            failing_since=row.get("failing_since"),
            messages=row.get("messages", 0),
            notices=row.get("notices", 0),
        )
        for row in db.mailboxes.find().sort("_id", 1)
    ]
