"""What people change of contacts by hand: checked here, then kept as an activity like any other.

Nothing is written on the contact: the fold takes the edit in, so that it counts once,
shows on the timeline with its author, and can be taken back.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import structs
from pymongo.database import Database

from engine.core import profile
from engine.core.activities import DELETED, UNDOES, Activity, ActivityId, ContactId, Identities, Key
from engine.core.fields import CUSTOM, FIELDS
from engine.core.identities import (
    normalise_email,
    normalise_external_id,
    normalise_phone,
    stream_of,
)
from engine.core.profile import CLEARED
from engine.core.rulebook import CustomField, Machine, Ruleset
from engine.core.scoring import MAX_POINTS
from engine.core.segments import ADD_TO, REMOVE_FROM
from engine.core.statuses import by_hand, ends, moment_of, reachable_by_hand
from engine.errors import ContactSheetsError, InvalidIdentity
from engine.store import inbox, rulesets, tombstones, undoing
from engine.store.contact_documents import LIVING

Document = dict[str, Any]

READ = (
    "spans", "deleted", "statuses", "segments", "custom", "first_name", "last_name", "birth_date",
    "email", "email_typed", "mobile_phone", "external_id",
)  # fmt: skip
"""What of a contact's document an edit, a deletion and taking one back are made of."""

IDENTITIES = ("external_id", "email", "mobile_phone")
PROFILE = ("first_name", "last_name", "birth_date")
"""The fields, besides custom ones, that a person may change."""

NEEDS_REASON = frozenset({"bounced", "blocked"})
"""States that nobody leaves by hand without saying why."""

MAX_SHOWN = 12
"""Options that a message names."""

SOURCE = "dashboard"

COME_BACK = "they can only come back by themselves, as by an order or by registering"
"""What is said to colleagues who enter somebody who was erased."""

UNDER_WAY = timedelta(hours=1)
"""How far back edits are looked for that have not taken effect yet."""


@dataclass(frozen=True)
class Edit:
    """What is to be changed of a contact.

    `fields` are new values by name (`custom.…` for the shop's own); nothing empties a
    field.  `statuses` are new states by machine, `until` when a pause ends.  `points` are
    given or taken.  `undoes` takes another activity back.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)
    add_to: Sequence[str] = ()
    remove_from: Sequence[str] = ()
    points: int = 0
    reason: str = ""
    until: date | None = None
    undoes: ActivityId | None = None

    def __bool__(self) -> bool:
        changes = (self.fields, self.statuses, self.add_to, self.remove_from, self.points, self.undoes)
        return any(changes)


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


def edit(
    db: Database[Document],
    contact: ContactId,
    change: Edit,
    *,
    id_: ActivityId,
    author: str,
    now: datetime,
    read: Mapping[str, Any] | None = None,
) -> frozenset[int]:
    """Keep an edit, durably and once for its id; return the lanes that have work by it.

    `read` are the values that its author saw, of fields by name and of statuses by machine:
    if one is another now, nothing is done.  An id that was kept before is done already,
    whatever has changed since.  Raises InvalidEdit, EditedMeanwhile, NoSuchContact, Unavailable.
    """
    kept = db.activities.find_one({"_id": id_}, {"lane": 1})
    if kept is not None:
        return frozenset({kept["lane"]})
    row = _living(db, contact)
    ruleset = rulesets.current(db)
    _refuse_overtaken(db, row, read or {}, ruleset, now=now)
    return _keep(db, edit_of(db, row, change, ruleset=ruleset, id_=id_, author=author, now=now))


def edit_of(
    db: Database[Document],
    row: Document,
    change: Edit,
    *,
    ruleset: Ruleset,
    id_: ActivityId,
    author: str,
    now: datetime,
) -> Activity:
    """An edit of a contact, given as its document, as an activity; raise InvalidEdit."""
    checked = _Checked.of(db, row, change, ruleset, now=now)
    said: Document = {"author": author, **checked.said, **_said(change), "what": checked.words}
    activity = _by_hand(row, "contact_edited", version=ruleset.version, id_=id_, now=now, said=said)
    return structs.replace(activity, identities=checked.identities, traits=checked.traits)


def is_so(row: Document, change: Edit) -> bool:
    """Whether an edit would change nothing of a contact.  A pause that is given an end is a change."""
    if change.points or change.undoes is not None or change.until is not None:
        return False
    statuses, segments = row.get("statuses", {}), row.get("segments", {})
    return (
        all(value_of(row, name) == (value or None) for name, value in change.fields.items())
        and all(statuses.get(machine, {}).get("state") == to for machine, to in change.statuses.items())
        and all(segment in segments for segment in change.add_to)
        and not any(segment in segments for segment in change.remove_from)
    )


def delete(
    db: Database[Document],
    contact: ContactId,
    *,
    id_: ActivityId,
    author: str,
    now: datetime,
    reason: str = "",
) -> frozenset[int]:
    """Keep that a contact is deleted: what it did is forgotten, until somebody restores it.

    Returns the lanes that have work by it.  Raises NoSuchContact, Unavailable.
    """
    row = _living(db, contact)
    version = rulesets.current_number(db)
    return _keep(db, deletion_of(row, version=version, id_=id_, author=author, now=now, reason=reason))


def deletion_of(
    row: Document, *, version: int, id_: ActivityId, author: str, now: datetime, reason: str
) -> Activity:
    """The deletion of a contact, given as its document, as an activity under a version of the rules."""
    said = {"author": author, "name": _name(row), "reason": reason.strip()}
    return _by_hand(row, DELETED, version=version, id_=id_, now=now, said=said)


def taking_back(
    row: Document, undone: ActivityId, *, version: int, id_: ActivityId, author: str, now: datetime
) -> Activity:
    """What takes back something that was done to a contact, which may be deleted by it."""
    said = {"author": author, UNDOES: undone, "what": ["took something back"]}
    return _by_hand(row, "contact_edited", version=version, id_=id_, now=now, said=said)


def restore(
    db: Database[Document], contact: ContactId, *, id_: ActivityId, author: str, now: datetime
) -> frozenset[int]:
    """Take the last deletion of a contact back: all is as if it had not been.

    Returns the lanes that have work by it.  Raises NoSuchContact, Unavailable.
    """
    row = db.contacts.find_one({"_id": contact, "deletion": {"$exists": True}})
    if row is None:
        raise NoSuchContact("this contact is not deleted, or was erased for good")
    undone = ActivityId(row["deletion"]["cause"])
    version = rulesets.current_number(db)
    return _keep(db, taking_back(row, undone, version=version, id_=id_, author=author, now=now))


def create(
    db: Database[Document], fields: Mapping[str, Any], *, id_: ActivityId, author: str, now: datetime
) -> frozenset[int]:
    """Keep a new contact, by at least one of email, mobile phone and external id.

    Raises InvalidEdit, which names who has one of them already.
    """
    ruleset = rulesets.current(db)
    checked = _Checked.of(db, {"_id": ContactId("")}, Edit(fields=fields), ruleset, now=now)
    if not checked.identities:
        raise InvalidEdit({"email": "an email, a mobile phone or an external id is needed"})
    return _keep(
        db,
        Activity(
            id=id_,
            type="contact_created",
            stream=stream_of(None, checked.identities),
            happened_at=now,
            received_at=now,
            identities=checked.identities,
            traits=checked.traits,
            properties={"author": author},
            trusted=True,
            ruleset=ruleset.version,
            source=SOURCE,
        ),
    )


def until_applied(db: Database[Document], id_: ActivityId, *, patience: float) -> bool:
    """Wait until an edit has taken effect, some seconds at most; whether it has."""
    deadline = time.monotonic() + patience
    while (row := db.activities.find_one({"_id": id_}, {"state": 1})) and row["state"] == "received":
        if time.monotonic() > deadline:
            return False
        time.sleep(0.03)
    return row is not None and row["state"] == "applied"


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


def _keep(db: Database[Document], activity: Activity) -> frozenset[int]:
    return inbox.receive(db, [activity]).lanes


def _living(db: Database[Document], contact: ContactId) -> Document:
    row = db.contacts.find_one({"_id": contact, **LIVING})
    if row is None:
        raise NoSuchContact("this contact is not there any more: it may have been merged or deleted")
    return row


def _name(row: Document) -> str:
    whole = " ".join(filter(None, (row.get("first_name"), row.get("last_name"))))
    return whole or str(row.get("email_typed") or row.get("email") or row.get("mobile_phone") or "")


def _by_hand(
    row: Document, type_: str, *, version: int, id_: ActivityId, now: datetime, said: Document
) -> Activity:
    """What a person does to a contact, as an activity of its."""
    return Activity(
        id=id_,
        type=type_,
        stream=anchor(row),
        happened_at=now,
        received_at=now,
        properties={name: value for name, value in said.items() if value},
        trusted=True,
        ruleset=version,
        source=SOURCE,
    )


def anchor(row: Document) -> Key:
    """The stream by which an edit finds its contact: one that is the contact's own now."""
    held = [span["key"] for span in row.get("spans", ()) if span.get("until") is None]
    strongest = sorted(held, key=lambda key: ("xept".index(key[0]), key))
    if not strongest:
        raise InvalidEdit({"": "nothing leads to this contact any more, so that it cannot be changed"})
    return Key(strongest[0])


def _refuse_overtaken(
    db: Database[Document], row: Document, read: Mapping[str, Any], ruleset: Ruleset, *, now: datetime
) -> None:
    present = {
        name: state_in(row, ruleset.machines[name]) if name in ruleset.machines else value_of(row, name)
        for name in read
    }
    if read:
        under_way = _under_way(db, row, ruleset, since=now - UNDER_WAY)
        present |= {name: under_way[name] for name in read if name in under_way}
    theirs = {name: value for name, value in present.items() if value != read[name]}
    if theirs:
        raise EditedMeanwhile(theirs)


def _under_way(db: Database[Document], row: Document, ruleset: Ruleset, *, since: datetime) -> Document:
    """What other edits make of the contact that were kept and have not taken effect yet."""
    query = {
        "stream": anchor(row),
        "happened_at": {"$gte": since},
        "type": "contact_edited",
        "state": "received",
    }
    values: Document = {}
    for waiting in db.activities.find(query).sort("happened_at", 1):
        said, who = waiting.get("properties", {}), waiting.get("identities", {})
        values |= {_NAMES.get(kind, kind): value for kind, value in who.items()}
        values |= {_field_of(trait): value for trait, value in waiting.get("traits", {}).items()}
        values |= {machine: said[machine] for machine in ruleset.machines if machine in said}
        values |= dict.fromkeys(said.get(CLEARED, ()))
    return values


_NAMES = {"phone": "mobile_phone"}


def _field_of(trait: str) -> str:
    return trait if trait in PROFILE or trait == "email" else f"{CUSTOM}{trait}"


def _said(change: Edit) -> Document:
    """What an edit says besides fields."""
    said: Document = dict(change.statuses)
    parts = {
        ADD_TO: list(change.add_to),
        REMOVE_FROM: list(change.remove_from),
        "points": change.points,
        "reason": change.reason.strip(),
        "until": change.until.isoformat() if change.until else None,
        UNDOES: change.undoes,
    }
    return said | {name: value for name, value in parts.items() if value}


@dataclass(frozen=True)
class _Checked:
    """An edit in which every value is as it is kept; `words` tell it to people."""

    identities: Identities
    traits: Document
    said: Document
    words: list[str]

    @classmethod
    def of(
        cls, db: Database[Document], row: Document, change: Edit, ruleset: Ruleset, *, now: datetime
    ) -> _Checked:
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
    found: dict[str, str] = {}
    other: ContactId | None = None
    for name in IDENTITIES:
        if name not in change.fields:
            continue
        if not change.fields[name]:
            if row.get(name):
                problems[name] = f"{label_of(name, ruleset)} can be changed, not taken away"
            continue
        try:
            value = _normalised(name, str(change.fields[name]), ruleset)
        except InvalidIdentity as error:
            problems[name] = f"{label_of(name, ruleset)}: {error.reason}"
            continue
        key = f"{_KINDS[name]}:{value}"
        holder = db.contacts.find_one({"keys": key}, {"first_name": 1, "last_name": 1, "deleted": 1})
        if holder is not None and holder["_id"] != row["_id"] and not _makes_way(holder, row):
            other = ContactId(holder["_id"])
            whose = _name(holder) or ("a deleted contact" if holder.get("deleted") else "another contact")
            problems[name] = f"{whose} has {label_of(name, ruleset).lower()} {value} already"
            continue
        if tombstones.refused(db, [Key(key)]):
            problems[name] = f"who had {label_of(name, ruleset).lower()} {value} was erased: {COME_BACK}"
            continue
        found["phone" if name == "mobile_phone" else name] = value
    return Identities(**found), other


def _makes_way(holder: Document, row: Document) -> bool:
    """Whether a contact that has a key already is one that was deleted, and is made anew by it."""
    return bool(holder.get("deleted")) and not row["_id"]


_KINDS = {"external_id": "x", "email": "e", "mobile_phone": "p"}


def _normalised(name: str, value: str, ruleset: Ruleset) -> str:
    if name == "email":
        return normalise_email(value)
    if name == "mobile_phone":
        return normalise_phone(value, region=ruleset.account.default_region)
    return normalise_external_id(value)


def _traits(
    row: Document, change: Edit, ruleset: Ruleset, problems: dict[str, str]
) -> tuple[Document, list[str]]:
    """The new values by trait, each as it is kept, and the names of fields that are emptied."""
    traits: Document = {}
    cleared: list[str] = []
    for name, value in change.fields.items():
        if name in IDENTITIES:
            continue
        custom = name.removeprefix(CUSTOM)
        if custom == name and name not in PROFILE:
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
    known = [*IDENTITIES, *PROFILE, *(f"{CUSTOM}{id_}" for id_ in ruleset.fields)]
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


_POINTS_NEED_REASON = "points that are given or taken by hand need a reason"

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
    """What is wrong with the date until which a status is given."""
    if change.until is None:
        return {}
    machines = ((ruleset.machines.get(id_), to) for id_, to in change.statuses.items())
    if not any(machine is not None and ends(machine, to) for machine, to in machines):
        return {"until": "only a status that ends, such as a pause, has an end date"}
    end = moment_of(change.until, ruleset.account)
    if end is None or end <= now:
        return {"until": f"{change.until.isoformat()} has begun already: a pause ends on a later day"}
    return {}


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


def words(row: Document, change: Edit, ruleset: Ruleset) -> Sequence[str]:
    """What was changed of a contact, for the timeline."""
    fields = [
        f"{label_of(name, ruleset)}: {_shown(value_of(row, name))} → {_shown(value)}"
        for name, value in change.fields.items()
    ]
    return [*fields, *_other_words(change, ruleset)]


def words_of(change: Edit, ruleset: Ruleset) -> list[str]:
    """What an edit does to whomever it is made of, in words; states and segments must be declared."""
    fields = [f"{label_of(name, ruleset)}: {_shown(value)}" for name, value in change.fields.items()]
    return [*fields, *_other_words(change, ruleset)]


def _other_words(change: Edit, ruleset: Ruleset) -> list[str]:
    """What an edit does besides fields."""
    words = [
        f"{ruleset.machines[id_].label}: {ruleset.machines[id_].states[to]}"
        + (f" until {change.until.isoformat()}" if change.until and ends(ruleset.machines[id_], to) else "")
        for id_, to in change.statuses.items()
    ]
    words += [f"into {ruleset.segments[id_].name}" for id_ in change.add_to]
    words += [f"out of {ruleset.segments[id_].name}" for id_ in change.remove_from]
    if change.points:
        words.append(f"{change.points:+d} points")
    if change.undoes:
        words.append("took something back")
    return words


def _shown(value: Any) -> str:
    if value is None or value == "" or value == []:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)[:80]
