"""How much each key sends, by minute: counted by the collectors, kept for two hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo import UpdateOne

from engine.db import Db

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Counted:
    """Events of a key that were accepted, and that were refused."""

    accepted: int = 0
    refused: int = 0

    def __add__(self, other: Counted) -> Counted:
        return Counted(self.accepted + other.accepted, self.refused + other.refused)


@dataclass(frozen=True)
class KeyArrivals:
    """What a key sent since some time."""

    key: str
    label: str
    accepted: int
    refused: int


def add(db: Db, counts: Mapping[str, Counted], *, now: datetime) -> None:
    """Add counts, by the id of their key, to those of this minute.  Raises PyMongoError."""
    minute = now.replace(second=0, microsecond=0)
    db.arrivals.bulk_write(
        [
            UpdateOne(
                {"_id": f"{key}:{minute:%Y-%m-%dT%H:%M}"},
                {
                    "$setOnInsert": {"key": key, "at": minute},
                    "$inc": {"accepted": counted.accepted, "refused": counted.refused},
                },
                upsert=True,
            )
            for key, counted in counts.items()
        ],
        ordered=False,
    )


def last_hour(db: Db, *, now: datetime) -> list[KeyArrivals]:
    """What each key in force, or that sent something, sent in the last hour; the most refused first."""
    sums = {
        row["_id"]: Counted(row["accepted"], row["refused"])
        for row in db.arrivals.aggregate(
            [
                {"$match": {"at": {"$gt": now - HOUR}}},
                {
                    "$group": {
                        "_id": "$key",
                        "accepted": {"$sum": "$accepted"},
                        "refused": {"$sum": "$refused"},
                    }
                },
            ]
        )
    }
    keys = db["keys"].find({"kind": {"$in": ["write", "secret"]}}, {"label": 1, "revoked_at": 1})
    found = [
        KeyArrivals(row["_id"], row["label"], counted.accepted, counted.refused)
        for row in keys
        if (counted := sums.get(row["_id"], Counted())) != Counted() or row.get("revoked_at") is None
    ]
    return sorted(found, key=lambda one: (-one.refused, -one.accepted, one.label))
