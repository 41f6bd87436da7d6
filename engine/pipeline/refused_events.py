"""Events that could not become activities, and ids that were sent again with other content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from dataclasses import field as a_field
from datetime import datetime

import uuid_utils
from pymongo.errors import PyMongoError

from engine.db import Db
from engine.domain.document import Document
from engine.errors import Unavailable
from engine.pipeline import tombstones
from engine.rules import versions


@dataclass(frozen=True)
class RefusedEvent:
    """An event that could not become an activity, and why."""

    received_at: datetime
    source: str
    field: str
    reason: str
    event: str
    """The event as it was sent, as JSON text, at most 32 KB: never interpreted."""
    id: str = a_field(default_factory=lambda: str(uuid_utils.uuid7()))


@dataclass(frozen=True)
class IdConflict:
    """An activity's id that was sent again with other content; the first stays what it was."""

    id: str
    at: datetime
    activity: str
    type: str


def refuse(db: Db, events: Sequence[RefusedEvent]) -> None:
    """Keep refused events for thirty days; without their content if it names an erased person.

    Raises Unavailable.
    """
    if not events:
        return
    try:
        db.refusals.insert_many([_row_of(_without_erased(db, event)) for event in events], ordered=False)
    except PyMongoError as error:
        raise Unavailable(f"MongoDB did not take the refused events: {error}") from error


def newest(db: Db, *, limit: int, source: str | None = None) -> list[RefusedEvent]:
    """Refused events, or those of a key, the latest first; without payloads that were understood since."""
    of_source = {} if source is None else {"source": source}
    rows = db.refusals.find({"done_at": {"$exists": False}, **of_source})
    return [_event_of(row) for row in rows.sort("received_at", -1).limit(limit)]


def reasons(db: Db, *, since: datetime, limit: int, source: str | None = None) -> list[tuple[str, str, int]]:
    """Field, reason and number of the latest refused events since a time, or of those of a key.

    Counted by the database: the events themselves may be large.
    """
    of_source = {} if source is None else {"source": source}
    wanted = {"done_at": {"$exists": False}, "received_at": {"$gt": since}, **of_source}
    rows = db.refusals.aggregate(
        [
            {"$match": wanted},
            {"$sort": {"received_at": -1}},
            {"$limit": limit},
            {"$group": {"_id": {"field": "$field", "reason": "$reason"}, "count": {"$sum": 1}}},
        ]
    )
    return [(str(r["_id"].get("field", "")), str(r["_id"].get("reason", "")), r["count"]) for r in rows]


def find(db: Db, id_: str) -> RefusedEvent | None:
    """The refused event with an id."""
    row = db.refusals.find_one({"_id": id_})
    return None if row is None else _event_of(row)


def newest_conflicts(db: Db, *, limit: int) -> list[IdConflict]:
    """Ids that were sent again with other content, the latest first."""
    rows = db.conflicts.find().sort("received_at", -1).limit(limit)
    return [
        IdConflict(
            id=row["_id"],
            at=row["received_at"],
            activity=row["activity"],
            type=str(row["content"].get("type", "")),
        )
        for row in rows
    ]


def _event_of(row: Document) -> RefusedEvent:
    return RefusedEvent(
        received_at=row["received_at"],
        source=str(row.get("source", "")),
        field=str(row.get("field", "")),
        reason=str(row.get("reason", "")),
        event=str(row.get("event", "")),
        id=str(row["_id"]),
    )


def _row_of(event: RefusedEvent) -> Document:
    row = asdict(event)
    return {"_id": row.pop("id"), **row}


def _without_erased(db: Db, event: RefusedEvent) -> RefusedEvent:
    """The event, without its content if that names an erased person."""
    if not tombstones.any_exist(db):
        return event
    region = versions.current(db).account.default_region
    if not tombstones.names_erased(db, event.event, region=region):
        return event
    return replace(event, reason="it names a person who was erased", event="")
