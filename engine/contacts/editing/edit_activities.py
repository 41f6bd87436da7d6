"""The activities that changes by hand come to: an edit, a new contact, a deletion, an undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from engine.contacts.editing import identity_decisions
from engine.contacts.editing.edit import Edit, InvalidEdit, name_of, value_of
from engine.contacts.editing.edit_validation import validate
from engine.db import Db
from engine.domain.activities import DASHBOARD, DELETED, UNDOES, Activity, ActivityId, ContactId
from engine.domain.document import Document
from engine.domain.fields import EDITABLE_FIELDS
from engine.domain.identity.identities import Identities, Key, stream_of, strongest
from engine.domain.rulebook import Ruleset
from engine.domain.segments import ADD_TO, REMOVE_FROM
from engine.domain.statuses import ENDS

CONTACT_FIELDS = (
    "spans", "deleted", "statuses", "segments", "custom", "email_typed", *EDITABLE_FIELDS,
)  # fmt: skip
"""The fields of a contact's document that edits, deletions and undos read."""


def edit(
    db: Db,
    row: Document,
    change: Edit,
    *,
    ruleset: Ruleset,
    id_: ActivityId,
    author: str,
    now: datetime,
) -> Activity:
    """Return the activity that edits a contact, given as its document.  Raises InvalidEdit."""
    valid = validate(db, row, change, ruleset, now=now)
    properties = {"author": author, **valid.properties, **_properties(change), "what": valid.summary}
    decision = None if change.undoes is None else identity_decisions.decision(db, change.undoes)
    return by_hand(
        "contact_edited",
        own_stream(row) if decision is None else decision.stream,
        version=ruleset.version,
        id_=id_,
        now=now,
        properties=properties,
        identities=valid.identities,
        traits=valid.traits,
        also=() if decision is None else decision.also,
    )


def creation(
    db: Db,
    fields: Mapping[str, Any],
    *,
    ruleset: Ruleset,
    id_: ActivityId,
    author: str,
    now: datetime,
) -> Activity:
    """Return the activity that creates a contact.  Raises InvalidEdit, also if no field identifies it."""
    valid = validate(db, {"_id": ContactId("")}, Edit(fields=fields), ruleset, now=now)
    if not valid.identities:
        raise InvalidEdit({"email": "an email, a mobile phone or an external id is needed"})
    return by_hand(
        "contact_created",
        stream_of(None, valid.identities),
        version=ruleset.version,
        id_=id_,
        now=now,
        properties={"author": author},
        identities=valid.identities,
        traits=valid.traits,
    )


def deletion(
    row: Document, *, version: int, id_: ActivityId, author: str, now: datetime, reason: str
) -> Activity:
    """Return the activity that deletes a contact, given as its document, under a version of the rules."""
    properties = {"author": author, "name": name_of(row), "reason": reason.strip()}
    return by_hand(DELETED, own_stream(row), version=version, id_=id_, now=now, properties=properties)


def undo(
    row: Document, undone: ActivityId, *, version: int, id_: ActivityId, author: str, now: datetime
) -> Activity:
    """Return the activity that undoes another one of a contact, which that one may have deleted."""
    properties = {"author": author, UNDOES: undone, "what": ["undid an earlier change"]}
    stream = own_stream(row)
    return by_hand("contact_edited", stream, version=version, id_=id_, now=now, properties=properties)


def changes_nothing(row: Document, change: Edit) -> bool:
    """Return whether a contact is already as an edit would make it.  An end given to a pause is a change."""
    if change.points or change.undoes is not None or change.until is not None or change.ends:
        return False
    statuses, segments = row.get("statuses", {}), row.get("segments", {})
    return (
        all(value_of(row, name) == (value or None) for name, value in change.fields.items())
        and all(statuses.get(machine, {}).get("state") == to for machine, to in change.statuses.items())
        and all(segment in segments for segment in change.add_to)
        and not any(segment in segments for segment in change.remove_from)
    )


def own_stream(row: Document) -> Key:
    """Return the stream that leads an edit to its contact: the strongest key that is the contact's own now.

    Raises InvalidEdit if there is none.
    """
    held = strongest(span["key"] for span in row.get("spans", ()) if span.get("until") is None)
    if held is None:
        raise InvalidEdit({"": "nothing leads to this contact any more, so that it cannot be changed"})
    return held


def by_hand(
    type_: str,
    stream: Key,
    *,
    version: int,
    id_: ActivityId,
    now: datetime,
    properties: Document,
    identities: Identities | None = None,
    traits: Document | None = None,
    also: Sequence[Key] = (),
) -> Activity:
    """Return a user's change of the contact that holds `stream`; `also` are the other keys it is about."""
    return Activity(
        id=id_,
        type=type_,
        stream=stream,
        happened_at=now,
        received_at=now,
        identities=identities or Identities(),
        traits=traits or {},
        properties={name: value for name, value in properties.items() if value},
        trusted=True,
        ruleset=version,
        source=DASHBOARD,
        also=list(also),
    )


def _properties(change: Edit) -> Document:
    """An edit's changes besides fields, as properties of its activity."""
    parts = {
        ADD_TO: list(change.add_to),
        REMOVE_FROM: list(change.remove_from),
        "points": change.points,
        "reason": change.reason.strip(),
        "until": change.until.isoformat() if change.until else None,
        ENDS: {machine: day.isoformat() for machine, day in change.ends.items()},
        UNDOES: change.undoes,
    }
    return dict(change.statuses) | {name: value for name, value in parts.items() if value}
