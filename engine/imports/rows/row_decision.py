"""Decide what becomes of a parsed row: a new contact, changes of a known one, nothing, or a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from engine.contacts.editing.edit import value_of
from engine.domain.activities import ContactId
from engine.domain.document import Document
from engine.domain.identity.identities import Identities, IdentityKind, key_kind, key_value
from engine.imports.mapping.consents import Consent
from engine.imports.mapping.import_settings import Mode
from engine.imports.mapping.suppressions import TARGET
from engine.imports.reading.problems import Problem
from engine.imports.rows.matching import Match, described
from engine.imports.rows.parsed_row import ParsedRow, RefusedRow

Outcome = Literal["created", "updated", "unchanged"]

OUTCOMES: tuple[Outcome, ...] = ("created", "updated", "unchanged")


@dataclass(frozen=True)
class RowChanges:
    """The changes of a contact by a row.

    Parameters:
      claimed: The identities that the row claims, for the fold.
      identities: Those of them that are new to the contact.
      email_typed: The new email as typed.
      values: New values by field.
      cleared: Fields that lose their value.
      segments: Static segments that the contact enters.
      consents: New states of subscriptions as of now, by channel.
      dated_consents: Changes of subscriptions at dates of their own.
      restores: Whether the row brings a deleted contact back.
    """

    claimed: Identities
    identities: Identities
    email_typed: str | None
    values: Mapping[str, Any]
    cleared: tuple[str, ...]
    segments: tuple[str, ...]
    consents: Mapping[str, str]
    dated_consents: tuple[Consent, ...]
    restores: bool = False

    @property
    def changes_contact(self) -> bool:
        """Whether something changes as of now; dated consents are changes of their own."""
        return bool(
            self.claimed or self.values or self.cleared or self.segments or self.consents or self.restores
        )

    def __bool__(self) -> bool:
        return self.changes_contact or bool(self.dated_consents)


@dataclass(frozen=True)
class Decision:
    """The outcome of a row, and its contact."""

    line: int
    outcome: Outcome
    match: Match
    changes: RowChanges

    @property
    def contact(self) -> ContactId | None:
        """The known contact that the row is about."""
        return None if self.match.contact is None else ContactId(self.match.contact["_id"])


def decide(row: ParsedRow, match: Match, *, mode: Mode) -> Decision:
    """Decide what becomes of a row.  Raises RefusedRow if the mode excludes its contact."""
    if mode == "create" and match.is_present:
        raise RefusedRow([Problem(row.line, "exists", f"{described(row.keys[0])} already exists")])
    if mode == "update" and not match.is_present:
        raise RefusedRow([Problem(row.line, "unknown", f"{described(row.keys[0])} does not exist")])
    if match.contact is None:
        return Decision(row.line, "created", match, _all_of(row))
    changes = _changes(row, match.contact, match)
    outcome: Outcome = "created" if not match.is_present else "updated" if changes else "unchanged"
    return Decision(row.line, outcome, match, changes)


def _all_of(row: ParsedRow) -> RowChanges:
    """The changes that create a contact from a row."""
    return RowChanges(
        claimed=row.identities,
        identities=row.identities,
        email_typed=row.email_typed,
        values=row.values,
        cleared=(),
        segments=row.segments,
        consents={c.channel: c.state for c in row.consents if c.at is None and c.state != "no"},
        dated_consents=tuple(consent for consent in row.consents if consent.at is not None),
    )


def _changes(row: ParsedRow, contact: Document, match: Match) -> RowChanges:
    """The changes of an existing contact by a row."""
    identities = _new_identities(row, contact, match)
    consents, dated = _consents(row, contact)
    return RowChanges(
        claimed=row.identities if match.revives else identities,
        identities=identities,
        email_typed=row.email_typed if identities.email else None,
        values={name: value for name, value in row.values.items() if value_of(contact, name) != value},
        cleared=tuple(name for name in row.cleared if value_of(contact, name) is not None),
        segments=tuple(segment for segment in row.segments if segment not in contact.get("segments", {})),
        consents=consents,
        dated_consents=tuple(dated),
        restores=bool(contact.get("deleted")),
    )


def _new_identities(row: ParsedRow, contact: Document, match: Match) -> Identities:
    """The identities of a row that its contact does not have.

    A former email or number that merely led to the contact does not become the current one again.
    """
    found: dict[IdentityKind, str] = {}
    names_current = any(contact.get(key_kind(key).contact_field) == key_value(key) for key in row.keys)
    for key in row.keys:
        kind, value = key_kind(key), key_value(key)
        current, is_former = contact.get(kind.contact_field), key in match.keys
        if current != value and (current is None or names_current or not is_former):
            found[kind] = value
    return Identities.of(found)


def _consents(row: ParsedRow, contact: Document) -> tuple[dict[str, str], list[Consent]]:
    """The changes of subscriptions as of now, by channel, and those at a date."""
    present: dict[str, str] = {}
    dated = []
    for consent in row.consents:
        status = contact.get("statuses", {}).get(consent.channel, {})
        state, since = status.get("state", "not_subscribed"), status.get("since")
        if consent.channel == TARGET:
            if state not in (consent.state, "blocked"):
                present[TARGET] = consent.state
        elif consent.state == "no":
            if state == "subscribed":
                present[consent.channel] = "unsubscribed"
        elif consent.state == state or (consent.of_whole_file and state == "unsubscribed"):
            continue
        elif consent.at is not None:
            if since is None or since < consent.at:
                dated.append(consent)
        elif consent.state == "unsubscribed" or state == "not_subscribed":
            present[consent.channel] = consent.state
    return present, dated
