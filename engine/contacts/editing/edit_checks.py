"""Whether an edit can be done: every value as it is kept, or what is wrong with it, by field."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pymongo.database import Database

from engine.contacts.editing import undoing
from engine.contacts.editing.edit_model import (
    NEEDS_REASON,
    Document,
    Edit,
    InvalidEdit,
    label_of,
    name_of,
    state_in,
    value_of,
)
from engine.contacts.editing.edit_words import words
from engine.domain import profile
from engine.domain.activities import UNDOES, ContactId
from engine.domain.fields import CUSTOM, EDITABLE_FIELDS, IDENTITY_FIELDS, PROFILE_FIELDS
from engine.domain.identities import IDENTIFYING, Identities, IdentityKind, make_key
from engine.domain.normalisation import normalise
from engine.domain.profile import CLEARED
from engine.domain.rulebook import CustomField, Ruleset
from engine.domain.scoring import MAX_POINTS
from engine.domain.statuses import by_hand, ends, moment_of, reachable_by_hand
from engine.errors import InvalidIdentity
from engine.pipeline import tombstones

MAX_SHOWN = 12
"""Options that a message names."""

COME_BACK = "they can only come back by themselves, as by an order or by registering"
"""What is said to colleagues who enter somebody who was erased."""


@dataclass(frozen=True)
class Checked:
    """An edit in which every value is as it is kept; `words` tell it to people."""

    identities: Identities
    traits: Document
    said: Document
    words: list[str]

    @classmethod
    def of(
        cls, db: Database[Document], row: Document, change: Edit, ruleset: Ruleset, *, now: datetime
    ) -> Checked:
        problems: dict[str, str] = {}
        identities, other = _identities(db, row, change, ruleset, problems)
        traits, cleared = _traits(row, change, ruleset, problems)
        problems |= _wrong_statuses(row, change, ruleset) | _wrong_segments(change, ruleset)
        if change.undoes is not None and (why := undoing.check(db, row, change.undoes)) is not None:
            problems[UNDOES] = f"this cannot be taken back: {why}"
        problems |= _wrong_end(change, ruleset, now)
        if change.points and not change.reason.strip():
            problems["points"] = _POINTS_NEED_REASON
        if abs(change.points) > MAX_POINTS:
            problems["points"] = f"at most {MAX_POINTS:,} points at once"
        if problems:
            raise InvalidEdit(problems, other)
        if "email" in change.fields:
            traits["email"] = str(change.fields["email"]).strip()
        said = {CLEARED: cleared} if cleared else {}
        return cls(identities, traits, said, list(words(row, change, ruleset)))


def _identities(
    db: Database[Document], row: Document, change: Edit, ruleset: Ruleset, problems: dict[str, str]
) -> tuple[Identities, ContactId | None]:
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
        holder = db.contacts.find_one({"keys": key}, {"first_name": 1, "last_name": 1, "deleted": 1})
        if holder is not None and holder["_id"] != row["_id"] and not _makes_way(holder, row):
            other = ContactId(holder["_id"])
            whose = name_of(holder) or ("a deleted contact" if holder.get("deleted") else "another contact")
            problems[name] = f"{whose} has {label_of(name, ruleset).lower()} {value} already"
            continue
        if tombstones.refused(db, [key]):
            problems[name] = f"who had {label_of(name, ruleset).lower()} {value} was erased: {COME_BACK}"
            continue
        found[kind] = value
    return Identities.of(found), other


def _makes_way(holder: Document, row: Document) -> bool:
    """Whether a contact that has a key already is one that was deleted, and is made anew by it."""
    return bool(holder.get("deleted")) and not row["_id"]


def _traits(
    row: Document, change: Edit, ruleset: Ruleset, problems: dict[str, str]
) -> tuple[Document, list[str]]:
    """The new values by trait, each as it is kept, and the names of fields that are emptied."""
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
            kept = profile.coerced(name, value, ruleset)
            if kept is None:
                problems[name] = f"{label_of(name, ruleset)}: {_WANTED[_type(name, ruleset)]}"
            elif not _is_option(kept, ruleset.fields.get(custom)):
                problems[name] = (
                    f"{label_of(name, ruleset)}: one of {_options(ruleset.fields[custom])} is wanted"
                )
            else:
                traits[custom] = kept
    return traits, cleared


def wrong_for_anybody(change: Edit, ruleset: Ruleset) -> dict[str, str]:
    """What of an edit can be done to nobody, whoever it is: by field, with what could be.

    Fields must be declared here: what nobody declared is only found on single contacts.
    """
    problems = _undeclared(change, ruleset)
    declared = {name: value for name, value in change.fields.items() if name not in problems}
    _traits({}, replace(change, fields=declared), ruleset, problems)
    problems |= _wrong_segments(change, ruleset) | _unreachable(change, ruleset)
    if change.points and not change.reason.strip():
        problems["points"] = _POINTS_NEED_REASON
    return problems


def _undeclared(change: Edit, ruleset: Ruleset) -> dict[str, str]:
    known = [*EDITABLE_FIELDS, *(f"{CUSTOM}{id_}" for id_ in ruleset.fields)]
    return {
        name: f"there is no field {name!r} to change; there are {_listed(known)}"
        for name in change.fields
        if name not in known
    }


def _unreachable(change: Edit, ruleset: Ruleset) -> dict[str, str]:
    """Statuses that there are not, and states into which nobody is put by hand."""
    problems = {}
    for id_, to in change.statuses.items():
        machine = ruleset.machines.get(id_)
        if machine is None:
            problems[id_] = f"there is no status {id_!r}; there are {_listed(ruleset.machines)}"
        elif to not in (reachable := reachable_by_hand(machine)):
            words = _listed(machine.states[state] for state in reachable) or "none"
            wanted = machine.states.get(to, repr(to))
            problems[id_] = f"{machine.label} cannot be set to {wanted} by hand; allowed: {words}"
    return problems


def not_theirs(fields: Iterable[str], role: str, ruleset: Ruleset) -> dict[str, str]:
    """The fields that a role may not change by hand, each with the reason."""
    declared = ((name, ruleset.fields.get(name.removeprefix(CUSTOM))) for name in fields)
    return {
        name: f"{field.label} can only be changed by an admin"
        for name, field in declared
        if field is not None and name.startswith(CUSTOM) and role not in field.edit
    }


def _is_option(value: Any, declared: CustomField | None) -> bool:
    """Whether a field may have a value by hand, as far as it has a closed list of them."""
    return declared is None or not declared.options or value in declared.options


def _options(declared: CustomField) -> str:
    return _listed(declared.options)


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    return ", ".join(found[:MAX_SHOWN]) + (" …" if len(found) > MAX_SHOWN else "")


def _type(name: str, ruleset: Ruleset) -> str:
    if name == "birth_date":
        return "date"
    declared = ruleset.fields.get(name.removeprefix(CUSTOM))
    return "text" if declared is None else declared.type


_POINTS_NEED_REASON = "points adjusted by hand need a reason"

_WANTED = {
    "text": f"text of at most {profile.MAX_TEXT:,} characters is wanted",
    "number": "a number is wanted",
    "boolean": "yes or no is wanted",
    "date": "a date is wanted, as 2026-03-31",
    "list": "a list is wanted",
}


def _wrong_statuses(row: Document, change: Edit, ruleset: Ruleset) -> dict[str, str]:
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


def _wrong_end(change: Edit, ruleset: Ruleset, now: datetime) -> dict[str, str]:
    """What is wrong with the dates until which statuses are given."""
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


def end_name(machine: str) -> str:
    """The name by which the end of a machine's state is spoken of among fields."""
    return f"{machine}.until"


def _can_end(ruleset: Ruleset, id_: str, state: str) -> bool:
    machine = ruleset.machines.get(id_)
    return machine is not None and ends(machine, state)


def _wrong_segments(change: Edit, ruleset: Ruleset) -> dict[str, str]:
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
    """The segments that people can be put in."""
    return _listed(s.name for s in ruleset.segments.values() if not s.dynamic) or "none yet"
