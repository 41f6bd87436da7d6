"""The inbox: activities are stored here durably before their receipt is acknowledged."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import msgspec
from pymongo.errors import BulkWriteError, PyMongoError

from engine.db import Db
from engine.db.contact_codec import BSON_TYPES
from engine.db.installation import lane_count
from engine.domain.activities import Activity, ActivityId, ActivityState
from engine.domain.document import Document
from engine.domain.identity.identities import lane_of
from engine.errors import Unavailable
from engine.pipeline import tombstones

DUPLICATE_KEY = 11000

BACKFILL_AFTER = timedelta(hours=1)
"""What is received later than this after it happened is history: live events go before it."""


@dataclass(frozen=True)
class Receipt:
    """The outcome of received activities.

    `duplicates` were there already and change nothing.  `conflicts` have the id of
    another activity with other content; they are kept aside in `conflicts`.  `erased` are
    about erased persons, and were not kept.  `lanes` have new work.
    """

    accepted: list[ActivityId]
    duplicates: list[ActivityId]
    conflicts: list[ActivityId]
    lanes: frozenset[int]
    erased: frozenset[ActivityId] = frozenset()


def receive(db: Db, activities: Sequence[Activity]) -> Receipt:
    """Keep activities as `received`, each id once, majority-acknowledged and journaled.

    Safe to call again with the same activities.  Raises Unavailable when MongoDB does
    not confirm; then some may have been kept, and sending them again does no harm.
    """
    try:
        lanes = lane_count(db)
        erased = tombstones.covered_among(db, activities)
        activities = [activity for activity in activities if activity.id not in erased]
        rows = [row_of(activity, lanes) for activity in activities]
        refused = _insert(db, rows)
        known = [rows[index] for index in refused]
        conflicts = _set_conflicts_aside(db, known)
    except PyMongoError as error:
        raise Unavailable(f"MongoDB did not confirm the activities: {error}") from error
    fresh = [row for index, row in enumerate(rows) if index not in refused]
    return Receipt(
        accepted=[row["_id"] for row in fresh],
        duplicates=[row["_id"] for row in known if row["_id"] not in conflicts],
        conflicts=sorted(conflicts),
        lanes=frozenset(row["lane"] for row in fresh),
        erased=frozenset(erased),
    )


def content_of(activity: Activity) -> str:
    """Fingerprint the content of an activity, to tell a repetition from a conflict.

    Left out is what a second sending of the same thing changes: when it was received,
    which ruleset was then in force, and a time that had to be corrected.
    """
    content = (activity.type, activity.stream, activity.tracker, activity.properties, activity.traits)
    return hashlib.blake2b(_canonical.encode(content), digest_size=8).hexdigest()


_canonical = msgspec.json.Encoder(order="deterministic", decimal_format="string")


def row_of(activity: Activity, lanes: int, state: ActivityState = ActivityState.RECEIVED) -> Document:
    """The activity as MongoDB keeps it, with its lane and how far it has come."""
    row = encode_activity(activity)
    row["lane"] = lane_of(activity.stream, lanes)
    row["state"] = state.value
    row["content"] = content_of(activity)
    if activity.received_at - activity.happened_at > BACKFILL_AFTER and state is ActivityState.RECEIVED:
        row["backfill"] = True
    return row


def encode_activity(activity: Activity) -> Document:
    """The activity as MongoDB keeps it, without its state."""
    row: Document = msgspec.to_builtins(activity, builtin_types=BSON_TYPES)
    row["_id"] = row.pop("id")
    return row


def _insert(db: Db, rows: list[Document]) -> set[int]:
    """Insert what is new; return the positions of what was known."""
    if not rows:
        return set()
    try:
        db.activities.insert_many(rows, ordered=False)
    except BulkWriteError as error:
        details: Document = dict(error.details or {})
        problems = details.get("writeErrors", [])
        if details.get("writeConcernErrors") or any(p["code"] != DUPLICATE_KEY for p in problems):
            raise
        return {problem["index"] for problem in problems}
    return set()


def _set_conflicts_aside(db: Db, known: list[Document]) -> set[ActivityId]:
    if not known:
        return set()
    ids = [row["_id"] for row in known]
    found = db.activities.find({"_id": {"$in": ids}}, {"content": 1})
    kept = {row["_id"]: row.get("content") for row in found}
    other = [row for row in known if kept.get(row["_id"]) != row["content"]]
    for row in other:
        conflict = {"activity": row["_id"], "received_at": row["received_at"], "content": row}
        db.conflicts.update_one(
            {"_id": f"{row['_id']}:{row['content']}"}, {"$setOnInsert": conflict}, upsert=True
        )
    return {row["_id"] for row in other}
