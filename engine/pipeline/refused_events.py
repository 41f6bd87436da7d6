"""Events that were refused at the door, and ids that came again with other content: to be looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.database import Database

Document = dict[str, Any]


@dataclass(frozen=True)
class Refused:
    """An event that could not become an activity; `event` is what was sent, as it came."""

    id: str
    at: datetime
    source: str
    field: str
    reason: str
    event: str


@dataclass(frozen=True)
class IdConflict:
    """An activity's id that came again with other content; the first stays what it was."""

    id: str
    at: datetime
    activity: str
    type: str


def newest_refusals(db: Database[Document], *, limit: int) -> list[Refused]:
    """What was refused, the latest first."""
    rows = db.refusals.find().sort("received_at", -1).limit(limit)
    return [
        Refused(
            id=str(row["_id"]),
            at=row["received_at"],
            source=str(row.get("source", "")),
            field=str(row.get("field", "")),
            reason=str(row.get("reason", "")),
            event=str(row.get("event", "")),
        )
        for row in rows
    ]


def newest_conflicts(db: Database[Document], *, limit: int) -> list[IdConflict]:
    """Ids that came again with other content, the latest first."""
    rows = db.conflicts.find().sort("received_at", -1).limit(limit)
    return [
        IdConflict(
            id=row["_id"],
            at=row["received_at"],
            activity=row["activity"],
            type=str(row["content"].get("type", "")),
        )
        for row in rows
    ]
