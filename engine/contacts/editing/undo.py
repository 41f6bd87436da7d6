"""Undo of a contact's activities: which can be undone, which were, and why one cannot be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from engine.db import Db
from engine.domain import deliverability
from engine.domain.activities import DELETED, UNDOES, Activity, ActivityId
from engine.domain.document import Document
from engine.domain.identity.merge_decisions import DECISIONS
from engine.domain.rulebook import Ruleset
from engine.pipeline import activity_spans
from engine.pipeline.groups import decode_activity, without_dbrefs

BOUNCES = frozenset({"email_bounced", "sms_bounced"})
"""Reports of a provider that a user may overrule."""

IMPORTED = "contact_imported"
EDITED = "contact_edited"


class Undone(msgspec.Struct, frozen=True):
    """An undone activity: the edit that undid it, its author, time and reason."""

    id: ActivityId
    by: str
    at: datetime
    reason: str


class Undoes(msgspec.Struct, frozen=True):
    """The activity that an edit undoes."""

    id: ActivityId
    label: str
    happened_at: datetime


def refusal(row: Document) -> str | None:
    """Return why users cannot undo activities such as this one; None if they can."""
    type_ = row["type"]
    if row.get("derived"):
        return "it is the result of another activity: undo that one"
    if type_ in BOUNCES or type_ == IMPORTED:
        return None
    if type_ == DELETED:
        return "restore the contact instead"
    if type_ == "contact_created":
        return "delete the contact instead"
    activity = _decoded(row) if type_ == EDITED or type_ in DECISIONS else None
    if activity is not None and activity.by_hand:
        return None
    return "only bounces, imports and manual changes can be undone"


def check(db: Db, contact: Document, undone: ActivityId) -> str | None:
    """Return why an activity of a contact cannot be undone now; None if it can."""
    row = db.activities.find_one({"_id": undone})
    if row is None or not activity_spans.is_of(contact, row):
        return "this contact has no such activity"
    if row["state"] != "applied":
        return "it has not taken effect yet: try again in a moment"
    why = refusal(row)
    if why is not None:
        return why
    already = undone_among(db, contact, [undone]).get(undone)
    return None if already is None else f"already undone{f' by {already.by}' if already.by else ''}"


def undone_among(db: Db, contact: Document, ids: Iterable[ActivityId]) -> dict[ActivityId, Undone]:
    """Return those of some activities of a contact that were undone, each with how."""
    undone = set(contact.get("undone", ()))
    sought = undone.intersection(ids)
    if not sought:
        return {}
    query = {"type": EDITED, "state": "applied", f"properties.{UNDOES}": {"$in": sorted(sought)}}
    edits = db.activities.find(activity_spans.query(contact, query)).sort("happened_at", 1)
    return {
        ActivityId(row["properties"][UNDOES]): Undone(
            ActivityId(row["_id"]),
            str(row["properties"].get("author", "")),
            row["happened_at"],
            str(row["properties"].get("reason", "")),
        )
        for row in edits
        if row["_id"] not in undone
    }


def undone_by(db: Db, rows: Sequence[Document], ruleset: Ruleset) -> dict[ActivityId, Undoes]:
    """Return the activities that edits among some activities undo, by the edit."""
    undone = {row["_id"]: id_ for row in rows if (id_ := _undoes(row)) is not None}
    if not undone:
        return {}
    targets = db.activities.find({"_id": {"$in": list(undone.values())}}, {"type": 1, "happened_at": 1})
    found = {
        row["_id"]: Undoes(row["_id"], ruleset.catalog.label(row["type"]), row["happened_at"])
        for row in targets
    }
    return {edit: found[id_] for edit, id_ in undone.items() if id_ in found}


def is_inconclusive(row: Document) -> bool:
    """Return whether an activity is a bounce that does not count against the address."""
    if row["type"] not in BOUNCES:
        return False
    activity = _decoded(row)
    return bool(row.get("discounted")) or (activity is not None and deliverability.is_inconclusive(activity))


def _undoes(row: Document) -> ActivityId | None:
    properties: Mapping[str, Any] = without_dbrefs(row).get("properties", {})
    undone = properties.get(UNDOES)
    return ActivityId(undone) if row["type"] == EDITED and isinstance(undone, str) else None


def _decoded(row: Document) -> Activity | None:
    try:
        return decode_activity(row)
    except msgspec.ValidationError:
        return None
