"""The bulk actions on contacts: the button, the form and the preview of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.listing.contact_list import Action
from dashboard.ui.field_inputs import FieldInput, editable, field_input, later_day_input
from dashboard.ui.markup import joined, link, show, tag
from dashboard.wording import plural
from engine.accounts.actor import Actor
from engine.contacts.bulk import bulk_service
from engine.contacts.bulk.bulk_change import Deletion
from engine.contacts.bulk.selection import Selection
from engine.contacts.editing.edit import NEEDS_REASON, Edit
from engine.domain.fields import IDENTITY_FIELDS
from engine.domain.rulebook import Machine, Ruleset, Segment
from engine.domain.statuses import by_hand, reachable_by_hand

Change = Edit | Deletion


@dataclass(frozen=True)
class Subject:
    """The user, the selected contacts and the rules in force; `key` prefixes the form's widgets."""

    actor: Actor
    selection: Selection
    ruleset: Ruleset
    count: int | None
    key: str


@dataclass(frozen=True)
class CompleteChange:
    """A complete change, and how many contacts it will change; unset if unknown."""

    change: Change
    count: int | None


@dataclass(frozen=True)
class BulkAction:
    """An action on many contacts.

    Parameters:
      button: Its label in the list.
      title: The title of its dialog.
      act: The verb on the dialog's button: `Add` … 1,204 contacts.
      form: Shows the inputs; returns the change once they are complete.
      tone: `danger` for an action that removes something.
    """

    button: str
    title: str
    act: str
    form: Callable[[Subject], CompleteChange | None]
    tone: str = ""


def offered() -> list[Action]:
    """The buttons of the list."""
    return [Action(id_, action.button, action.tone) for id_, action in ACTIONS.items()]


# Segments


def _add(about: Subject) -> CompleteChange | None:
    segment = _segment(about, "Segment")
    if segment is None:
        return None
    inside = bulk_service.count_in_segment(about.actor, about.selection, segment.id)
    if inside:
        _outlook([f"{_contacts(inside)} {_is(inside)} already in it."])
    return CompleteChange(Edit(add_to=[segment.id]), _less(about.count, inside))


def _remove(about: Subject) -> CompleteChange | None:
    segment = _segment(about, "Segment")
    if segment is None:
        return None
    inside = bulk_service.count_in_segment(about.actor, about.selection, segment.id)
    outside = _less(about.count, inside)
    if outside:
        _outlook([f"{_contacts(outside)} {_is(outside)} not in it."])
    return CompleteChange(Edit(remove_from=[segment.id]), inside)


def _segment(about: Subject, label: str) -> Segment | None:
    """Ask for a static segment; link to the segments page if there is none."""
    there = {s.id: s for s in about.ruleset.segments.values() if not s.dynamic}
    if not there:
        page = link("?page=segments", "Segments")
        _outlook([joined(["There are no static segments yet. Create one under ", page, "."])])
        return None
    names = {id_: segment.name for id_, segment in there.items()}
    chosen = st.selectbox(
        label,
        list(names),
        index=0 if len(names) == 1 else None,
        format_func=names.__getitem__,
        placeholder="Choose a static segment",
        key=f"{about.key}.segment",
        help="Dynamic segments are not listed: their conditions decide which contacts are in them.",
    )
    return None if chosen is None else there[chosen]


# Statuses


def _set_status(about: Subject) -> CompleteChange | None:
    machines = {m.id: m for m in about.ruleset.machines.values() if reachable_by_hand(m)}
    labels = {id_: machine.label for id_, machine in machines.items()}
    id_ = st.selectbox(
        "Status",
        list(labels),
        index=None,
        format_func=labels.__getitem__,
        placeholder="Choose a status",
        key=f"{about.key}.machine",
    )
    if id_ is None:
        return None
    machine = machines[id_]
    to = st.selectbox(
        "New value",
        reachable_by_hand(machine),
        index=None,
        format_func=lambda state: machine.states[state],
        placeholder="Choose the new value",
        key=f"{about.key}.state.{id_}",
    )
    return None if to is None else _status_to(about, machine, to)


def _status_to(about: Subject, machine: Machine, to: str) -> CompleteChange | None:
    states = bulk_service.count_by_state(about.actor, about.selection, machine.id)
    ends = any(to in move.sources for move in machine.transitions.get("until", ()))
    until = later_day_input("Until (optional)", key=f"{about.key}.until") if ends else None
    needed = _reason_needed(machine, states, to)
    asked = "Reason" if needed else "Reason (optional)"
    reason = st.text_input(asked, key=f"{about.key}.reason", max_chars=500)
    if states is not None:
        _outlook(status_outlook(machine, states, to))
    if needed and not reason.strip():
        return None
    moving = None if states is None else sum(n for s, n in states.items() if to in by_hand(machine, s))
    return CompleteChange(Edit(statuses={machine.id: to}, reason=reason, until=until), moving)


def _reason_needed(machine: Machine, states: Mapping[str, int] | None, to: str) -> bool:
    """Whether the change is from a state for which a manual change needs a reason."""
    there = machine.states if states is None else states
    return any(state in NEEDS_REASON and to in by_hand(machine, state) for state in there)


def status_outlook(machine: Machine, states: Mapping[str, int], to: str) -> list[str]:
    """A preview of setting a status: how many have it already, and which states refuse the change."""
    lines = []
    if states.get(to):
        lines.append(f"{_contacts(states[to])} {_is(states[to])} already {machine.states[to]}.")
    for state, number in states.items():
        if state != to and to not in by_hand(machine, state):
            word = machine.states.get(state, state)
            why = f"“{word}” cannot be changed to “{machine.states[to]}” manually"
            lines.append(f"{_contacts(number)} will be refused: {why}.")
    return lines


# Fields


def _set_field(about: Subject) -> CompleteChange | None:
    fields = _fields(about)
    chosen = st.selectbox(
        "Field",
        list(fields),
        index=None,
        format_func=lambda name: fields[name].label,
        placeholder="Choose a field",
        key=f"{about.key}.field",
    )
    if chosen is None:
        return None
    empties = st.checkbox("Clear the field", key=f"{about.key}.empty.{chosen}")
    value = None if empties else field_input(fields[chosen], key=f"{about.key}.value.{chosen}")
    if value is None and not empties:
        return None
    _outlook(["Replaces the current value."])
    return CompleteChange(Edit(fields={chosen: value}), about.count)


def _fields(about: Subject) -> dict[str, FieldInput]:
    """The fields that the user may edit, without those that identify one contact."""
    found = editable(about.ruleset, about.actor.user.role)
    return {field.name: field for field in found if field.name not in IDENTITY_FIELDS and not field.locked}


# Deleting


def _delete(about: Subject) -> CompleteChange | None:
    _outlook(["They are removed from lists, segments and reports. You can restore them from the history."])
    reason = st.text_input("Reason (optional)", key=f"{about.key}.reason", max_chars=500)
    wanted = "delete" if about.count is None else formats.count(about.count)
    if about.count != 1:
        typed = st.text_input(f"Type {wanted} to confirm", key=f"{about.key}.sure")
        if not is_typed(typed, wanted):
            return None
    return CompleteChange(Deletion(reason.strip()), about.count)


def is_typed(typed: str, wanted: str) -> bool:
    """Whether the text is the wanted one; a number may be typed without its separators."""
    entered = typed.strip().lower()
    digits = "".join(character for character in wanted if character.isdecimal())
    return entered == wanted or (bool(digits) and entered == digits)


ACTIONS: dict[str, BulkAction] = {
    "add": BulkAction("Add to segment", "Add to segment", "Add", _add),
    "remove": BulkAction("Remove from segment", "Remove from segment", "Remove", _remove),
    "status": BulkAction("Set status", "Set status", "Change", _set_status),
    "field": BulkAction("Set field", "Set field", "Change", _set_field),
    "delete": BulkAction("Delete", "Delete contacts?", "Delete", _delete, tone="danger"),
}
"""By the ids that the list's buttons carry."""


def _contacts(number: int) -> str:
    return formats.counted(number, "contact")


def _less(count: int | None, some: int | None) -> int | None:
    return None if count is None or some is None else max(0, count - some)


def _is(number: int) -> str:
    return plural(number, "is", "are")


def _outlook(lines: list[str] | list[Markup]) -> None:
    show(joined(tag("div", line, "cs-small cs-quiet") for line in lines))
