"""Validate an edit: every value in its stored form, or what is wrong with it, by field."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from engine.contacts.editing import undo
from engine.contacts.editing.edit import (
    NEEDS_REASON,
    Edit,
    InvalidEdit,
    label_of,
    name_of,
    state_in,
    value_of,
)
from engine.contacts.editing.edit_summary import summary
from engine.db import Db
from engine.db.contact_codec import held_by
from engine.domain.activities import UNDOES, ContactId
from engine.domain.document import Document
from engine.domain.fields import CUSTOM, EDITABLE_FIELDS, IDENTITY_FIELDS, PROFILE_FIELDS
from engine.domain.folding import profile
from engine.domain.folding.field_values import MAX_TEXT
from engine.domain.folding.profile import CLEARED
from engine.domain.identity.identities import IDENTIFYING, Identities, IdentityKind, make_key
from engine.domain.identity.normalisation import normalise
from engine.domain.rulebook import CustomField, Ruleset
from engine.domain.scoring import MAX_POINTS
from engine.domain.statuses import by_hand, ends, moment_of, reachable_by_hand
from engine.errors import InvalidIdentity
from engine.pipeline import tombstones

MAX_SHOWN = 12
"""Options that a message lists."""

COME_BACK = "they can only come back by themselves, as by an order or by registering"
"""The advice to a user who enters a contact that was erased."""

_POINTS_NEED_REASON = "points adjusted by hand need a reason"

_EXPECTED = {
    "text": f"text of at most {MAX_TEXT:,} characters is wanted",
    "number": "a number is wanted",
    "boolean": "yes or no is wanted",
    "date": "a date is wanted, as 2026-03-31",
    "list": "a list is wanted",
}
"""The accepted values of each field type, as text."""


@dataclass(frozen=True)
class ValidEdit:
    """An edit whose values are all in their stored form; `summary` describes it to people."""

    identities: Identities
    traits: Document
    properties: Document
    summary: list[str]


def validate(db: Db, row: Document, change: Edit, ruleset: Ruleset, *, now: datetime) -> ValidEdit:
    """Validate an edit of a contact, given as its document; without an id it is one to be created.

    Raises InvalidEdit with every problem.
    """
    problems: dict[str, str] = {}
    identities, other = _identities(db, row, change, ruleset, problems)
    traits, cleared = _traits(row, change, ruleset, problems)
    problems |= _status_problems(row, change, ruleset) | _segment_problems(change, ruleset)
    if change.undoes is not None and (why := undo.check(db, row, change.undoes)) is not None:
        problems[UNDOES] = f"this cannot be undone: {why}"
    problems |= _end_problems(change, ruleset, now) | _missing_reason(change)
    if abs(change.points) > MAX_POINTS:
        problems["points"] = f"at most {MAX_POINTS:,} points at once"
    if problems:
        raise InvalidEdit(problems, other)
    if "email" in change.fields:
        traits["email"] = str(change.fields["email"]).strip()
    properties = {CLEARED: cleared} if cleared else {}
    return ValidEdit(identities, traits, properties, summary(row, change, ruleset))


def validate_for_any(change: Edit, ruleset: Ruleset) -> dict[str, str]:
    """Return what of an edit is invalid whichever contact it changes: the problems by field.

    An undeclared field is a problem here: only a single contact can still have a value of one.
    """
    problems = _undeclared(change, ruleset)
    declared = {name: value for name, value in change.fields.items() if name not in problems}
    _traits({}, replace(change, fields=declared), ruleset, problems)
    return (
        problems
        | _segment_problems(change, ruleset)
        | _unreachable_states(change, ruleset)
        | _missing_reason(change)
    )


def fields_not_allowed(fields: Iterable[str], role: str, ruleset: Ruleset) -> dict[str, str]:
    """Return the fields that a role may not change by hand, each with the reason."""
    declared = ((name, ruleset.fields.get(name.removeprefix(CUSTOM))) for name in fields)
    return {
        name: f"{field.label} can only be changed by an admin"
        for name, field in declared
        if field is not None and name.startswith(CUSTOM) and role not in field.edit
    }


def end_name(machine: str) -> str:
    """Return the name under which problems and the audit log speak of the end of a machine's state."""
    return f"{machine}.until"


# Identities


def _identities(
    db: Db, row: Document, change: Edit, ruleset: Ruleset, problems: dict[str, str]
) -> tuple[Identities, ContactId | None]:
    """The new identities, and the contact that already has one of them; adds to `problems`."""
    found: dict[IdentityKind, str] = {}
    other: ContactId | None = None
    for kind in IDENTIFYING:
        name = kind.contact_field
        if name not in change.fields:
            continue
        if not change.fields[name]:
            if row.get(name):
                problems[name] = f"{label_of(name, ruleset)} can be changed, not taken away"
            continue
        try:
            value = normalise(kind, str(change.fields[name]), region=ruleset.account.default_region)
        except InvalidIdentity as error:
            problems[name] = f"{label_of(name, ruleset)}: {error.reason}"
            continue
        key = make_key(kind, value)
        holder = db.contacts.find_one(held_by(key), {"first_name": 1, "last_name": 1, "deleted": 1})
        if holder is not None and holder["_id"] != row["_id"] and not _is_recreated(holder, row):
            other = ContactId(holder["_id"])
            whose = name_of(holder) or ("a deleted contact" if holder.get("deleted") else "another contact")
            problems[name] = f"{whose} has {label_of(name, ruleset).lower()} {value} already"
            continue
        if tombstones.refused(db, [key]):
            problems[name] = f"who had {label_of(name, ruleset).lower()} {value} was erased: {COME_BACK}"
            continue
        found[kind] = value
    return Identities.of(found), other


def _is_recreated(holder: Document, row: Document) -> bool:
    """Whether the contact that has a key is a deleted one, which a new contact brings back."""
    return bool(holder.get("deleted")) and not row["_id"]


# Fields


def _traits(
    row: Document, change: Edit, ruleset: Ruleset, problems: dict[str, str]
) -> tuple[Document, list[str]]:
    """The new values by trait in their stored form, and the fields that are cleared; adds to `problems`."""
    traits: Document = {}
    cleared: list[str] = []
    for name, value in change.fields.items():
        if name in IDENTITY_FIELDS:
            continue
        custom = name.removeprefix(CUSTOM)
        if custom == name and name not in PROFILE_FIELDS:
            problems[name] = f"{name!r} cannot be changed by hand"
        elif value is None or value == "" or value == []:
            if value_of(row, name) is not None:
                cleared.append(name)
        else:
            stored = profile.coerced(name, value, ruleset)
            declared = ruleset.fields.get(custom)
            if stored is None:
                problems[name] = f"{label_of(name, ruleset)}: {_EXPECTED[_type(name, ruleset)]}"
            elif declared is not None and not _is_option(stored, declared):
                problems[name] = f"{label_of(name, ruleset)}: one of {_listed(declared.options)} is wanted"
            else:
                traits[custom] = stored
    return traits, cleared


def _undeclared(change: Edit, ruleset: Ruleset) -> dict[str, str]:
    known = [*EDITABLE_FIELDS, *(f"{CUSTOM}{id_}" for id_ in ruleset.fields)]
    return {
        name: f"there is no field {name!r} to change; there are {_listed(known)}"
        for name in change.fields
        if name not in known
    }


def _is_option(value: Any, declared: CustomField) -> bool:
    """Whether a value is one of a field's options, if it has a closed list of them."""
    return not declared.options or value in declared.options


def _type(name: str, ruleset: Ruleset) -> str:
    if name == "birth_date":
        return "date"
    declared = ruleset.fields.get(name.removeprefix(CUSTOM))
    return "text" if declared is None else declared.type


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    return ", ".join(found[:MAX_SHOWN]) + (" …" if len(found) > MAX_SHOWN else "")


def _missing_reason(change: Edit) -> dict[str, str]:
    return {"points": _POINTS_NEED_REASON} if change.points and not change.reason.strip() else {}


# Statuses


def _status_problems(row: Document, change: Edit, ruleset: Ruleset) -> dict[str, str]:
    problems = {}
    for id_, to in change.statuses.items():
        machine = ruleset.machines.get(id_)
        if machine is None:
            problems[id_] = f"there is no status {id_!r}"
            continue
        present = state_in(row, machine)
        allowed = by_hand(machine, present)
        if to == present and ends(machine, to):
            continue
        if to not in allowed:
            words = ", ".join(machine.states[state] for state in allowed) or "none"
            problems[id_] = (
                f"{machine.label} cannot go from {machine.states.get(present, present)} to "
                f"{machine.states.get(to, to)} by hand; allowed: {words}"
            )
        elif present in NEEDS_REASON and not change.reason.strip():
            problems[id_] = f"say why {machine.label} is no longer {machine.states.get(present, present)}"
    return problems


def _unreachable_states(change: Edit, ruleset: Ruleset) -> dict[str, str]:
    """Statuses that are not declared, and states that cannot be set by hand from any other."""
    problems = {}
    for id_, to in change.statuses.items():
        machine = ruleset.machines.get(id_)
        if machine is None:
            problems[id_] = f"there is no status {id_!r}; there are {_listed(ruleset.machines)}"
        elif to not in (reachable := reachable_by_hand(machine)):
            words = _listed(machine.states[state] for state in reachable) or "none"
            state = machine.states.get(to, repr(to))
            problems[id_] = f"{machine.label} cannot be set to {state} by hand; allowed: {words}"
    return problems


def _end_problems(change: Edit, ruleset: Ruleset, now: datetime) -> dict[str, str]:
    """Problems of the end dates of states."""
    ending = [id_ for id_, to in change.statuses.items() if _can_end(ruleset, id_, to)]
    if (change.until is not None and not ending) or any(id_ not in ending for id_ in change.ends):
        return {"until": "only a status that ends, such as a pause, has an end date"}
    problems = {}
    for id_ in ending:
        day = change.end_of(id_)
        end = None if day is None else moment_of(day, ruleset.account)
        if day is not None and (end is None or end <= now):
            where = end_name(id_) if id_ in change.ends else "until"
            problems[where] = f"{day.isoformat()} has begun already: a pause ends on a later day"
    return problems


def _can_end(ruleset: Ruleset, id_: str, state: str) -> bool:
    machine = ruleset.machines.get(id_)
    return machine is not None and ends(machine, state)


# Segments


def _segment_problems(change: Edit, ruleset: Ruleset) -> dict[str, str]:
    problems = {}
    for id_ in (*change.add_to, *change.remove_from):
        segment = ruleset.segments.get(id_)
        if segment is None:
            problems[id_] = f"there is no segment {id_!r}; those to put people in are {_static(ruleset)}"
        elif segment.dynamic:
            problems[id_] = (
                f"{segment.name} is dynamic: its condition decides who is in it; "
                f"those to put people in are {_static(ruleset)}"
            )
    return problems


def _static(ruleset: Ruleset) -> str:
    """The static segments, in words."""
    return _listed(s.name for s in ruleset.segments.values() if not s.dynamic) or "none yet"
