"""An edit: what a user changes of a contact by hand, and the errors of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from engine.domain.activities import ActivityId, ContactId
from engine.domain.deliverability import UNDELIVERABLE
from engine.domain.document import Document
from engine.domain.fields import CUSTOM, FIELDS
from engine.domain.folding.profile import full_name
from engine.domain.rulebook import Machine, Ruleset
from engine.domain.statuses import REFUSED
from engine.errors import EditConflict, Invalid

NEEDS_REASON = frozenset({*UNDELIVERABLE, REFUSED})
"""States that are left by hand only with a reason."""


@dataclass(frozen=True)
class Edit:
    """Changes of one contact.

    Parameters:
      fields: New values by field (`custom.…` for custom fields); None or an empty value clears a field.
      statuses: New states by machine.
      add_to: Static segments to add the contact to.
      remove_from: Static segments to remove the contact from.
      points: Points to add, or to subtract if negative.
      reason: Why; shown on the timeline.
      until: The day on which the new states end that can end, such as a pause.
      ends: The same for single machines; goes before `until`.
      undoes: The activity that the edit undoes.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)
    add_to: Sequence[str] = ()
    remove_from: Sequence[str] = ()
    points: int = 0
    reason: str = ""
    until: date | None = None
    ends: Mapping[str, date] = field(default_factory=dict)
    undoes: ActivityId | None = None

    def __bool__(self) -> bool:
        changes = (self.fields, self.statuses, self.add_to, self.remove_from, self.points, self.undoes)
        return any(changes)

    def end_of(self, machine: str) -> date | None:
        """Return the day on which the new state of a machine ends; None if it is open-ended."""
        return self.ends.get(machine, None if self.ends else self.until)


class InvalidEdit(Invalid):
    """Problems of an edit, by field; `other` is the contact that already has the email, number or id."""

    def __init__(self, problems: Mapping[str, str], other: ContactId | None = None) -> None:
        self.problems = dict(problems)
        self.other = other
        super().__init__("; ".join(problems.values()))


class FieldConflict(EditConflict):
    """Fields that another user changed since they were read; `current` holds their values by now."""

    def __init__(self, current: Mapping[str, Any]) -> None:
        self.current = dict(current)
        super().__init__(f"changed by someone else in the meantime: {', '.join(current)}")


def value_of(row: Document, name: str) -> Any:
    """Return the value of an editable field in a contact's document; None if it has none."""
    if name.startswith(CUSTOM):
        return row.get("custom", {}).get(name.removeprefix(CUSTOM))
    return (row.get("email_typed") or row.get("email")) if name == "email" else row.get(name)


def state_in(row: Document, machine: Machine) -> str:
    """Return the state of a machine in a contact's document."""
    state: str = row.get("statuses", {}).get(machine.id, {}).get("state", machine.initial)
    return state


def label_of(name: str, ruleset: Ruleset) -> str:
    """Return the label of a field."""
    custom = name.removeprefix(CUSTOM)
    if custom != name:
        declared = ruleset.fields.get(custom)
        return custom if declared is None else declared.label
    return FIELDS[name].label


def name_of(row: Document) -> str:
    """Return the display name of a contact, given its document; empty for an anonymous one."""
    name = full_name(row.get("first_name"), row.get("last_name"))
    return name or str(row.get("email_typed") or row.get("email") or row.get("mobile_phone") or "")
