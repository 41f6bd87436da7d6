"""Bulk changes for a user: checks the role, and keeps the audit log."""

from __future__ import annotations

from collections.abc import Mapping

from engine.accounts import audit
from engine.accounts.actor import Actor
from engine.accounts.audit import Subject
from engine.accounts.permissions import Permission
from engine.contacts.bulk import bulk_change
from engine.contacts.bulk.bulk_change import Change
from engine.contacts.bulk.selection import Selection
from engine.contacts.editing.edit import Edit
from engine.contacts.editing.edit_service import refuse_fields
from engine.rules import versions


def start(actor: Actor, selection: Selection, change: Change, *, id_: str) -> str:
    """Start a change of many contacts, once for its id; return the id of its job.

    Raises NotAllowed, and what `bulk_change.start` does.
    """
    actor.require(Permission.EDIT_CONTACTS)
    description = bulk_change.description(change, versions.current(actor.db))
    with audit.recorded(
        actor,
        "started a bulk change",
        subject=Subject("job", id_),
        changes=[
            audit.Change("each", None, description),
            audit.Change("contacts", None, _described(selection)),
        ],
        reason=change.reason,
        id_=f"job:{id_}",
    ):
        if isinstance(change, Edit):
            refuse_fields(actor, change.fields)
        return bulk_change.start(
            actor.db, selection, change, id_=id_, by=actor.user.id, by_name=actor.user.name, now=actor.now
        )


def count(actor: Actor, selection: Selection) -> int | None:
    """Return how many contacts are selected; None if counting takes too long.

    Raises NotAllowed and InvalidFilter.
    """
    actor.require(Permission.EDIT_CONTACTS)
    return selection.count(actor.db)


def count_by_state(actor: Actor, selection: Selection, machine: str) -> Mapping[str, int] | None:
    """Return how many selected contacts are in each state of a machine; None if it takes too long.

    Raises NotAllowed and InvalidFilter.
    """
    actor.require(Permission.EDIT_CONTACTS)
    return selection.count_by_state(actor.db, machine)


def count_in_segment(actor: Actor, selection: Selection, segment: str) -> int | None:
    """Return how many selected contacts are in a segment; None if it takes too long.

    Raises NotAllowed and InvalidFilter.
    """
    actor.require(Permission.EDIT_CONTACTS)
    return selection.count_in_segment(actor.db, segment)


def _described(selection: Selection) -> str:
    if selection.listing is None:
        return f"{len(selection.ids)} chosen"
    parameters = selection.listing.in_address().items()
    but = f" but {len(selection.but)}" if selection.but else ""
    return "all of the list " + "&".join(f"{name}={value}" for name, value in parameters) + but
