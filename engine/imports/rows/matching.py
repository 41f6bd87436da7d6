"""Match a parsed row with its contact: by external id, else by email, else by phone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from engine.db import Db
from engine.db.contact_codec import held_keys
from engine.domain.document import Document
from engine.domain.fields import EDITABLE_FIELDS
from engine.domain.identity.identities import Key, key_kind, key_value
from engine.imports.reading.problems import Problem
from engine.imports.rows.parsed_row import RefusedRow
from engine.pipeline.groups import Prefetched

_CONTACT_FIELDS = (
    "keys", "named", "spans", *EDITABLE_FIELDS, "email_typed", "custom", "statuses", "segments", "deleted",
    "deletion",
)  # fmt: skip
"""The contact fields that the decision on a row reads."""


def contacts_by_key(db: Db, keys: Iterable[Key]) -> dict[Key, Document]:
    """Look up the contacts that keys lead to, by key: also former keys, and deleted contacts."""
    keys = set(keys)
    return by_key(keys, db.contacts.find({"keys": {"$in": list(keys)}}, _CONTACT_FIELDS) if keys else ())


def whole_contacts(db: Db, keys: Iterable[Key]) -> Prefetched:
    """Look up the contacts that keys lead to with all that the fold needs of them."""
    keys = set(keys)
    rows = list(db.contacts.find({"keys": {"$in": list(keys)}})) if keys else []
    return Prefetched(keys.union(*(row["keys"] for row in rows)), {row["_id"]: row for row in rows})


def by_key(keys: set[Key], rows: Iterable[Document]) -> dict[Key, Document]:
    """Return contacts by those of some keys that lead to them."""
    return {Key(key): row for row in rows for key in held_keys(row) & keys}


@dataclass(frozen=True)
class Match:
    """The contact of a row, as its document; None for a new contact.

    Parameters:
      keys: The keys of the row that lead to it.
      revives: Whether other keys of the row lead to a contact that only an import had created, and which
        was undone: the row then claims all its keys, which merges the two.
    """

    contact: Document | None
    keys: frozenset[Key] = frozenset()
    revives: bool = False

    @property
    def is_present(self) -> bool:
        """Whether the contact exists and is not deleted."""
        return self.contact is not None and not self.contact.get("deleted")


class Keyed(Protocol):
    """A row, or what several rows come to: the keys of its contact, strongest first."""

    @property
    def line(self) -> int: ...

    @property
    def keys(self) -> list[Key]: ...


def match(row: Keyed, contacts: Mapping[Key, Document]) -> Match:
    """Match a row with one of the contacts that its keys lead to.

    Raises RefusedRow if they lead to two contacts, or if the contact is known by a weaker key and has
    another value of a stronger one: that is another person with the same address or number.
    """
    found = {key: contacts[key] for key in row.keys if key in contacts}
    present = {key: contact for key, contact in found.items() if not _is_undone_import(contact)}
    if not present:
        return Match(None)
    first, contact = next(iter(present.items()))
    for key, other in present.items():
        if other["_id"] != contact["_id"]:
            whose = "a deleted contact" if other.get("deleted") else "another contact"
            what = f"{described(first)} is one contact's and {described(key)} {whose}'s"
            raise RefusedRow([Problem(row.line, "two_contacts", what)])
    for key in row.keys:
        if key == first:
            break
        kind, value = key_kind(key), key_value(key)
        current = contact.get(kind.contact_field)
        if current is not None:
            label = kind.label.lower()
            what = f"{described(first)} is that of a contact whose {label} is {current}, and not {value}"
            raise RefusedRow([Problem(row.line, "two_contacts", what)])
    return Match(contact, frozenset(present), revives=len(present) < len(found))


def described(key: Key) -> str:
    """Return a key in words: `email ana@example.com`."""
    return f"{key_kind(key).label.lower()} {key_value(key)}"


def _is_undone_import(contact: Document) -> bool:
    """Whether a contact was created by an import alone, and that was undone."""
    return bool(contact.get("deleted")) and not contact.get("deletion")
