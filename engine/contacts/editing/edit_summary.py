"""An edit in words, for the timeline and the history of jobs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.contacts.editing.edit import Edit, label_of, state_in, value_of
from engine.domain.document import Document
from engine.domain.rulebook import Machine, Ruleset
from engine.domain.statuses import ends


def summary(row: Document, change: Edit, ruleset: Ruleset) -> list[str]:
    """Describe an edit of a contact, given as its document: from what to what."""
    fields = [
        f"{label_of(name, ruleset)}: {_shown(value_of(row, name))} → {_shown(value)}"
        for name, value in change.fields.items()
    ]
    statuses = [
        _status(change, ruleset.machines[id_], to, was=state_in(row, ruleset.machines[id_]))
        for id_, to in change.statuses.items()
    ]
    return [*fields, *statuses, *_other(change, ruleset)]


def summary_for_any(change: Edit, ruleset: Ruleset) -> list[str]:
    """Describe an edit without a contact: to what.  Its states and segments must be declared."""
    fields = [f"{label_of(name, ruleset)}: {_shown(value)}" for name, value in change.fields.items()]
    statuses = [_status(change, ruleset.machines[id_], to) for id_, to in change.statuses.items()]
    return [*fields, *statuses, *_other(change, ruleset)]


def _status(change: Edit, machine: Machine, to: str, *, was: str | None = None) -> str:
    """`Email status: active → paused until 2026-06-10`; a state that stays the same has no arrow."""
    before = "" if was is None or was == to else f"{machine.states.get(was, was)} → "
    end = change.end_of(machine.id) if ends(machine, to) else None
    until = f" until {end.isoformat()}" if end is not None else ""
    return f"{machine.label}: {before}{machine.states[to]}{until}"


def _other(change: Edit, ruleset: Ruleset) -> Iterator[str]:
    """An edit's changes besides fields and statuses."""
    for id_ in change.add_to:
        yield f"added to {ruleset.segments[id_].name}"
    for id_ in change.remove_from:
        yield f"removed from {ruleset.segments[id_].name}"
    if change.points:
        yield f"{change.points:+d} points"
    if change.undoes:
        yield "undid an earlier change"


def _shown(value: Any) -> str:
    if value is None or value == "" or value == []:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)[:80]
