"""The outbox: webhook calls of rules, committed with what caused them and sent afterwards.

A call is claimed before it is sent, for as long as sending may take.  If the sender dies in
between another sends it, so a call can arrive twice, with the same id as idempotency key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo import ReturnDocument
from pymongo.database import Database

Document = dict[str, Any]

CLAIM = timedelta(seconds=60)
"""How long a sender may take before another tries."""

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


def claim(db: Database[Document], *, now: datetime) -> Waiting | None:
    """Take the call that has waited longest, if one is due."""
    row = db.outbox.find_one_and_update(
        {"state": "waiting", "due_at": {"$lte": now}},
        {"$set": {"due_at": now + CLAIM}, "$inc": {"attempts": 1}},
        sort=[("due_at", 1)],
        return_document=ReturnDocument.AFTER,
    )
    if row is None:
        return None
    names = ("webhook", "rule", "contact", "happened_at", "activity", "attempts")
    return Waiting(id=row["_id"], **{name: row[name] for name in names})


def sent(db: Database[Document], call: Waiting, *, status: int, now: datetime) -> None:
    """Note that a call was answered as it should be."""
    done = {"state": "sent", "sent_at": now, "status": status}
    db.outbox.update_one({"_id": call.id}, {"$set": done, "$unset": {"error": ""}})


def failed(
    db: Database[Document], call: Waiting, *, error: str, now: datetime, for_good: bool = False
) -> None:
    """Note that a call was not taken: it is tried again later, until it has failed for good."""
    if for_good or call.attempts > len(PAUSES):
        change: Document = {"state": "failed", "error": error[:500]}
    else:
        change = {"due_at": now + PAUSES[call.attempts - 1], "error": error[:500]}
    db.outbox.update_one({"_id": call.id, "state": "waiting"}, {"$set": change})


def retry(db: Database[Document], *, now: datetime, ids: Sequence[str] | None = None) -> int:
    """Send what has failed (all, or those of `ids`) once more; return how many."""
    reset = {"$set": {"state": "waiting", "due_at": now, "attempts": 0}}
    chosen: Document = {"state": "failed"} if ids is None else {"state": "failed", "_id": {"$in": list(ids)}}
    return db.outbox.update_many(chosen, reset).modified_count


@dataclass(frozen=True)
class CallRow:
    """A call as a line of a list; `due_at` is when it is tried, `error` what the last try came to."""

    id: str
    webhook: str
    rule: str
    contact: str
    happened_at: datetime
    state: str
    attempts: int
    due_at: datetime
    error: str | None


def unsent(db: Database[Document], *, limit: int) -> list[CallRow]:
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
        )
        for row in rows
    ]


COUNT_UP_TO = 10_000


def unsent_counts(db: Database[Document]) -> dict[str, int]:
    """How many calls wait and how many have failed, each up to COUNT_UP_TO."""
    states = ("waiting", "failed")
    return {state: db.outbox.count_documents({"state": state}, limit=COUNT_UP_TO) for state in states}


def counts(db: Database[Document]) -> dict[str, int]:
    """How many calls wait, were sent and have failed."""
    found = {
        row["_id"]: row["n"] for row in db.outbox.aggregate([{"$group": {"_id": "$state", "n": {"$sum": 1}}}])
    }
    return {state: found.get(state, 0) for state in ("waiting", "sent", "failed")}
