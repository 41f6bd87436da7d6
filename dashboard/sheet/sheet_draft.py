"""Unsaved changes of a contact, kept in the session until they are applied or discarded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from engine.contacts.editing.edit import Edit
from engine.contacts.editing.edit_service import new_id
from engine.contacts.editing.edit_validation import end_name
from engine.contacts.sheet.sheet_model import Sheet
from engine.domain.activities import ActivityId, ContactId
from engine.domain.fields import CUSTOM, EDITABLE_FIELDS
from engine.domain.rulebook import Ruleset
from engine.domain.statuses import ends

_DRAFTS = "sheet.drafts"


@dataclass
class Draft:
    """Unsaved changes, and the values on which they are based.

    Parameters:
      begun: When editing started.
      seen: The values that the user has seen: fields by name, statuses by machine, the days on
        which they end by `end_name`.
      changed: The values that the user entered.
      reason: The reason for status changes.
      problems: Problems of the last attempt, by name.
      other: The contact that already has the entered email, number or id.
      id: The id of the edit to come, so that it is applied once.
      round: Part of the widgets' keys; increased to reset the inputs.
    """

    begun: datetime
    seen: dict[str, Any]
    changed: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    problems: dict[str, str] = field(default_factory=dict)
    other: ContactId | None = None
    id: ActivityId = field(default_factory=new_id)
    round: int = 0

    def change(self, name: str, value: Any) -> None:
        """Set an entered value; the seen value is no change."""
        self.problems.pop(name, None)
        if value == self.seen.get(name):
            self.changed.pop(name, None)
        else:
            self.changed[name] = value

    def value(self, name: str) -> Any:
        """The value of an input."""
        return self.changed.get(name, self.seen.get(name))

    def catch_up(self, present: Mapping[str, Any]) -> None:
        """Take over values that others changed, where the user has entered none or the same."""
        for name, value in present.items():
            if name in self.changed and self.changed[name] != value:
                continue
            if self.seen.get(name) != value:
                self.round += 1
            self.changed.pop(name, None)
            self.seen[name] = value

    def overtaken(self, present: Mapping[str, Any]) -> dict[str, Any]:
        """Conflicts: values that both the user and others changed; those of the others, by name."""
        return {name: present.get(name) for name in self.changed if present.get(name) != self.seen.get(name)}

    def keep_mine(self, name: str, theirs: Any) -> None:
        self.seen[name] = theirs

    def take_theirs(self, name: str, theirs: Any) -> None:
        self.seen[name] = theirs
        self.changed.pop(name, None)
        self.round += 1

    def refused(self, problems: Mapping[str, str], other: ContactId | None) -> None:
        """Set the problems of an attempt; the next one is another edit."""
        self.problems, self.other = dict(problems), other
        self.id = new_id()

    def edit(self, ruleset: Ruleset) -> Edit:
        """The edit with all changes."""
        statuses = {name: to for name, to in self.changed.items() if name in ruleset.machines}
        statuses = {**self._given_an_end(ruleset), **statuses}
        paused = [id_ for id_, to in statuses.items() if ends(ruleset.machines[id_], to)]
        days = {id_: self.value(end_name(id_)) for id_ in paused}
        return Edit(
            fields={name: value for name, value in self.changed.items() if _is_field(name)},
            statuses=statuses,
            ends={id_: day for id_, day in days.items() if day is not None},
            reason=self.reason if statuses else "",
        )

    def read(self, ruleset: Ruleset) -> dict[str, Any]:
        """The seen values of what the edit changes."""
        change = self.edit(ruleset)
        return {name: self.seen.get(name) for name in (*change.fields, *change.statuses)}

    def _given_an_end(self, ruleset: Ruleset) -> dict[str, str]:
        """The unchanged statuses of which the end date is changed."""
        states = {id_: self.seen.get(id_) for id_ in ruleset.machines if end_name(id_) in self.changed}
        return {id_: s for id_, s in states.items() if s is not None and ends(ruleset.machines[id_], s)}


def _is_field(name: str) -> bool:
    return name in EDITABLE_FIELDS or name.startswith(CUSTOM)


def present_values(sheet: Sheet, ruleset: Ruleset, zone: ZoneInfo) -> dict[str, Any]:
    """The current values of everything that a draft can change."""
    standard = {name: getattr(sheet, name) for name in EDITABLE_FIELDS}
    custom = {f"{CUSTOM}{name}": value for name, value in sheet.custom.items()}
    missing = {f"{CUSTOM}{name}": None for name in ruleset.fields if name not in sheet.custom}
    states = {status.machine: status.state for status in sheet.statuses.values()}
    days = {
        end_name(status.machine): None if status.until is None else status.until.astimezone(zone).date()
        for status in sheet.statuses.values()
    }
    return {**standard, **custom, **missing, **states, **days}


# In the session


def draft_of(contact: ContactId) -> Draft | None:
    """The draft of a contact, if any."""
    found: Draft | None = st.session_state.get(_DRAFTS, {}).get(contact)
    return found


def begin(contact: ContactId, present: Mapping[str, Any], *, now: datetime) -> None:
    """Start a draft."""
    st.session_state.setdefault(_DRAFTS, {})[contact] = Draft(now, dict(present))


def end(contact: ContactId) -> None:
    """Remove a draft: it was applied or discarded."""
    st.session_state.get(_DRAFTS, {}).pop(contact, None)
