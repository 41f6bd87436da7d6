"""Changing contacts for a person: checked for their role, and in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.accounts import audit
from engine.accounts.actor import Actor
from engine.accounts.audit import Change, Subject
from engine.accounts.permissions import Permission
from engine.contacts.editing import edit_checks, edits
from engine.contacts.editing.edit_checks import end_name
from engine.contacts.editing.edit_model import value_of
from engine.contacts.editing.edits import Edit, InvalidEdit
from engine.domain.activities import ActivityId, ContactId
from engine.rules import rulesets

Document = dict[str, Any]

TAKEN_BACK = "taken back"
"""What the log calls a change that only takes another one back; from which one that is."""


def edit(
    actor: Actor,
    contact: ContactId,
    change: Edit,
    *,
    id_: ActivityId,
    read: Mapping[str, Any] | None = None,
) -> frozenset[int]:
    """Keep an edit by `user`; return the lanes that have work by it.

    The same `id_` again changes nothing.  Raises NotAllowed, and what `edits.edit` does.
    """
    actor.require(Permission.EDIT_CONTACTS)
    row = actor.db.contacts.find_one({"_id": contact}) or {}
    with audit.noted(
        actor,
        "edited a contact",
        subject=Subject("contact", contact),
        changes=_changes(row, change),
        reason=change.reason,
        id_=f"edit:{id_}",
    ):
        refuse_fields(actor, change.fields)
        return edits.edit(
            actor.db, contact, change, id_=id_, author=actor.user.name, now=actor.now, read=read
        )


def take_back(
    actor: Actor,
    contact: ContactId,
    undone: ActivityId,
    *,
    id_: ActivityId,
    reason: str = "",
) -> frozenset[int]:
    """Take back a bounce that was none, an import or an edit (also one that undid an earlier change).

    Raises NotAllowed, and InvalidEdit with why it cannot be.
    """
    return edit(actor, contact, Edit(undoes=undone, reason=reason), id_=id_)


def delete(
    actor: Actor,
    contact: ContactId,
    *,
    id_: ActivityId,
    reason: str = "",
) -> frozenset[int]:
    """Delete a contact by `user`; `restore` takes it back.

    Raises NotAllowed, and what `edits.delete` does.
    """
    actor.require(Permission.EDIT_CONTACTS)
    subject = Subject("contact", contact)
    with audit.noted(actor, "deleted a contact", subject=subject, reason=reason, id_=f"edit:{id_}"):
        return edits.delete(actor.db, contact, id_=id_, author=actor.user.name, now=actor.now, reason=reason)


def restore(actor: Actor, contact: ContactId, *, id_: ActivityId) -> frozenset[int]:
    """Restore a deleted contact by `user`.  Raises NotAllowed, and what `edits.restore` does."""
    actor.require(Permission.EDIT_CONTACTS)
    subject = Subject("contact", contact)
    with audit.noted(actor, "restored a contact", subject=subject, id_=f"edit:{id_}"):
        return edits.restore(actor.db, contact, id_=id_, author=actor.user.name, now=actor.now)


def create(actor: Actor, fields: Mapping[str, Any], *, id_: ActivityId) -> frozenset[int]:
    """Keep a new contact by `user`; the same `id_` again makes no second one.

    Raises NotAllowed, and InvalidEdit, which names who has one of the identities already.
    """
    actor.require(Permission.EDIT_CONTACTS)
    with audit.noted(
        actor,
        "created a contact",
        subject=Subject("contact", id_),
        changes=[Change(name, None, str(value)) for name, value in fields.items() if value],
        id_=f"edit:{id_}",
    ):
        refuse_fields(actor, {name: value for name, value in fields.items() if value})
        return edits.create(actor.db, fields, id_=id_, author=actor.user.name, now=actor.now)


def refuse_fields(actor: Actor, fields: Mapping[str, Any]) -> None:
    """Refuse fields that the user's role may not change (`edit` in fields.yaml)."""
    problems = edit_checks.not_theirs(fields, actor.user.role, rulesets.current(actor.db))
    if problems:
        raise InvalidEdit(problems)


def _changes(row: Document, change: Edit) -> list[Change]:
    """What an edit changes, from what to what."""
    found = [
        Change(name, _words(value_of(row, name)), _words(value)) for name, value in change.fields.items()
    ]
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


def _words(value: Any) -> str | None:
    return None if value is None else str(value)
