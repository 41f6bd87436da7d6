"""Change contacts by hand: each change checks the role, is in the audit log, and is stored as an activity.

Nothing is written on the contact itself: the fold applies the activity, so that an edit counts once,
shows on the timeline with its author, and can be undone.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import uuid_utils

from engine.accounts import audit
from engine.accounts.actor import Actor
from engine.accounts.audit import Change, Subject
from engine.accounts.permissions import Permission
from engine.contacts.contact_lookup import living_contact
from engine.contacts.editing import edit_activities
from engine.contacts.editing.edit import Edit, InvalidEdit, value_of
from engine.contacts.editing.edit_activities import own_stream
from engine.contacts.editing.edit_conflicts import Guard, refuse_conflict, refuse_pending, serialized
from engine.contacts.editing.edit_validation import end_name, fields_not_allowed
from engine.db import Db
from engine.domain.activities import Activity, ActivityId, ContactId
from engine.domain.document import Document
from engine.errors import ContactNotFound
from engine.pipeline import inbox
from engine.rules import versions

TAKEN_BACK = "taken back"
"""The name of an undo in the audit log; `before` is the id of the undone activity."""

POLL = 0.03
"""Seconds between two looks whether an activity is applied."""


def new_id() -> ActivityId:
    """An id for the activity of a change by hand, by which it is stored once."""
    return ActivityId(uuid_utils.uuid7().hex)


def edit(
    actor: Actor,
    contact: ContactId,
    change: Edit,
    *,
    id_: ActivityId,
    read: Mapping[str, Any] | None = None,
    guard: Guard | None = None,
) -> frozenset[int]:
    """Store an edit, durably and once for its id; return the lanes that have work by it.

    `read` holds the values that the user saw, of fields by name and of statuses by machine: if one has
    changed since, nothing is stored.  The same if `guard` raises, or an earlier edit has not taken effect.
    An id that is stored already is done, whatever has changed since.
    Raises NotAllowed, InvalidEdit, FieldConflict, EditConflict, ContactNotFound, Unavailable.
    """
    actor.require(Permission.EDIT_CONTACTS)
    row = actor.db.contacts.find_one({"_id": contact}) or {}
    with audit.recorded(
        actor,
        "edited a contact",
        subject=Subject("contact", contact),
        changes=_changes(row, change),
        reason=change.reason,
        id_=f"edit:{id_}",
    ):
        refuse_fields(actor, change.fields)
        return _store_edit(actor, contact, change, id_=id_, read=read or {}, guard=guard)


def _store_edit(
    actor: Actor,
    contact: ContactId,
    change: Edit,
    *,
    id_: ActivityId,
    read: Mapping[str, Any],
    guard: Guard | None,
) -> frozenset[int]:
    ruleset, now = versions.current(actor.db), actor.now

    def store(db: Db) -> frozenset[int]:
        if (lanes := _lanes_of(db, id_)) is not None:
            return lanes
        row = living_contact(db, contact)
        _check(db, row, guard, now=now)
        if read:
            refuse_conflict(db, row, read, ruleset, stream=own_stream(row), now=now)
        author = actor.user.name
        return _receive(
            db, edit_activities.edit(db, row, change, ruleset=ruleset, id_=id_, author=author, now=now)
        )

    return serialized(actor.db, contact, store, now=now)


def take_back(
    actor: Actor, contact: ContactId, undone: ActivityId, *, id_: ActivityId, reason: str = ""
) -> frozenset[int]:
    """Undo an activity of a contact: a bounce, an import or an edit (an edit that undid another one, too).

    Raises as `edit` does; InvalidEdit says why the activity cannot be undone.
    """
    return edit(actor, contact, Edit(undoes=undone, reason=reason), id_=id_)


def _lanes_of(db: Db, id_: ActivityId) -> frozenset[int] | None:
    """The lane of an activity that is stored already; None if it is not."""
    stored = db.activities.find_one({"_id": id_}, {"lane": 1})
    return None if stored is None else frozenset({stored["lane"]})


def _check(db: Db, row: Document, guard: Guard | None, *, now: datetime) -> None:
    if guard is not None:
        refuse_pending(db, own_stream(row), now=now)
        guard(db)


def delete(
    actor: Actor, contact: ContactId, *, id_: ActivityId, reason: str = "", guard: Guard | None = None
) -> frozenset[int]:
    """Store the deletion of a contact; return the lanes that have work by it.  `restore` undoes it.

    With a `guard` as `edit` has one.  Raises NotAllowed, EditConflict, ContactNotFound, Unavailable.
    """
    actor.require(Permission.EDIT_CONTACTS)
    subject = Subject("contact", contact)
    with audit.recorded(actor, "deleted a contact", subject=subject, reason=reason, id_=f"edit:{id_}"):
        version, author, now = versions.current_number(actor.db), actor.user.name, actor.now

        def store(db: Db) -> frozenset[int]:
            if (lanes := _lanes_of(db, id_)) is not None:
                return lanes
            row = living_contact(db, contact)
            _check(db, row, guard, now=now)
            return _receive(
                db,
                edit_activities.deletion(
                    row, version=version, id_=id_, author=author, now=now, reason=reason
                ),
            )

        return serialized(actor.db, contact, store, now=now)


def restore(actor: Actor, contact: ContactId, *, id_: ActivityId) -> frozenset[int]:
    """Undo the last deletion of a contact; return the lanes that have work by it.

    Raises NotAllowed, ContactNotFound, Unavailable.
    """
    actor.require(Permission.EDIT_CONTACTS)
    subject = Subject("contact", contact)
    with audit.recorded(actor, "restored a contact", subject=subject, id_=f"edit:{id_}"):
        if (lanes := _lanes_of(actor.db, id_)) is not None:
            return lanes
        row = actor.db.contacts.find_one({"_id": contact, "deletion": {"$exists": True}})
        if row is None:
            raise ContactNotFound(contact, "this contact is not deleted, or was erased permanently")
        undone, version = ActivityId(row["deletion"]["cause"]), versions.current_number(actor.db)
        author, now = actor.user.name, actor.now
        return _receive(
            actor.db, edit_activities.undo(row, undone, version=version, id_=id_, author=author, now=now)
        )


def create(actor: Actor, fields: Mapping[str, Any], *, id_: ActivityId) -> frozenset[int]:
    """Store a new contact with at least one of email, mobile phone and external id, once for its id.

    Raises NotAllowed, and InvalidEdit, whose `other` is the contact that has one of them already.
    """
    actor.require(Permission.EDIT_CONTACTS)
    filled = {name: value for name, value in fields.items() if value}
    with audit.recorded(
        actor,
        "created a contact",
        subject=Subject("contact", id_),
        changes=[Change(name, None, str(value)) for name, value in filled.items()],
        id_=f"edit:{id_}",
    ):
        refuse_fields(actor, filled)
        ruleset, author, now = versions.current(actor.db), actor.user.name, actor.now
        return _receive(
            actor.db,
            edit_activities.creation(actor.db, fields, ruleset=ruleset, id_=id_, author=author, now=now),
        )


def refuse_fields(actor: Actor, fields: Mapping[str, Any]) -> None:
    """Raise InvalidEdit if there are fields that the user's role may not change (`edit` in fields.yaml)."""
    problems = fields_not_allowed(fields, actor.user.role, versions.current(actor.db))
    if problems:
        raise InvalidEdit(problems)


def wait_until_applied(db: Db, id_: ActivityId, *, patience: float) -> bool:
    """Wait for an edit to take effect, `patience` seconds at most; return whether it has."""
    deadline = time.monotonic() + patience
    while (row := db.activities.find_one({"_id": id_}, {"state": 1})) and row["state"] == "received":
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL)
    return row is not None and row["state"] == "applied"


def _receive(db: Db, activity: Activity) -> frozenset[int]:
    return inbox.receive(db, [activity]).lanes


# The audit log


def _changes(row: Document, change: Edit) -> list[Change]:
    """An edit's changes, with old and new values."""
    found = [Change(name, _text(value_of(row, name)), _text(value)) for name, value in change.fields.items()]
    statuses = row.get("statuses", {})
    found += [
        Change(machine, statuses.get(machine, {}).get("state"), to) for machine, to in change.statuses.items()
    ]
    if change.until is not None:
        found.append(Change("until", None, change.until.isoformat()))
    found += [Change(end_name(machine), None, day.isoformat()) for machine, day in change.ends.items()]
    found += [Change("segment", None, segment) for segment in change.add_to]
    found += [Change("segment", segment, None) for segment in change.remove_from]
    if change.points:
        total = row.get("points", {}).get("total", 0)
        found.append(Change("points", str(total), str(total + change.points)))
    if change.undoes is not None:
        found.append(Change(TAKEN_BACK, str(change.undoes), None))
    return found


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
