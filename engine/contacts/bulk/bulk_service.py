"""Changing many contacts at once for a person: checked for their role, and in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.accounts import audit
from engine.accounts.actor import Actor
from engine.accounts.audit import Change, Subject
from engine.accounts.permissions import Permission
from engine.contacts.bulk import bulk
from engine.contacts.bulk.bulk import Deletion, Selection
from engine.contacts.editing.edit_service import refuse_fields
from engine.contacts.editing.edits import Edit
from engine.rules import rulesets

Document = dict[str, Any]


def start(
    actor: Actor,
    selection: Selection,
    change: Edit | Deletion,
    *,
    id_: str,
) -> str:
    """Start a change of many by `user`; the same `id_` again starts no second.  Returns it.

    Raises NotAllowed, and what `bulk.start` does.
    """
    actor.require(Permission.EDIT_CONTACTS)
    words = bulk.words_of(change, rulesets.current(actor.db))
    with audit.noted(
        actor,
        "started a bulk change",
        subject=Subject("job", id_),
        changes=[Change("each", None, words), Change("whom", None, _whom(selection))],
        reason=change.reason,
        id_=f"job:{id_}",
    ):
        if isinstance(change, Edit):
            refuse_fields(actor, change.fields)
        return bulk.start(
            actor.db, selection, change, id_=id_, by=actor.user.id, by_name=actor.user.name, now=actor.now
        )


def count(actor: Actor, selection: Selection) -> int | None:
    """How many contacts a change would be about; unset if counting takes too long.

    Raises NotAllowed and UnknownFilter.
    """
    actor.require(Permission.EDIT_CONTACTS)
    return bulk.count(actor.db, selection)


def states_of(actor: Actor, selection: Selection, machine: str) -> Mapping[str, int] | None:
    """In which states of a machine how many of the selected are; unset if it takes too long.

    Raises NotAllowed and UnknownFilter.
    """
    actor.require(Permission.EDIT_CONTACTS)
    return bulk.states_of(actor.db, selection, machine)


def members_of(actor: Actor, selection: Selection, segment: str) -> int | None:
    """How many of the selected are in a segment; unset if it takes too long.

    Raises NotAllowed and UnknownFilter.
    """
    actor.require(Permission.EDIT_CONTACTS)
    return bulk.members_of(actor.db, selection, segment)


def _whom(selection: Selection) -> str:
    if selection.listing is None:
        return f"{len(selection.ids)} chosen"
    asked = selection.listing.in_address().items()
    but = f" but {len(selection.but)}" if selection.but else ""
    return "all of the list " + "&".join(f"{name}={value}" for name, value in asked) + but
