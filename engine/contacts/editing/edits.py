"""What people change of contacts by hand: checked here, then kept as an activity like any other.

Nothing is written on the contact: the fold takes the edit in, so that it counts once,
shows on the timeline with its author, and can be taken back.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import structs
from pymongo.database import Database

from engine.contacts.editing.edit_checks import Checked
from engine.contacts.editing.edit_model import (
    Document,
    Edit,
    EditedMeanwhile,
    InvalidEdit,
    NoSuchContact,
    name_of,
    value_of,
)
from engine.contacts.editing.edit_turns import in_turn, refuse_overtaken
from engine.db.contact_codec import LIVING
from engine.domain.activities import DELETED, UNDOES, Activity, ActivityId, ContactId
from engine.domain.fields import EDITABLE_FIELDS
from engine.domain.identities import Key, stream_of, strongest
from engine.domain.rulebook import Ruleset
from engine.domain.segments import ADD_TO, REMOVE_FROM
from engine.domain.statuses import ENDS
from engine.pipeline import inbox
from engine.rules import rulesets

__all__ = ["Edit", "EditedMeanwhile", "InvalidEdit", "NoSuchContact"]

READ = (
    "spans", "deleted", "statuses", "segments", "custom", "email_typed", *EDITABLE_FIELDS,
)  # fmt: skip
"""What of a contact's document an edit, a deletion and taking one back are made of."""

SOURCE = "dashboard"


def edit(
    db: Database[Document],
    contact: ContactId,
    change: Edit,
    *,
    id_: ActivityId,
    author: str,
    now: datetime,
    read: Mapping[str, Any] | None = None,
) -> frozenset[int]:
    """Keep an edit, durably and once for its id; return the lanes that have work by it.

    `read` are the values that its author saw, of fields by name and of statuses by machine:
    if one is another now, nothing is done.  An id that was kept before is done already,
    whatever has changed since.  Raises InvalidEdit, EditedMeanwhile, NoSuchContact, Unavailable.
    """
    ruleset = rulesets.current(db)

    def keep(db: Database[Document]) -> frozenset[int]:
        kept = db.activities.find_one({"_id": id_}, {"lane": 1})
        if kept is not None:
            return frozenset({kept["lane"]})
        row = _living(db, contact)
        if read:
            refuse_overtaken(db, row, read, ruleset, stream=anchor(row), now=now)
        return _keep(db, edit_of(db, row, change, ruleset=ruleset, id_=id_, author=author, now=now))

    return in_turn(db, contact, keep, now=now)


def edit_of(
    db: Database[Document],
    row: Document,
    change: Edit,
    *,
    ruleset: Ruleset,
    id_: ActivityId,
    author: str,
    now: datetime,
) -> Activity:
    """An edit of a contact, given as its document, as an activity; raise InvalidEdit."""
    checked = Checked.of(db, row, change, ruleset, now=now)
    said: Document = {"author": author, **checked.said, **_said(change), "what": checked.words}
    activity = _by_hand(row, "contact_edited", version=ruleset.version, id_=id_, now=now, said=said)
    return structs.replace(activity, identities=checked.identities, traits=checked.traits)


def is_so(row: Document, change: Edit) -> bool:
    """Whether an edit would change nothing of a contact.  A pause that is given an end is a change."""
    if change.points or change.undoes is not None or change.until is not None or change.ends:
        return False
    statuses, segments = row.get("statuses", {}), row.get("segments", {})
    return (
        all(value_of(row, name) == (value or None) for name, value in change.fields.items())
        and all(statuses.get(machine, {}).get("state") == to for machine, to in change.statuses.items())
        and all(segment in segments for segment in change.add_to)
        and not any(segment in segments for segment in change.remove_from)
    )


def delete(
    db: Database[Document],
    contact: ContactId,
    *,
    id_: ActivityId,
    author: str,
    now: datetime,
    reason: str = "",
) -> frozenset[int]:
    """Keep that a contact is deleted: what it did is forgotten, until somebody restores it.

    Returns the lanes that have work by it.  Raises NoSuchContact, Unavailable.
    """
    row = _living(db, contact)
    version = rulesets.current_number(db)
    return _keep(db, deletion_of(row, version=version, id_=id_, author=author, now=now, reason=reason))


def deletion_of(
    row: Document, *, version: int, id_: ActivityId, author: str, now: datetime, reason: str
) -> Activity:
    """The deletion of a contact, given as its document, as an activity under a version of the rules."""
    said = {"author": author, "name": name_of(row), "reason": reason.strip()}
    return _by_hand(row, DELETED, version=version, id_=id_, now=now, said=said)


def taking_back(
    row: Document, undone: ActivityId, *, version: int, id_: ActivityId, author: str, now: datetime
) -> Activity:
    """What takes back something that was done to a contact, which may be deleted by it."""
    said = {"author": author, UNDOES: undone, "what": ["undid an earlier change"]}
    return _by_hand(row, "contact_edited", version=version, id_=id_, now=now, said=said)


def restore(
    db: Database[Document], contact: ContactId, *, id_: ActivityId, author: str, now: datetime
) -> frozenset[int]:
    """Take the last deletion of a contact back: all is as if it had not been.

    Returns the lanes that have work by it.  Raises NoSuchContact, Unavailable.
    """
    row = db.contacts.find_one({"_id": contact, "deletion": {"$exists": True}})
    if row is None:
        raise NoSuchContact("this contact is not deleted, or was erased for good")
    undone = ActivityId(row["deletion"]["cause"])
    version = rulesets.current_number(db)
    return _keep(db, taking_back(row, undone, version=version, id_=id_, author=author, now=now))


def create(
    db: Database[Document], fields: Mapping[str, Any], *, id_: ActivityId, author: str, now: datetime
) -> frozenset[int]:
    """Keep a new contact, by at least one of email, mobile phone and external id.

    Raises InvalidEdit, which names who has one of them already.
    """
    ruleset = rulesets.current(db)
    checked = Checked.of(db, {"_id": ContactId("")}, Edit(fields=fields), ruleset, now=now)
    if not checked.identities:
        raise InvalidEdit({"email": "an email, a mobile phone or an external id is needed"})
    return _keep(
        db,
        Activity(
            id=id_,
            type="contact_created",
            stream=stream_of(None, checked.identities),
            happened_at=now,
            received_at=now,
            identities=checked.identities,
            traits=checked.traits,
            properties={"author": author},
            trusted=True,
            ruleset=ruleset.version,
            source=SOURCE,
        ),
    )


def until_applied(db: Database[Document], id_: ActivityId, *, patience: float) -> bool:
    """Wait until an edit has taken effect, some seconds at most; whether it has."""
    deadline = time.monotonic() + patience
    while (row := db.activities.find_one({"_id": id_}, {"state": 1})) and row["state"] == "received":
        if time.monotonic() > deadline:
            return False
        time.sleep(0.03)
    return row is not None and row["state"] == "applied"


def _keep(db: Database[Document], activity: Activity) -> frozenset[int]:
    return inbox.receive(db, [activity]).lanes


def _living(db: Database[Document], contact: ContactId) -> Document:
    row = db.contacts.find_one({"_id": contact, **LIVING})
    if row is None:
        raise NoSuchContact("this contact is not there any more: it may have been merged or deleted")
    return row


def _by_hand(
    row: Document, type_: str, *, version: int, id_: ActivityId, now: datetime, said: Document
) -> Activity:
    """What a person does to a contact, as an activity of its."""
    return Activity(
        id=id_,
        type=type_,
        stream=anchor(row),
        happened_at=now,
        received_at=now,
        properties={name: value for name, value in said.items() if value},
        trusted=True,
        ruleset=version,
        source=SOURCE,
    )


def anchor(row: Document) -> Key:
    """The stream by which an edit finds its contact: one that is the contact's own now."""
    held = strongest(span["key"] for span in row.get("spans", ()) if span.get("until") is None)
    if held is None:
        raise InvalidEdit({"": "nothing leads to this contact any more, so that it cannot be changed"})
    return held


def _said(change: Edit) -> Document:
    """What an edit says besides fields."""
    said: Document = dict(change.statuses)
    parts = {
        ADD_TO: list(change.add_to),
        REMOVE_FROM: list(change.remove_from),
        "points": change.points,
        "reason": change.reason.strip(),
        "until": change.until.isoformat() if change.until else None,
        ENDS: {machine: day.isoformat() for machine, day in change.ends.items()},
        UNDOES: change.undoes,
    }
    return said | {name: value for name, value in parts.items() if value}
