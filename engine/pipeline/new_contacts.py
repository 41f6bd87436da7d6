"""New contacts by key and day: counted where events are received, against the key's daily ceiling.

They are counted before they are acknowledged, by what is stored already, so that the count is right
however many processes receive and however far the workers are behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from pymongo import ReturnDocument

from engine.db import Db
from engine.domain.document import Document


@dataclass(frozen=True)
class KeyToday:
    """The count of a key's day; `refused` are new contacts that it had no room for, repetitions included.

    Its day ends at `until`.
    """

    key: str
    label: str
    admitted: int
    refused: int
    ceiling: int
    until: datetime

    @property
    def is_reached(self) -> bool:
        """Whether new contacts are refused now."""
        return self.admitted >= self.ceiling


def end_of_day(now: datetime, zone: ZoneInfo) -> datetime:
    """The next midnight of a time zone."""
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), zone).astimezone(now.tzinfo)


def admit(db: Db, key: str, *, wanted: int, ceiling: int, until: datetime) -> int:
    """Count up to `wanted` new contacts of a key in the day that ends at `until`; return how many fit."""
    before = db.new_contacts.find_one_and_update(
        {"_id": f"{key}:{until:%Y-%m-%dT%H:%M}"},
        [{"$set": {"key": key, "until": until, **_counted(wanted, ceiling)}}],
        upsert=True,
        return_document=ReturnDocument.BEFORE,
    )
    room = ceiling - (before["admitted"] if before else 0)
    return max(0, min(wanted, room))


def _counted(wanted: int, ceiling: int) -> Document:
    """The counts after `wanted` more, decided in MongoDB: several processes share the room that is left."""
    admitted, refused = ({"$ifNull": [f"${name}", 0]} for name in ("admitted", "refused"))
    room = {"$max": [0, {"$subtract": [ceiling, admitted]}]}
    return {
        "admitted": {"$add": [admitted, {"$min": [wanted, room]}]},
        "refused": {"$add": [refused, {"$max": [0, {"$subtract": [wanted, room]}]}]},
    }


def today(db: Db, *, now: datetime) -> list[KeyToday]:
    """The counts of this day of the keys in force that have a ceiling, the oldest key first."""
    limited = {"new_contacts": {"$ne": None}, "revoked_at": None}
    keys: Sequence[Document] = list(db["keys"].find(limited, {"label": 1, "new_contacts": 1}).sort("_id", 1))
    rows = db.new_contacts.find({"key": {"$in": [key["_id"] for key in keys]}, "until": {"$gt": now}})
    counted = {row["key"]: row for row in rows}
    return [
        KeyToday(
            key=key["_id"],
            label=key["label"],
            admitted=row["admitted"],
            refused=row["refused"],
            ceiling=key["new_contacts"],
            until=row["until"],
        )
        for key in keys
        if (row := counted.get(key["_id"])) is not None
    ]


def reached(db: Db, *, now: datetime) -> list[KeyToday]:
    """The keys that have reached their ceiling today: their new contacts are refused until midnight."""
    return [key for key in today(db, now=now) if key.is_reached]
