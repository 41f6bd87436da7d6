"""Activities that the fold could not take, for a person to see and to run again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.database import Database

Document = dict[str, Any]


@dataclass(frozen=True)
class FailedActivity:
    """An activity that was set aside, and why."""

    id: str
    type: str
    reason: str
    at: datetime


def failed(db: Database[Document], limit: int = 100) -> list[FailedActivity]:
    """What was set aside, the latest first."""
    rows = db.activities.find({"state": "failed", "failure.at": {"$exists": True}})
    newest = rows.sort("failure.at", -1).limit(limit)
    return [
        FailedActivity(row["_id"], str(row.get("type")), row["failure"]["reason"], row["failure"]["at"])
        for row in newest
    ]


def retry(db: Database[Document], ids: Sequence[str] | None = None) -> int:
    """Let failed activities (all, or those of `ids`) be taken again; say how many.

    An activity that fails again is set aside again.
    """
    chosen = {"state": "failed"} if ids is None else {"state": "failed", "_id": {"$in": list(ids)}}
    return db.activities.update_many(chosen, {"$set": {"state": "received"}}).modified_count
