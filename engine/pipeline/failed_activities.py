"""Activities that the fold could not take, for a person to see and to run again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.db import Db
from engine.domain.document import Document


@dataclass(frozen=True)
class FailedActivity:
    """An activity that was set aside, and why."""

    id: str
    type: str
    reason: str
    at: datetime


def newest(db: Db, limit: int = 100) -> list[FailedActivity]:
    """Quarantined activities, the latest first."""
    rows = db.activities.find({"state": "failed", "failure.at": {"$exists": True}})
    rows = rows.sort("failure.at", -1).limit(limit)
    return [
        FailedActivity(row["_id"], str(row.get("type")), row["failure"]["reason"], row["failure"]["at"])
        for row in rows
    ]


def retry(db: Db, ids: Sequence[str] | None = None) -> int:
    """Retry failed activities (all, or those of `ids`); return how many.

    An activity that fails again is set aside again.
    """
    which: Document = {"failure.at": {"$exists": True}} if ids is None else {"_id": {"$in": list(ids)}}
    chosen = {"state": "failed", **which}
    return db.activities.update_many(chosen, {"$set": {"state": "received"}}).modified_count


@dataclass(frozen=True)
class FailureReason:
    """Why activities were set aside: how many, of which types, and when the last was."""

    reason: str
    count: int
    types: list[str]
    last: datetime


SAMPLE = 10_000
"""The latest failures that are sorted by their reason."""

MAX_REASONS = 50


def by_reason(db: Db) -> list[FailureReason]:
    """The reasons of the latest failures, the most frequent first."""
    rows = db.activities.aggregate(
        [
            {"$match": {"state": "failed", "failure.at": {"$exists": True}}},
            {"$sort": {"failure.at": -1}},
            {"$limit": SAMPLE},
            {
                "$group": {
                    "_id": "$failure.reason",
                    "n": {"$sum": 1},
                    "types": {"$addToSet": "$type"},
                    "last": {"$max": "$failure.at"},
                }
            },
            {"$sort": {"n": -1, "_id": 1}},
            {"$limit": MAX_REASONS},
        ]
    )
    return [FailureReason(row["_id"], row["n"], sorted(map(str, row["types"])), row["last"]) for row in rows]


def retry_reason(db: Db, reason: str) -> int:
    """Retry all activities that failed for one reason; return how many."""
    chosen = {"state": "failed", "failure.at": {"$exists": True}, "failure.reason": reason}
    return db.activities.update_many(chosen, {"$set": {"state": "received"}}).modified_count
