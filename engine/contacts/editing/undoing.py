"""What of a contact's activities people can take back, by whom it was, and why it cannot be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from pymongo.database import Database

from engine.domain import deliverability
from engine.domain.activities import DELETED, UNDOES, ActivityId
from engine.domain.rulebook import Ruleset
from engine.pipeline import activity_spans
from engine.pipeline.groups import decode_activity, without_dbrefs

Document = dict[str, Any]

BOUNCES = frozenset({"email_bounced", "sms_bounced"})
"""What a provider says, and a person may know better."""

IMPORTED = "contact_imported"
EDITED = "contact_edited"


class Undone(msgspec.Struct, frozen=True):
    """An activity was taken back: by which other one, by whom, when and why."""

    id: ActivityId
    by: str
    at: datetime
    reason: str


class Undoes(msgspec.Struct, frozen=True):
    """What an edit takes back."""

    id: ActivityId
    label: str
    happened_at: datetime


def refusal(row: Document) -> str | None:
    """Why an activity is none that a person can take back; unset if it is."""
    type_ = row["type"]
    if row.get("derived"):
        return "it follows from something else: take that back"
    if type_ in BOUNCES or type_ == IMPORTED:
        return None
    if type_ == DELETED:
        return "restore the contact instead"
    if type_ == "contact_created":
        return "delete the contact instead"
    activity = _decoded(row) if type_ == EDITED else None
    if activity is not None and activity.by_hand:
        return None
    return "only bounces, imports and what people here changed can be taken back"


def check(db: Database[Document], contact: Document, undone: ActivityId) -> str | None:
    """Why a contact's activity cannot be taken back now; unset if it can."""
    row = db.activities.find_one({"_id": undone})
    if row is None or not activity_spans.is_of(contact, row):
        return "this contact has no such activity"
    if row["state"] != "applied":
        return "it has not taken effect yet: try again in a moment"
    why = refusal(row)
    if why is not None:
        return why
    already = undone_among(db, contact, [undone]).get(undone)
    return None if already is None else f"{already.by or 'somebody'} took it back already"


def undone_among(
    db: Database[Document], contact: Document, ids: Iterable[ActivityId]
) -> dict[ActivityId, Undone]:
    """Which of some activities of a contact were taken back."""
    gone = set(contact.get("undone", ()))
    wanted = gone.intersection(ids)
    if not wanted:
        return {}
    asked = {"type": EDITED, "state": "applied", f"properties.{UNDOES}": {"$in": sorted(wanted)}}
    taking = db.activities.find(activity_spans.query(contact, asked)).sort("happened_at", 1)
    return {
        ActivityId(row["properties"][UNDOES]): Undone(
            ActivityId(row["_id"]),
            str(row["properties"].get("author", "")),
            row["happened_at"],
            str(row["properties"].get("reason", "")),
        )
        for row in taking
        if row["_id"] not in gone
    }


def what_they_undo(
    db: Database[Document], rows: Sequence[Document], ruleset: Ruleset
) -> dict[ActivityId, Undoes]:
    """What the edits among some activities take back, by the edit."""
    undoing = {row["_id"]: undone for row in rows if (undone := _undoes(row)) is not None}
    if not undoing:
        return {}
    named = db.activities.find({"_id": {"$in": list(undoing.values())}}, {"type": 1, "happened_at": 1})
    found = {
        row["_id"]: Undoes(row["_id"], ruleset.catalog.label(row["type"]), row["happened_at"])
        for row in named
    }
    return {id_: found[undone] for id_, undone in undoing.items() if undone in found}


def is_inconclusive(row: Document) -> bool:
    """Whether an activity is a bounce that does not count against the address."""
    if row["type"] not in BOUNCES:
        return False
    activity = _decoded(row)
    return bool(row.get("discounted")) or (activity is not None and deliverability.is_inconclusive(activity))


def _undoes(row: Document) -> ActivityId | None:
    said: Mapping[str, Any] = without_dbrefs(row).get("properties", {})
    undone = said.get(UNDOES)
    return ActivityId(undone) if row["type"] == EDITED and isinstance(undone, str) else None


def _decoded(row: Document) -> Any:
    try:
        return decode_activity(row)
    except msgspec.ValidationError:
        return None
