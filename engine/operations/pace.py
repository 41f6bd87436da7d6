"""How fast activities are applied: what each lane and job has done in all, looked at again and again.

A lane counts in the transaction that applies, so that the count is exact after a crash; so does a
job that applies by itself what it brings.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.db import Db
from engine.domain.document import Document

STEP = timedelta(seconds=10)
"""Between two marks."""

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Pace:
    """Activities a second, over the last minute and hour; unset while that is not known."""

    minute: float | None
    hour: float | None
    by_minute: list[tuple[datetime, int]]
    """How many were applied in each minute of the last hour that is known."""


def sample(db: Db, *, now: datetime) -> None:
    """Note what all lanes have done up to now; safe to call as often as one likes."""
    seconds = int(STEP.total_seconds())
    id_ = str(int(now.timestamp()) // seconds)
    db.pace.update_one({"_id": id_}, {"$setOnInsert": {"at": now, "applied": _applied(db)}}, upsert=True)


def pace(db: Db, *, now: datetime) -> Pace:
    """How fast it goes, up to this moment."""
    recent = db.pace.find({"at": {"$gte": now - HOUR - MINUTE, "$lt": now}}).sort("at", 1)
    marks = [(row["at"], row["applied"]) for row in recent]
    marks.append((now, _applied(db)))
    return Pace(_rate(marks, MINUTE), _rate(marks, HOUR), _by_minute(marks, now))


def _applied(db: Db) -> int:
    counted: list[Document] = [
        {"$match": {"applied": {"$gt": 0}}},
        {"$group": {"_id": None, "n": {"$sum": "$applied"}}},
    ]
    return sum(row["n"] for of in (db.lanes, db.jobs) for row in of.aggregate(counted))


def _rate(marks: list[tuple[datetime, int]], span: timedelta) -> float | None:
    """Over the marks of a span; nothing if they cover less than half of it."""
    now, done = marks[-1]
    began, before = next(mark for mark in marks if mark[0] >= now - span - STEP / 2)
    return (done - before) / (now - began).total_seconds() if now - began >= span / 2 else None


def _by_minute(marks: list[tuple[datetime, int]], now: datetime) -> list[tuple[datetime, int]]:
    """The growth from each minute's beginning to the next one's, as the marks know it."""
    times = [at for at, _ in marks]

    def done(at: datetime) -> int:
        return marks[bisect_right(times, at) - 1][1]

    minutes = [now - number * MINUTE for number in range(60, 0, -1)]
    return [(begins, done(begins + MINUTE) - done(begins)) for begins in minutes if begins >= times[0]]
