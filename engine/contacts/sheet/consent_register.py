"""The consent register of a contact: who stated what, when and where, what it changed, the state of a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec

from engine.contacts.editing.undo import Undone, undone_among
from engine.db import Db
from engine.domain.activities import (
    ORIGIN,
    PREFERENCE_PAGE,
    SOURCE_LABELS,
    Activity,
    ActivityId,
    ContactId,
    Source,
    derived_stream,
    source_of,
)
from engine.domain.consent_history import (
    ConsentAct,
    Hindrance,
    consent_acts,
    consent_machines,
    consent_types,
    states_at,
)
from engine.domain.document import Document
from engine.domain.rulebook import Ruleset
from engine.domain.statuses import REFUSED, THE_CONTACT, author_of
from engine.pipeline import activity_spans
from engine.pipeline.groups import decode_activity
from engine.rules import versions

A_RULE = "a rule"
"""The author of a change by an effect of the rules."""

SYSTEM = "the system"


class Evidence(msgspec.Struct, frozen=True):
    """What was given with a statement, as far as it was given.

    Parameters:
      origin: The form, place or sending service, as the sender calls it (`source`).
      page: The address of the page.
      text: The words that were agreed to, and their version.
      ip: The network address that the sender gave.
      address: The email or phone that the statement names.
      file: The imported file, and the line in it.
      reason: The reason that a user entered, or a sender gave.
    """

    origin: str | None = None
    page: str | None = None
    text: str | None = None
    text_version: str | None = None
    ip: str | None = None
    address: str | None = None
    file: str | None = None
    line: int | None = None
    reason: str | None = None


class ConsentEntry(msgspec.Struct, frozen=True):
    """An act that concerned a subscription; states are in display words.

    Parameters:
      id: The activity.
      what: The activity's label.
      by: Who stated it: `the contact`, a user, a rule.
      source: The kind of sender.
      asked: The state that it asked for.
      outcome: What it changed, or why it changed nothing.
    """

    id: ActivityId
    at: datetime
    received_at: datetime
    subscription: str
    label: str
    what: str
    by: str
    source: str
    asked: str
    before: str
    after: str
    changed: bool
    outcome: str
    evidence: Evidence


class ConsentState(msgspec.Struct, frozen=True):
    """The state of a subscription, and the act that led to it; unset if nothing ever did."""

    subscription: str
    label: str
    state: str
    words: str
    because: ConsentEntry | None


class ConsentRegister(msgspec.Struct, frozen=True):
    """All of it, the acts in order of time; `as_of` is the day at whose end it is seen, unset for now."""

    contact: ContactId
    as_of: date | None
    states: list[ConsentState]
    entries: list[ConsentEntry]


def register(db: Db, contact_id: ContactId, *, as_of: date | None = None) -> ConsentRegister | None:
    """The register of a contact; None if there is no contact of that id.

    Of a day it has the acts that happened until its end, in the account's time zone, whenever they arrived.
    """
    contact = db.contacts.find_one({"_id": contact_id}, activity_spans.HELD)
    if contact is None:
        return None
    ruleset = versions.current(db)
    until = None if as_of is None else _end_of(as_of, ruleset)
    moves = _moves(db, contact_id, ruleset)
    undone = set(contact.get("undone", ()))
    acts = [
        act
        for act in consent_acts(
            _activities(db, contact, ruleset, (cause for cause, _ in moves)),
            versions.rulebook(db),
            undone=undone,
            moves=moves,
        )
        if until is None or act.activity.happened_at < until
    ]
    takers = undone_among(db, contact, {act.activity.id for act in acts if act.hindrance == "undone"})
    entries = {id(act): _entry(act, ruleset, takers) for act in acts}
    last = states_at(acts, datetime.max.replace(tzinfo=ruleset.account.time_zone))
    return ConsentRegister(
        contact=contact_id,
        as_of=as_of,
        states=[
            _state(machine.id, last.get(machine.id), entries, ruleset)
            for machine in consent_machines(ruleset)
        ],
        entries=list(entries.values()),
    )


def _end_of(day: date, ruleset: Ruleset) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), ruleset.account.time_zone)


def _activities(db: Db, contact: Document, ruleset: Ruleset, causes: Iterable[ActivityId]) -> list[Activity]:
    """The activities that can concern a subscription, and those because of which rules changed one."""
    wanted = {"state": "applied", "type": {"$in": sorted(consent_types(ruleset))}}
    rows = list(db.activities.find(activity_spans.query(contact, wanted)))
    others = sorted(set(causes) - {row["_id"] for row in rows})
    rows += db.activities.find({"_id": {"$in": others}, "derived": {"$ne": True}})
    return [decode_activity(row) for row in rows]


def _moves(db: Db, contact: ContactId, ruleset: Ruleset) -> dict[tuple[ActivityId, str], str]:
    """The states that subscriptions reached, by the activity that caused it and the status."""
    machines = [machine.id for machine in consent_machines(ruleset)]
    query = {
        "stream": derived_stream(contact),
        "type": "status_changed",
        "properties.machine": {"$in": machines},
    }
    rows = db.activities.find(query, {"properties": 1, "cause": 1}).sort([("happened_at", 1), ("_id", 1)])
    return {(row["cause"], row["properties"]["machine"]): row["properties"]["to"] for row in rows}


def _state(
    machine: str, act: ConsentAct | None, entries: Mapping[int, ConsentEntry], ruleset: Ruleset
) -> ConsentState:
    declared = ruleset.machines[machine]
    state = declared.initial if act is None else act.after
    because = None if act is None else entries[id(act)]
    return ConsentState(machine, declared.label, state, declared.states.get(state, state), because)


def _entry(act: ConsentAct, ruleset: Ruleset, takers: Mapping[ActivityId, Undone]) -> ConsentEntry:
    activity, machine = act.activity, ruleset.machines.get(act.machine)

    def words(state: str) -> str:
        plain = state.replace("_", " ")
        return plain if machine is None else machine.states.get(state, plain)

    outcome = f"{words(act.before)} → {words(act.after)}" if act.changed else ""
    return ConsentEntry(
        id=activity.id,
        at=activity.happened_at,
        received_at=activity.received_at,
        subscription=act.machine,
        label=act.machine if machine is None else machine.label,
        what=ruleset.catalog.label(activity.type),
        by=A_RULE if act.by_rule else _by(activity),
        source=SOURCE_LABELS[_source_of(activity)],
        asked=words(act.asked),
        before=words(act.before),
        after=words(act.after),
        changed=act.changed,
        outcome=outcome or f"changed nothing: {_why(act, words(act.before), takers, ruleset)}",
        evidence=_evidence(activity),
    )


_WHY: Mapping[Hindrance, str] = {
    "superseded": "the shop's server reported the same event",
    "refused": "the contact had refused, and a file does not lift that",
    "simultaneous": "a refusal of the same moment holds",
    "ineffective": "the rules in force did not lead there",
}


def _why(act: ConsentAct, present: str, takers: Mapping[ActivityId, Undone], ruleset: Ruleset) -> str:
    if act.hindrance == "same":
        return f"already {present}"
    if act.hindrance == "undone":
        return _undone(takers.get(act.activity.id), ruleset)
    if act.hindrance == "unproven":
        refused = "the contact had refused, and a browser alone does not lift that"
        waits = ruleset.account.consent_from_browser == "confirm"
        alone = "it needs a confirmation" if waits else "a browser alone cannot do this"
        return refused if act.before == REFUSED else alone
    return _WHY[act.hindrance]


def _undone(taken: Undone | None, ruleset: Ruleset) -> str:
    if taken is None:
        return "it was undone"
    day = taken.at.astimezone(ruleset.account.time_zone)
    why = f" ({taken.reason})" if taken.reason else ""
    by = f" by {taken.by}" if taken.by else ""
    return f"it was undone{by} on {day.day} {day:%B %Y}{why}"


def _by(activity: Activity) -> str:
    if activity.type == "email_complained":
        return THE_CONTACT
    return author_of(activity) or SYSTEM


def _source_of(activity: Activity) -> Source:
    if activity.by_hand and not activity.by_import and activity.source != PREFERENCE_PAGE:
        return Source.PERSON
    return source_of({"source": activity.source, "trusted": activity.trusted, "verified": activity.verified})


def _evidence(activity: Activity) -> Evidence:
    properties, context = activity.properties, activity.context
    origin = context.get(ORIGIN)
    from_file: Mapping[str, Any] = origin if isinstance(origin, Mapping) and activity.by_import else {}
    page = context.get("page")
    visited = page.get("url") if isinstance(page, Mapping) else None
    line = from_file.get("line")
    addresses = (properties.get("email"), properties.get("phone"))
    return Evidence(
        origin=_text(properties.get("source")) or _text(properties.get("provider")),
        page=_text(properties.get("page")) or _text(visited),
        text=_text(properties.get("text")),
        text_version=_text(properties.get("text_version")),
        ip=_text(properties.get("ip")) or _text(context.get("ip")),
        address=next(filter(None, map(_text, addresses)), None)
        or activity.identities.email
        or activity.identities.phone,
        file=_text(from_file.get("file")) or (_text(properties.get("file")) if activity.by_import else None),
        line=line if isinstance(line, int) else None,
        reason=_text(properties.get("reason")),
    )


def _text(value: Any) -> str | None:
    """A value as text; nothing for a blank one, and for what is no text or number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return " ".join(str(value).split()) or None
