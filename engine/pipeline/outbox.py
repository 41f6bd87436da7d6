"""The outbox: webhook calls of rules, committed with what caused them and sent afterwards.

A row is claimed before it is sent, for as long as sending may take.  A sender that dies
in between is followed by another, so a call can arrive twice, with the same id both times.

A row whose call cannot be signed is held: it stays waiting with the reason and counts no
attempt, and the first worker that can sign it sends it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pymongo import ReturnDocument

from engine.db import Db
from engine.domain.document import Document

CLAIM = timedelta(seconds=60)
"""The lease of a call: another sender may retry it afterwards."""

PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1_800, 7_200, 21_600, 43_200))
"""After each failure; when they are used up the call has failed, and a person can send it again."""


@dataclass(frozen=True)
class Waiting:
    """A call to be made now; `attempts` counts this one."""

    id: str
    webhook: str
    rule: str
    contact: str
    happened_at: datetime
    activity: Document
    attempts: int


Outcome = Literal["sent", "again", "failed", "held", "dropped"]
"""The outcome of a call: answered, to be retried, failed permanently, not signable, or no longer wanted."""


def any_due(db: Db, *, now: datetime, without: Collection[str] = ()) -> bool:
    """Whether there is a call to make: asked again and again, it costs half of what `claim` does."""
    return db.outbox.find_one(_due(now, without), {"_id": 1}) is not None


def claim(db: Db, *, now: datetime, without: Collection[str] = ()) -> Waiting | None:
    """Claim the due call that has waited longest, but for the webhooks `without`."""
    row = db.outbox.find_one_and_update(
        _due(now, without),
        {"$set": {"due_at": now + CLAIM}, "$inc": {"attempts": 1}, "$unset": {"held": ""}},
        sort=[("due_at", 1)],
        return_document=ReturnDocument.AFTER,
    )
    if row is None:
        return None
    names = ("webhook", "rule", "contact", "happened_at", "activity", "attempts")
    return Waiting(id=row["_id"], **{name: row[name] for name in names})


def _due(now: datetime, without: Collection[str]) -> Document:
    due: Document = {"state": "waiting", "due_at": {"$lte": now}}
    return {**due, "webhook": {"$nin": list(without)}} if without else due


def sent(db: Db, call: Waiting, *, status: int, now: datetime) -> Outcome:
    """Record a successful call."""
    done = {"state": "sent", "sent_at": now, "status": status}
    db.outbox.update_one({"_id": call.id}, {"$set": done, "$unset": {"error": ""}})
    return "sent"


def failed(db: Db, call: Waiting, *, error: str, now: datetime, for_good: bool = False) -> Outcome:
    """Record a failed attempt: the call is retried later, until it has failed permanently."""
    outcome: Outcome = "failed" if for_good or call.attempts > len(PAUSES) else "again"
    if outcome == "failed":
        change: Document = {"state": "failed", "error": error[:500]}
    else:
        change = {"due_at": now + PAUSES[call.attempts - 1], "error": error[:500]}
    db.outbox.update_one({"_id": call.id, "state": "waiting"}, {"$set": change})
    return outcome


def hold(db: Db, reasons: Mapping[str, str], *, now: datetime) -> None:
    """Store at the due calls why they are held; `reasons` are by webhook."""
    for webhook, reason in reasons.items():
        due = {"state": "waiting", "due_at": {"$lte": now}, "webhook": webhook, "held": {"$ne": reason}}
        db.outbox.update_many(due, {"$set": {"held": reason}})


def put_back(db: Db, call: Waiting, *, reason: str, due_at: datetime) -> Outcome:
    """Hold a call that was claimed and cannot be signed: this was no attempt."""
    change = {"$set": {"held": reason, "due_at": due_at}, "$inc": {"attempts": -1}}
    db.outbox.update_one({"_id": call.id, "state": "waiting"}, change)
    return "held"


def drop(db: Db, call: Waiting, *, reason: str, now: datetime) -> Outcome:
    """Record that a call is no longer to be made; it stays, so that it is not written again."""
    change = {"state": "dropped", "error": reason, "sent_at": now}
    db.outbox.update_one({"_id": call.id, "state": "waiting"}, {"$set": change})
    return "dropped"


def retry(db: Db, *, now: datetime, ids: Sequence[str] | None = None) -> int:
    """Send what has failed (all, or those of `ids`) once more; return how many."""
    reset = {"$set": {"state": "waiting", "due_at": now, "attempts": 0}}
    chosen: Document = {"state": "failed"} if ids is None else {"state": "failed", "_id": {"$in": list(ids)}}
    return db.outbox.update_many(chosen, reset).modified_count


@dataclass(frozen=True)
class CallRow:
    """A call in a list; `due_at` is the time of the next attempt, `error` the result of the last one.

    `held` is why it waits longer than that.
    """

    id: str
    webhook: str
    rule: str
    contact: str
    happened_at: datetime
    state: str
    attempts: int
    due_at: datetime
    error: str | None
    held: str | None


def unsent(db: Db, *, limit: int) -> list[CallRow]:
    """Calls that have failed for good, and then those that wait, the latest first."""
    rows: list[Document] = []
    for state in ("failed", "waiting"):
        found = db.outbox.find({"state": state}).sort("happened_at", -1).limit(limit - len(rows))
        rows += list(found) if len(rows) < limit else []
    return [
        CallRow(
            id=row["_id"],
            webhook=row["webhook"],
            rule=row["rule"],
            contact=row["contact"],
            happened_at=row["happened_at"],
            state=row["state"],
            attempts=row.get("attempts", 0),
            due_at=row["due_at"],
            error=row.get("error"),
            held=row.get("held"),
        )
        for row in rows
    ]


COUNT_UP_TO = 10_000


def unsent_counts(db: Db) -> dict[str, int]:
    """The numbers of waiting and failed calls, each up to COUNT_UP_TO."""
    states = ("waiting", "failed")
    return {state: db.outbox.count_documents({"state": state}, limit=COUNT_UP_TO) for state in states}


@dataclass(frozen=True)
class HeldCalls:
    """Calls of one webhook that wait for the same thing, counted up to COUNT_UP_TO."""

    webhook: str
    reason: str
    calls: int


def held(db: Db) -> list[HeldCalls]:
    """Calls that cannot be sent as things are, by webhook and reason, among those that wait longest."""
    rows = db.outbox.aggregate(
        [
            {"$match": {"state": "waiting"}},
            {"$sort": {"due_at": 1}},
            {"$limit": COUNT_UP_TO},
            {"$match": {"held": {"$exists": True}}},
            {"$group": {"_id": {"webhook": "$webhook", "reason": "$held"}, "calls": {"$sum": 1}}},
            {"$sort": {"_id": 1}},
        ]
    )
    return [HeldCalls(**row["_id"], calls=row["calls"]) for row in rows]


def counts(db: Db) -> dict[str, int]:
    """The numbers of waiting, sent and failed calls."""
    found = {
        row["_id"]: row["n"] for row in db.outbox.aggregate([{"$group": {"_id": "$state", "n": {"$sum": 1}}}])
    }
    return {state: found.get(state, 0) for state in ("waiting", "sent", "failed")}
