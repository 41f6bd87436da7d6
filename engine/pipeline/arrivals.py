"""What each key sends, by minute: counted by the collectors, with the latest ids, kept for two hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo import UpdateOne
from pymongo.cursor import Cursor

from engine.db import Db
from engine.domain.document import Document

HOUR = timedelta(hours=1)

UNKNOWN = "unknown"
"""The key of requests that name none in force; their latest are the beginnings of what they named."""

LATEST = 20
"""Ids of the latest accepted activities that are kept for each key and minute."""


@dataclass(frozen=True)
class Counted:
    """Events of a key that were accepted, and that were refused.

    Parameters:
      latest(tuple): Ids of the latest accepted activities, at most LATEST, the newest last.
    """

    accepted: int = 0
    refused: int = 0
    latest: tuple[str, ...] = ()

    def __add__(self, other: Counted) -> Counted:
        latest = (self.latest + other.latest)[-LATEST:]
        return Counted(self.accepted + other.accepted, self.refused + other.refused, latest)


@dataclass(frozen=True)
class Minute:
    """Events of a minute, by when it began."""

    at: datetime
    accepted: int
    refused: int


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
                    "$push": {"latest": {"$each": list(counted.latest), "$slice": -LATEST}},
                },
                upsert=True,
            )
            for key, counted in counts.items()
        ],
        ordered=False,
    )


def last_hour(db: Db, *, now: datetime, others: Mapping[str, str] | None = None) -> list[KeyArrivals]:
    """What each key in force, or that sent something, sent in the last hour; the most refused first.

    `others` are the labels of sources that are no keys, such as shops.
    """
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
    found += [
        KeyArrivals(source, label, counted.accepted, counted.refused)
        for source, label in (others or {}).items()
        if (counted := sums.get(source, Counted())) != Counted()
    ]
    return sorted(found, key=lambda one: (-one.refused, -one.accepted, one.label))


def by_minute(db: Db, *, now: datetime, key: str | None = None) -> list[Minute]:
    """The minutes of the last hour in which something came, of a key or of all, the earliest first."""
    sums: dict[datetime, Counted] = {}
    for row in _rows(db, now=now, key=key):
        sums[row["at"]] = sums.get(row["at"], Counted()) + Counted(row["accepted"], row["refused"])
    return [Minute(at, sums[at].accepted, sums[at].refused) for at in sorted(sums)]


def latest_accepted(db: Db, *, now: datetime, limit: int, key: str | None = None) -> list[str]:
    """Ids of the latest accepted activities, of a key or of all: `limit` or more, in any order."""
    rows = list(_rows(db, now=now, key=key))
    ids: list[str] = []
    for at in dict.fromkeys(row["at"] for row in reversed(rows)):
        if len(ids) < limit:
            ids += [id_ for row in rows if row["at"] == at for id_ in row.get("latest", [])]
    return ids


def unknown_keys(db: Db, *, now: datetime) -> tuple[int, list[str]]:
    """How many requests of the last hour named no key in force, and how the latest of those keys begin."""
    rows = list(_rows(db, now=now, key=UNKNOWN))
    begin = [part for row in reversed(rows) for part in reversed(row.get("latest", []))]
    return sum(row["refused"] for row in rows), list(dict.fromkeys(begin))


def _rows(db: Db, *, now: datetime, key: str | None) -> Cursor[Document]:
    of_key = {"$ne": UNKNOWN} if key is None else key
    return db.arrivals.find({"at": {"$gt": now - HOUR}, "key": of_key}).sort("at", 1)
