"""A contact's timeline: its activities, and those of all who became this contact."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from pymongo.database import Database

from engine.core.activities import ActivityId, ContactId
from engine.core.rulebook import Ruleset
from engine.store import rulesets
from engine.store.groups import as_said

Document = dict[str, Any]


class TimelineRow(msgspec.Struct, frozen=True):
    """An activity as a line of the timeline."""

    id: str
    type: str
    label: str
    icon: str
    happened_at: datetime
    summary: str
    points: int | None
    details: dict[str, Any]
    derived: bool
    clamped: bool
    bot: bool


class TimelinePage(msgspec.Struct, frozen=True):
    """Some rows of the timeline, the newest first; `next` continues it."""

    rows: list[TimelineRow]
    next: str | None


def timeline(
    db: Database[Document],
    contact_id: ContactId,
    *,
    types: Sequence[str] = (),
    before: str | None = None,
    limit: int = 50,
) -> TimelinePage:
    """A contact's activities, the newest first, and those of all who became this contact."""
    contact = db.contacts.find_one({"_id": contact_id}, _HELD)
    if contact is None:
        return TimelinePage([], None)
    query: Document = {"$or": _spans(contact), "state": "applied"}
    if types:
        query["type"] = {"$in": list(types)}
    place = _place(before)
    if place is not None:
        at, id_ = place
        query["$and"] = [{"$or": [{"happened_at": {"$lt": at}}, {"happened_at": at, "_id": {"$lt": id_}}]}]
    stored = db.activities.find(query).sort([("happened_at", -1), ("_id", -1)]).limit(limit + 1)
    untold = [
        row
        for row in enterings_by_publishing(db, contact)
        if (not types or row["type"] in types) and (place is None or _moment(row) < place)
    ]
    found = sorted([*stored, *untold], key=_moment, reverse=True)
    rows, more = found[:limit], len(found) > limit
    points = _points_of(db, [row["_id"] for row in rows])
    ruleset = rulesets.current(db)
    return TimelinePage(
        rows=[_timeline_row(row, ruleset, points.get(row["_id"])) for row in rows],
        next=f"{rows[-1]['happened_at'].isoformat()}~{rows[-1]['_id']}" if more else None,
    )


def types_of(db: Database[Document], contact_id: ContactId) -> list[tuple[str, str, int]]:
    """The types of a contact's activities with label and number, the most frequent first."""
    contact = db.contacts.find_one({"_id": contact_id}, _HELD)
    if contact is None:
        return []
    catalog = rulesets.current(db).catalog
    matching = {"$match": {"$or": _spans(contact), "state": "applied"}}
    counted = db.activities.aggregate([matching, {"$group": {"_id": "$type", "n": {"$sum": 1}}}])
    counts = Counter({row["_id"]: row["n"] for row in counted})
    counts.update(row["type"] for row in enterings_by_publishing(db, contact))
    return [(type_, catalog.label(type_), count) for type_, count in counts.most_common()]


def enterings_by_publishing(db: Database[Document], contact: Document) -> list[Document]:
    """Segments that a contact entered because they were published, as rows of the timeline.

    They are not stored as such: the contact says since when it is in a segment, and where
    it left one, the note of that does.  `contact` is its document: id and segments are needed.
    """
    published = set(rulesets.rulebook(db).boundaries)
    held = list(contact.get("segments", {}).items())
    stream = f"c:{contact['_id']}"
    for row in db.activities.find({"stream": stream, "type": "segment_left"}, {"properties": 1}):
        held.append((row["properties"]["segment"], row["properties"].get("since")))
    return [
        {
            "_id": f"{contact['_id']}@{since.isoformat()}:segment_entered:{segment}",
            "type": "segment_entered",
            "stream": stream,
            "happened_at": since,
            "received_at": since,
            "derived": True,
            "properties": {"segment": segment},
        }
        for segment, since in held
        if since in published
    ]


_HELD = {"spans": 1, "segments": 1, "deletion": 1}
"""What a contact's document has to say for its timeline."""


def _moment(row: Document) -> tuple[datetime, ActivityId]:
    return row["happened_at"], row["_id"]


def _spans(contact: Document) -> list[Document]:
    """The streams of a contact, each for as long as it was its own."""
    own: Document = {"stream": f"c:{contact['_id']}"}
    if "deletion" in contact:
        own["happened_at"] = {"$gte": contact["deletion"]["at"]}
    spans: list[Document] = [own]
    for span in contact.get("spans", ()):
        part: Document = {"stream": span["key"]}
        bounds = {"$gte": span.get("since"), "$lt": span.get("until")}
        limits = {operator: at for operator, at in bounds.items() if at is not None}
        spans.append({**part, "happened_at": limits} if limits else part)
    return spans


def _points_of(db: Database[Document], activities: list[str]) -> dict[str, int]:
    given: Counter[str] = Counter()
    for row in db.ledger.find({"activity": {"$in": activities}}, {"activity": 1, "points": 1}):
        given[row["activity"]] += row["points"]
    return dict(given)


def _timeline_row(row: Document, ruleset: Ruleset, points: int | None) -> TimelineRow:
    catalog, properties = ruleset.catalog, as_said(row).get("properties", {})
    if row["type"] == "status_changed":
        properties = status_words(properties, ruleset)
    elif row["type"] in ("segment_entered", "segment_left"):
        segment = ruleset.segments.get(properties.get("segment", ""))
        properties = {**properties, **({} if segment is None else {"segment": segment.name})}
    details = {name: row[name] for name in _DETAILS if row.get(name)}
    return TimelineRow(
        id=row["_id"],
        type=row["type"],
        label=catalog.label(row["type"]),
        icon=catalog.icon(row["type"]),
        happened_at=row["happened_at"],
        summary=catalog.summary(row["type"], properties),
        points=points,
        details=details,
        derived=row.get("derived", False),
        clamped=row.get("clamped", False),
        bot=row.get("bot", False),
    )


_DETAILS = ("properties", "traits", "context", "identities", "tracker", "received_at", "ruleset", "cause")


def status_words(properties: Document, ruleset: Ruleset) -> Document:
    """What a `status_changed` says, with the names of machine and states."""
    machine = ruleset.machines.get(properties.get("machine", ""))
    if machine is None:
        return properties
    return {
        "machine": machine.label,
        **{side: machine.states.get(properties[side], properties[side]) for side in ("from", "to")},
    }


def _place(before: str | None) -> tuple[datetime, str] | None:
    match = re.fullmatch(r"([^~]+)~(.+)", before or "", re.DOTALL)
    if match is None:
        return None
    try:
        return datetime.fromisoformat(match[1]), match[2]
    except ValueError:
        return None
