"""Explain a contact: why it has its points, is in a segment or not, and has its statuses."""

from __future__ import annotations

from datetime import datetime

import msgspec

from engine.contacts.sheet import sheets, timelines
from engine.contacts.sheet.sheet_model import SheetPoints, SheetStatus
from engine.contacts.sheet.timeline_rows import status_labels
from engine.db import Db, contact_codec
from engine.domain.activities import ContactId, derived_stream
from engine.domain.contact import ContactState
from engine.domain.document import Document
from engine.domain.rulebook import Ruleset, Segment
from engine.rules import versions
from engine.rules.conditions.explain import Explained, explain

HISTORY = 100
"""Segment changes and status changes that are listed of one contact."""


class Crossing(msgspec.Struct, frozen=True):
    """A contact entered or left a segment, because of an activity or of time alone."""

    segment: str
    segment_name: str
    entered: bool
    at: datetime
    because: str


class SegmentReason(msgspec.Struct, frozen=True):
    """Whether a contact is in a segment, and why; a static segment has no condition."""

    id: str
    name: str
    member: bool
    since: datetime | None
    dynamic: bool
    condition: Explained | None


class Reasons(msgspec.Struct, frozen=True):
    """Everything that the rules derived for one contact."""

    contact: ContactId
    points: SheetPoints
    segments: list[SegmentReason]
    crossings: list[Crossing]
    statuses: list[StatusReason]
    moves: list[Move]


class Move(msgspec.Struct, frozen=True):
    """A status changed, in display words, because of an activity or of time alone.

    `because_type` is the type of that activity; unset for time alone.
    """

    machine_label: str
    from_: str = msgspec.field(name="from")
    to: str
    at: datetime
    because: str
    because_type: str | None = None


class StatusReason(msgspec.Struct, frozen=True):
    """The present state of a status, and the activity that set it."""

    status: SheetStatus
    because: str | None


def reasons_of(db: Db, contact_id: ContactId, *, now: datetime) -> Reasons | None:
    """Explain a living contact; None if there is none of that id."""
    row = db.contacts.find_one({"_id": contact_id})
    sheet = None if row is None else sheets.sheet(db, contact_id, now=now)
    if row is None or sheet is None:
        return None
    ruleset = versions.current(db)
    state = contact_codec.decode(row).state
    return Reasons(
        contact=contact_id,
        points=sheet.points,
        segments=[_segment(segment, state, ruleset, now) for segment in ruleset.segments.values()],
        crossings=_crossings(db, row, ruleset),
        statuses=[
            StatusReason(status, _because(db, state.statuses[status.machine].cause, ruleset))
            for status in sheet.statuses.values()
            if status.machine in state.statuses
        ],
        moves=_moves(db, contact_id, ruleset),
    )


def _segment(segment: Segment, state: ContactState, ruleset: Ruleset, now: datetime) -> SegmentReason:
    condition = None
    if segment.condition is not None and segment.condition.tree is not None:
        condition = explain(segment.condition.tree, state, now, ruleset)
    since = state.segments.get(segment.id)
    return SegmentReason(segment.id, segment.name, since is not None, since, segment.dynamic, condition)


def _crossings(db: Db, contact: Document, ruleset: Ruleset) -> list[Crossing]:
    query = {"stream": derived_stream(contact["_id"]), "type": {"$in": ["segment_entered", "segment_left"]}}
    stored = db.activities.find(query).sort([("happened_at", -1), ("_id", -1)]).limit(HISTORY)
    rows = [*stored, *timelines.entered_by_publishing(db, contact)]
    rows.sort(key=lambda row: (row["happened_at"], row["_id"]), reverse=True)
    published = set(versions.rulebook(db).boundaries)
    return [
        Crossing(
            segment=row["properties"]["segment"],
            segment_name=_name(row["properties"]["segment"], ruleset),
            entered=row["type"] == "segment_entered",
            at=row["happened_at"],
            because="rules were published"
            if row["happened_at"] in published
            else _because(db, row["cause"], ruleset) or "time passed",
        )
        for row in rows[:HISTORY]
    ]


def _moves(db: Db, contact_id: ContactId, ruleset: Ruleset) -> list[Move]:
    query = {"stream": derived_stream(contact_id), "type": "status_changed"}
    rows = db.activities.find(query).sort([("happened_at", -1), ("_id", -1)]).limit(HISTORY)
    moves = []
    for row in rows:
        labels = status_labels(row["properties"], ruleset)
        cause = _type_of(db, row["cause"])
        because = "time passed" if cause is None else ruleset.catalog.label(cause)
        moves.append(
            Move(labels["machine"], labels["from"], labels["to"], row["happened_at"], because, cause)
        )
    return moves


def _because(db: Db, cause: str | None, ruleset: Ruleset) -> str | None:
    """The label of the activity that caused something; None for time alone."""
    type_ = _type_of(db, cause)
    return None if type_ is None else ruleset.catalog.label(type_)


def _type_of(db: Db, activity: str | None) -> str | None:
    row = None if activity is None else db.activities.find_one({"_id": activity}, {"type": 1})
    return None if row is None else str(row["type"])


def _name(segment: str, ruleset: Ruleset) -> str:
    known = ruleset.segments.get(segment)
    return segment if known is None else known.name
