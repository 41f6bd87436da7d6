"""Contacts side by side: the values that a merge or a split is decided on, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from engine.contacts.editing.edit import label_of
from engine.domain import masking
from engine.domain.activities import ContactId
from engine.domain.contact import ContactState
from engine.domain.fields import CUSTOM, FIELDS, IDENTITY_FIELDS, PERSONAL_FIELDS, PROFILE_FIELDS
from engine.domain.folding.component import Contact
from engine.domain.folding.profile import full_name
from engine.domain.identity.identities import IDENTIFYING, is_tracker, key_value
from engine.domain.identity.people import Person
from engine.domain.rulebook import Ruleset

TOTALS = ("points", "orders", "spent", "activities", "first_seen", "last_seen")
"""The fields that follow from a contact's activities: of a merge they are folded, never added."""

FORMER, DEVICES, SEGMENTS = "former", "devices", "segments"
"""Names of what a comparison shows besides the fields of a contact."""

_LABELS = {FORMER: "Former identifiers", DEVICES: "Browsers and apps", SEGMENTS: "Segments"}


class Side(msgspec.Struct, frozen=True):
    """A contact in a comparison: its display name, and its values by field.

    `currency` is that of its money.
    """

    id: ContactId
    name: str
    identified: bool
    values: dict[str, Any]
    currency: str | None = None


class Line(msgspec.Struct, frozen=True):
    """One field of a comparison.

    `before` are its values on the sides that there are, `after` on those that there will be.
    """

    name: str
    label: str
    before: list[Any]
    after: list[Any]

    @property
    def values(self) -> list[Any]:
        """Its values on all sides."""
        return [*self.before, *self.after]

    @property
    def differs(self) -> bool:
        """Whether two sides have a value and the values differ."""
        filled = [value for value in self.before if value not in _EMPTY]
        return len(filled) > 1 and any(value != filled[0] for value in filled)


_EMPTY: tuple[Any, ...] = (None, "", [])


def side_of(contact: Contact, ruleset: Ruleset) -> Side:
    """Return a contact as a side of a comparison."""
    person, state = contact.person, contact.state
    values = {
        **_identities(person, state),
        **{name: FIELDS[name].read(state) for name in PROFILE_FIELDS},
        **{f"{CUSTOM}{name}": value for name, value in sorted(state.custom.items())},
        **_statuses(state, ruleset),
        **{name: FIELDS[name].read(state) for name in TOTALS},
        "first_seen": person.first_seen,
        SEGMENTS: sorted(ruleset.segments[id_].name for id_ in state.segments if id_ in ruleset.segments),
        DEVICES: len(person.trackers),
        FORMER: [key_value(key) for key in person.former if not is_tracker(key)],
    }
    name = full_name(state.first_name, state.last_name)
    known = name or next(
        (values[field] for field in ("email", "mobile_phone", "external_id") if values[field]), ""
    )
    return Side(
        person.id, known, person.identified, values, state.commerce.currency or ruleset.account.currency
    )


def _identities(person: Person, state: ContactState) -> dict[str, Any]:
    found = {kind.contact_field: person.identity(kind) for kind in IDENTIFYING}
    return found | {"email": state.email_typed or found["email"]}


def _statuses(state: ContactState, ruleset: Ruleset) -> dict[str, str]:
    """The label of the state of each machine."""
    found = {}
    for machine in ruleset.machines.values():
        status = state.statuses.get(machine.id)
        present = machine.initial if status is None else status.state
        found[machine.id] = machine.states.get(present, present)
    return found


def compare(before: Sequence[Side], after: Sequence[Side], ruleset: Ruleset) -> list[Line]:
    """Return the fields that say something of one of the sides, in the order of the sheet.

    A status in which all are initially, and a total of nought, say nothing.
    """
    lines = (
        Line(
            name,
            _label(name, ruleset),
            before=[side.values.get(name) for side in before],
            after=[side.values.get(name) for side in after],
        )
        for name in _names([*before, *after], ruleset)
    )
    return [line for line in lines if any(not _is_blank(line.name, v, ruleset) for v in line.values)]


def _is_blank(name: str, value: Any, ruleset: Ruleset) -> bool:
    machine = ruleset.machines.get(name)
    if machine is not None:
        return value in (None, machine.states.get(machine.initial, machine.initial))
    return value in _EMPTY or (name in TOTALS and not value)


def _names(sides: Sequence[Side], ruleset: Ruleset) -> Iterator[str]:
    yield from (*PROFILE_FIELDS, *reversed(IDENTITY_FIELDS), FORMER)
    yield from dict.fromkeys(name for side in sides for name in side.values if name.startswith(CUSTOM))
    yield from ruleset.machines
    yield from (*TOTALS, SEGMENTS, DEVICES)


def _label(name: str, ruleset: Ruleset) -> str:
    if name in _LABELS:
        return _LABELS[name]
    machine = ruleset.machines.get(name)
    if machine is not None and name not in FIELDS:
        return machine.label
    return label_of(name, ruleset)


def united(survivor: Side, other: Side) -> Side:
    """Return what a merge leaves of the fields: the survivor's values, and the other's in its gaps.

    Totals are unset: only a fold says them.
    """
    values = {
        name: value if value not in _EMPTY else other.values.get(name)
        for name, value in (dict.fromkeys(other.values) | survivor.values).items()
    }
    lost = [
        other.values[name]
        for name in IDENTITY_FIELDS
        if other.values.get(name)
        and survivor.values.get(name)
        and other.values[name] != survivor.values[name]
    ]
    former = dict.fromkeys([*survivor.values.get(FORMER, ()), *other.values.get(FORMER, ()), *lost])
    values |= dict.fromkeys(TOTALS) | {
        "first_seen": min(
            (s.values["first_seen"] for s in (survivor, other) if s.values.get("first_seen")), default=None
        ),
        "last_seen": max(
            (s.values["last_seen"] for s in (survivor, other) if s.values.get("last_seen")), default=None
        ),
        FORMER: list(former),
        DEVICES: survivor.values.get(DEVICES, 0) + other.values.get(DEVICES, 0),
        SEGMENTS: sorted({*survivor.values.get(SEGMENTS, ()), *other.values.get(SEGMENTS, ())}),
    }
    return Side(
        survivor.id,
        survivor.name or other.name,
        survivor.identified or other.identified,
        values,
        survivor.currency,
    )


def masked_side(side: Side) -> Side:
    """Return a side with its personal data masked."""
    values = {
        name: masking.masked_field(name, value)
        if name in PERSONAL_FIELDS
        else masking.hidden(value)
        if name == FORMER or name.startswith(CUSTOM)
        else value
        for name, value in side.values.items()
    }
    identifiers = [values.get(name) for name in ("email", "mobile_phone", "external_id")]
    name = masking.masked_name(full_name(side.values.get("first_name"), side.values.get("last_name")))
    return msgspec.structs.replace(side, name=name or next(filter(None, identifiers), ""), values=values)


def default_survivor(one: Contact, other: Contact, *, now: datetime) -> ContactId:
    """Return the contact that survives a merge by default: the identified one, else the older."""

    def rank(contact: Contact) -> tuple[bool, datetime, str]:
        person = contact.person
        return (not person.identified, person.first_seen or now, person.id)

    return min((one, other), key=rank).person.id
