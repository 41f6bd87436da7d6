"""What becomes of a row: a new contact, changes of a known one, nothing, or a refusal.

Pure: the contacts that its keys lead to are given.  What is done is a few activities whose
ids follow from the job and the line, so that doing a row again does nothing more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from engine.contacts.editing import edits
from engine.contacts.editing.edit_model import value_of
from engine.contacts.editing.edit_words import words
from engine.domain.activities import IMPORT, Activity, ActivityId, ContactId
from engine.domain.identities import Identities, Key, key_kind, key_value, stream_of
from engine.domain.people import contact_id_of
from engine.domain.profile import CLEARED
from engine.domain.rulebook import Ruleset
from engine.domain.segments import ADD_TO
from engine.imports.mapping.columns import CHANNELS
from engine.imports.mapping.consents import Consent
from engine.imports.mapping.settings import Mode
from engine.imports.reading.problems import Problem
from engine.imports.rows.wanted import RefusedRow, Wanted

Document = dict[str, Any]

Outcome = Literal["created", "updated", "unchanged"]

OUTCOMES: tuple[Outcome, ...] = ("created", "updated", "unchanged")

PARTS = ("row", *CHANNELS)
"""What a row can come to: what it says of the contact now, and of each subscription at its date."""


@dataclass(frozen=True)
class Decision:
    """What becomes of a row, and the activities by which it does."""

    line: int
    outcome: Outcome
    activities: tuple[Activity, ...] = ()
    contact: ContactId | None = None


@dataclass(frozen=True)
class Deciding:
    """What holds for all rows of one import.

    Parameters:
      job(str): Its id, from which those of all activities follow.
      file(str): What the file is called, for the timeline.
      author(str): Who imports it.
      namespace(bytes): The secret that contact ids are keyed with.
    """

    job: str
    file: str
    author: str
    mode: Mode
    ruleset: Ruleset
    namespace: bytes

    def decide(self, wanted: Wanted, holders: Mapping[Key, Document], *, now: datetime) -> Decision:
        """Say what becomes of a row; `holders` are the contacts that its keys lead to.

        Raises RefusedRow.
        """
        found = {key: holders[key] for key in wanted.keys if key in holders}
        lead = {key: row for key, row in found.items() if not _is_taken_back(row)}
        known = _the_one(wanted, lead)
        there = known is not None and not known.get("deleted")
        if self.mode == "create" and there:
            raise RefusedRow([Problem(wanted.line, "exists", f"{_named(wanted)} is there already")])
        if self.mode == "update" and not there:
            raise RefusedRow([Problem(wanted.line, "unknown", f"{_named(wanted)} is no contact yet")])
        if known is None:
            return Decision(wanted.line, "created", self._creation(wanted, now))
        unites = any(key in holders and key not in lead for key in wanted.keys)
        changes = self._changes(wanted, known, lead, now, unites=unites)
        outcome: Outcome = "created" if not there else "updated" if changes else "unchanged"
        return Decision(wanted.line, outcome, changes, ContactId(known["_id"]))

    # Somebody new

    def _creation(self, wanted: Wanted, now: datetime) -> tuple[Activity, ...]:
        undated: dict[str, str] = {
            c.channel: c.state for c in wanted.consents if c.at is None and c.state != "no"
        }
        dated = [consent for consent in wanted.consents if consent.at is not None]
        stream = stream_of(None, wanted.identities)
        said = self._said(wanted.segments, undated)
        traits = _traits(wanted.values, wanted.email_typed)
        row = self._activity(wanted, "row", stream, now, wanted.identities, traits=traits, properties=said)
        acts = [self._act(wanted, consent, stream, now, wanted.identities) for consent in dated]
        return (row, *acts)

    # Somebody known

    def _changes(
        self, wanted: Wanted, row: Document, holders: Mapping[Key, Document], now: datetime, *, unites: bool
    ) -> tuple[Activity, ...]:
        """What is to change of a contact.

        With `unites` one of the keys still leads to somebody whom an import alone had made, and
        who was taken back: as a claim the row unites the two.
        """
        identities = _new_identities(wanted, row, holders)
        typed = wanted.email_typed if identities.email else None
        values = {n: value for n, value in wanted.values.items() if value_of(row, n) != value}
        emptied = [name for name in wanted.emptied if value_of(row, name) is not None]
        segments = [segment for segment in wanted.segments if segment not in row.get("segments", {})]
        undated, dated = self._consents(wanted, row)
        stream = stream_of(None, wanted.identities) if unites else edits.anchor(row)
        changes = []
        if unites or identities or values or emptied or segments or undated or row.get("deleted"):
            said = self._said(segments, undated) | ({CLEARED: emptied} if emptied else {})
            said["what"] = self._words(row, identities, values, emptied, segments)
            traits = _traits(values, typed)
            claimed = wanted.identities if unites else identities
            changes.append(
                self._activity(wanted, "row", stream, now, claimed, traits=traits, properties=said)
            )
        for consent in dated:
            at = consent.at or now
            stream = _stream_at(row, at, self.namespace)
            changes.append(self._act(wanted, consent, stream, now, Identities()))
        return tuple(changes)

    def _consents(self, wanted: Wanted, row: Document) -> tuple[dict[str, str], list[Consent]]:
        """What a row changes of subscriptions: by what it says now, and by what was at a date."""
        undated: dict[str, str] = {}
        dated = []
        for consent in wanted.consents:
            status = row.get("statuses", {}).get(consent.channel, {})
            state, since = status.get("state", "not_subscribed"), status.get("since")
            if consent.state == "no":
                if state == "subscribed":
                    undated[consent.channel] = "unsubscribed"
            elif consent.state == state or (consent.stated and state == "unsubscribed"):
                continue
            elif consent.at is not None:
                if since is None or since < consent.at:
                    dated.append(consent)
            elif consent.state == "unsubscribed" or state == "not_subscribed":
                undated[consent.channel] = consent.state
        return undated, dated

    def _words(
        self,
        row: Document,
        identities: Identities,
        values: Mapping[str, Any],
        emptied: Sequence[str],
        segments: Sequence[str],
    ) -> list[str]:
        """What was changed of a contact, for the timeline."""
        after = {key_kind(key).contact_field: key_value(key) for key in identities.keys()} | dict(values)
        edit = edits.Edit(fields=after | dict.fromkeys(emptied), add_to=segments)
        return list(words(row, edit, self.ruleset))

    # Activities

    def _said(self, segments: Sequence[str], undated: Mapping[str, str]) -> Document:
        return {"file": self.file, "author": self.author, **undated} | (
            {ADD_TO: list(segments)} if segments else {}
        )

    def _act(
        self, wanted: Wanted, consent: Consent, stream: Key, now: datetime, identities: Identities
    ) -> Activity:
        """What somebody did about a subscription, at its own date."""
        assert consent.at is not None
        type_ = f"{consent.channel}_{consent.state}"
        said = {"source": self.file if consent.source is None else f"{consent.source} ({self.file})"}
        return self._activity(
            wanted, consent.channel, stream, now, identities, type_=type_, at=consent.at, properties=said
        )

    def _activity(
        self,
        wanted: Wanted,
        part: str,
        stream: Key,
        now: datetime,
        identities: Identities,
        *,
        type_: str = "contact_imported",
        at: datetime | None = None,
        traits: Document | None = None,
        properties: Document | None = None,
    ) -> Activity:
        return Activity(
            id=activity_id(self.job, wanted.line, part),
            type=type_,
            stream=stream,
            happened_at=now if at is None else at,
            received_at=now,
            identities=identities,
            traits=traits or {},
            properties=properties or {},
            trusted=True,
            ruleset=self.ruleset.version,
            source=IMPORT,
        )


def activity_id(job: str, line: int, part: str) -> ActivityId:
    """The id of what a row comes to: the same however often it is tried."""
    return ActivityId(hashlib.blake2b(f"{job}\n{line}\n{part}".encode(), digest_size=16).hexdigest())


def _is_taken_back(row: Document) -> bool:
    """Whether somebody is there by an import alone that was taken back."""
    return bool(row.get("deleted")) and not row.get("deletion")


def _the_one(wanted: Wanted, holders: Mapping[Key, Document]) -> Document | None:
    """The contact that a row is about: by its external id, else email, else phone.

    Raises RefusedRow if the keys lead to two, or if it is known by a weaker key and has
    another value of a stronger one: that is somebody else at the same address or number.
    """
    found = {key: holders[key] for key in wanted.keys if key in holders}
    if not found:
        return None
    first, row = next(iter(found.items()))
    for key, other in found.items():
        if other["_id"] != row["_id"]:
            whose = "a deleted contact" if other.get("deleted") else "another contact"
            what = f"{_words_of(first)} is one contact's and {_words_of(key)} {whose}'s"
            raise RefusedRow([Problem(wanted.line, "two_contacts", what)])
    for key in wanted.keys:
        if key == first:
            break
        kind, value = key_kind(key), key_value(key)
        held = row.get(kind.contact_field)
        if held is not None:
            called = kind.label.lower()
            what = f"{_words_of(first)} is that of a contact whose {called} is {held}, and not {value}"
            raise RefusedRow([Problem(wanted.line, "two_contacts", what)])
    return row


def _new_identities(wanted: Wanted, row: Document, holders: Mapping[Key, Document]) -> Identities:
    """The identities that a row gives a contact which it has not got.

    A former email or number that merely led to it does not come back.
    """
    current = any(row.get(key_kind(key).contact_field) == key_value(key) for key in wanted.keys)
    found = {}
    for key in wanted.keys:
        kind, value = key_kind(key), key_value(key)
        held = row.get(kind.contact_field)
        former = key in holders
        if held != value and (held is None or current or not former):
            found[kind] = value
    return Identities.of(found)


def _stream_at(row: Document, at: datetime, namespace: bytes) -> Key:
    """A stream that leads to a contact at a time before now: the key that brought it into being,
    so that it stays the same contact when something older becomes known of it."""
    for span in row.get("spans", ()):
        founding = contact_id_of(span["key"], namespace) == row["_id"]
        if founding and (span.get("until") is None or at < span["until"]):
            return Key(span["key"])
    return edits.anchor(row)


def _traits(values: Mapping[str, Any], email_typed: str | None) -> Document:
    traits = {name.removeprefix("custom."): value for name, value in values.items()}
    return traits | ({"email": email_typed} if email_typed else {})


def _named(wanted: Wanted) -> str:
    return _words_of(wanted.keys[0])


def _words_of(key: Key) -> str:
    return f"{key_kind(key).label.lower()} {key_value(key)}"
