"""What of a contact a person may change, and how: the edit itself, and what can be wrong with one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from engine.domain.activities import ActivityId, ContactId
from engine.domain.fields import CUSTOM, FIELDS
from engine.domain.profile import full_name
from engine.domain.rulebook import Machine, Ruleset
from engine.errors import ContactSheetsError

Document = dict[str, Any]

NEEDS_REASON = frozenset({"bounced", "blocked"})
"""States that nobody leaves by hand without saying why."""


@dataclass(frozen=True)
class Edit:
    """What is to be changed of a contact.

    `fields` are new values by name (`custom.…` for the shop's own); nothing empties a
    field.  `statuses` are new states by machine, `until` when those end that do, such as a
    pause; `ends` says so of single machines, and goes before.  `points` are given or taken.
    `undoes` takes another activity back.
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
        """When the state ends that is given to a machine; unset for until somebody lifts it."""
        return self.ends.get(machine, None if self.ends else self.until)


class InvalidEdit(ContactSheetsError):
    """What cannot be done, by field; `other` is who has the email, number or id already."""

    def __init__(self, problems: Mapping[str, str], other: ContactId | None = None) -> None:
        self.problems = dict(problems)
        self.other = other
        super().__init__("; ".join(problems.values()))


class EditedMeanwhile(ContactSheetsError):
    """Fields that somebody else changed since they were read, with what they are now."""

    def __init__(self, theirs: Mapping[str, Any]) -> None:
        self.theirs = dict(theirs)
        super().__init__(f"changed meanwhile by somebody else: {', '.join(theirs)}")


class NoSuchContact(ContactSheetsError):
    """The contact is not there any more."""


def value_of(row: Document, name: str) -> Any:
    """What a contact's document says of a field that can be edited; unset for nothing."""
    if name.startswith(CUSTOM):
        return row.get("custom", {}).get(name.removeprefix(CUSTOM))
    return (row.get("email_typed") or row.get("email")) if name == "email" else row.get(name)


def state_in(row: Document, machine: Machine) -> str:
    """Where a machine of a contact stands, given its document."""
    found: str = row.get("statuses", {}).get(machine.id, {}).get("state", machine.initial)
    return found


def label_of(name: str, ruleset: Ruleset) -> str:
    """What people call a field."""
    custom = name.removeprefix(CUSTOM)
    if custom != name:
        declared = ruleset.fields.get(custom)
        return custom if declared is None else declared.label
    return FIELDS[name].label


def name_of(row: Document) -> str:
    """What a contact is called, given its document; empty for somebody unknown."""
    name = full_name(row.get("first_name"), row.get("last_name"))
    return name or str(row.get("email_typed") or row.get("email") or row.get("mobile_phone") or "")
