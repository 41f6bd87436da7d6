"""The history of a contact's identities: each email, number and id, since when, and which source named it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec
from pymongo.errors import ExecutionTimeout

from engine.db import Db
from engine.domain.activities import SOURCE_LABELS, ContactId, Source, source_of
from engine.domain.document import Document
from engine.domain.identity.identities import IDENTIFYING, IdentityKind, Key, key_kind, key_value, make_key
from engine.pipeline import activity_spans

DATED = 20
"""Identities of a contact whose first activity is looked up."""

PATIENCE_MS = 200
"""Milliseconds after which the search for the first activity of an identity is given up."""


class KnownIdentity(msgspec.Struct, frozen=True):
    """An identity of a contact.

    Parameters:
      kind: Its kind, as on the page: `Email`.
      field: The contact's field of this kind.
      current: Whether it is the present one of its kind; a former one still leads to the contact.
      since: The time of the first activity that names it; unset if none was found quickly.
      source: Who named it: a user's name, or the kind of source.
    """

    kind: str
    field: str
    value: str
    current: bool
    since: datetime | None = None
    source: str = ""


def identities_of(db: Db, contact: ContactId) -> list[KnownIdentity]:
    """Return the identities of a contact, the present ones first."""
    row = db.contacts.find_one({"_id": contact}, ["former", "spans", "deletion", *_FIELDS])
    if row is None:
        return []
    return [
        _identity(db, row, key, current=current, dated=number < DATED)
        for number, (key, current) in enumerate(_keys(row))
    ]


_FIELDS = [kind.contact_field for kind in IDENTIFYING]


def _keys(row: Document) -> Iterator[tuple[Key, bool]]:
    """The keys of a contact, each with whether it is the present one of its kind."""
    for kind in reversed(IDENTIFYING):
        if row.get(kind.contact_field):
            yield make_key(kind, row[kind.contact_field]), True
    yield from ((Key(key), False) for key in row.get("former", ()) if key_kind(key) in IDENTIFYING)


def _identity(db: Db, row: Document, key: Key, *, current: bool, dated: bool) -> KnownIdentity:
    kind = key_kind(key)
    first = _first_activity(db, row, kind, key_value(key)) if dated else None
    return KnownIdentity(
        kind=kind.label,
        field=kind.contact_field,
        value=key_value(key),
        current=current,
        since=None if first is None else first["happened_at"],
        source="" if first is None else source_words(first),
    )


def _first_activity(db: Db, row: Document, kind: IdentityKind, value: str) -> Document | None:
    query = activity_spans.query(row, {f"identities.{kind.event_field}": value})
    try:
        return db.activities.find_one(query, sort=[("happened_at", 1)], max_time_ms=PATIENCE_MS)
    except ExecutionTimeout:
        return None


def source_words(row: Document) -> str:
    """Return the sender of an activity, given its document: a user's name, or the kind of source."""
    author = str((row.get("properties") or {}).get("author", ""))
    source = source_of(row)
    if source is Source.PERSON and author:
        return author
    return SOURCE_LABELS[source]
