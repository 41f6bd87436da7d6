"""The activities that the orders and activities of a file come to, each stored once.

The id of an activity follows from its customer, from the number of its order (or the id of the activity)
and from what it says of that, and ends with a counter: the same file imported again finds what is stored.
Where a file says something else than an earlier one did, or that one was undone, the counter goes on, and
as the id settles the order of what happened at the same time, the later file counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from engine.db import Db
from engine.domain.activities import IMPORT, ORIGIN, Activity, ActivityId
from engine.domain.document import Document
from engine.domain.identity.identities import stream_of
from engine.imports.history.entry import Entry, EntryPart, PartName
from engine.imports.history.own_rows import has_content

PartKey = tuple[int, PartName]
"""A part of an entry: the entry's line, and the part's name."""


@dataclass
class StoredParts:
    """What is stored of the parts of some entries, from this file or earlier ones.

    `next` is the id under which a part would be stored now; `latest` the stored activity before it, if
    there is one that was not undone.
    """

    next: dict[PartKey, ActivityId] = field(default_factory=dict)
    latest: dict[PartKey, Document] = field(default_factory=dict)


def stored_parts(db: Db, entries: Sequence[Entry], undone: frozenset[str], secret: bytes) -> StoredParts:
    """Look up what is stored of entries; `undone` are the activities that were undone."""
    parts = {
        (entry.line, part.name): _name(entry, entry.name, part, secret)
        for entry in entries
        for part in entry.parts
    }
    found = StoredParts({key: ActivityId(f"{name}:0000") for key, name in parts.items()})
    kept = {(entry.line, part.name): entry.id for entry in entries if entry.id for part in entry.parts}
    found.next |= kept
    seek, number = dict(found.next), 0
    fields = ("content", "happened_at", "context", *(("type", "properties") if kept else ()))
    while seek:
        ids = list(set(seek.values()))
        rows = {row["_id"]: row for row in db.activities.find({"_id": {"$in": ids}}, fields)}
        number += 1
        seek = {key: id_ for key, id_ in seek.items() if id_ in rows}
        for key, id_ in seek.items():
            if id_ in undone:
                found.latest.pop(key, None)
            else:
                found.latest[key] = rows[id_]
            found.next[key] = seek[key] = ActivityId(f"{parts[key]}:{number:04d}")
    found.latest = _stored_in_seconds(db, entries, undone, secret) | found.latest
    return found


def _stored_in_seconds(
    db: Db, entries: Sequence[Entry], undone: frozenset[str], secret: bytes
) -> dict[PartKey, Document]:
    """The activities of a file's lines that a version before 0.2 stored under their time in seconds."""
    found = [
        (f"{_name(entry, entry.name_in_seconds, part, secret)}:0000", entry, part)
        for entry in entries
        for part in entry.parts
        if entry.name_in_seconds
    ]
    ids = {id_ for id_, *_ in found} - undone
    fields = ("content", "happened_at", "context")
    rows = {row["_id"]: row for row in db.activities.find({"_id": {"$in": list(ids)}}, fields)} if ids else {}
    return {
        (entry.line, part.name): row
        for id_, entry, part in found
        if (row := rows.get(id_)) and origin_of(row).get("line") == entry.line and is_same(entry, part, row)
    }


def digest_of(part: EntryPart) -> str:
    """Return the digest of all that a part says."""
    content = _ENCODER.encode((part.type, part.at, part.properties))
    return hashlib.blake2b(content, digest_size=12).hexdigest()


_ENCODER = msgspec.json.Encoder(order="deterministic", decimal_format="string")


def is_same(entry: Entry, part: EntryPart, stored: Mapping[str, Any]) -> bool:
    """Return whether a stored activity says what a part of an entry does."""
    if entry.id is not None:
        return has_content(part, stored)
    digest = origin_of(stored).get("digest")
    return digest == digest_of(part) or (part.at.microsecond > 0 and digest == digest_of(part.in_seconds()))


def origin_of(stored: Mapping[str, Any]) -> Document:
    """Return which import an activity is from, and its line."""
    origin = stored.get("context", {}).get(ORIGIN)
    return origin if isinstance(origin, dict) else {}


@dataclass(frozen=True)
class EntryActivities:
    """Builds the activities of the entries of one import, under a version of the rules."""

    job: str
    file: str
    version: int

    def of(
        self, entry: Entry, part: EntryPart, id_: ActivityId, *, is_new: bool, creates: bool, now: datetime
    ) -> Activity:
        """Return the activity of a part.

        `is_new` says that nothing was known of the entry; a contact that the import `creates` gets the
        name of the customer.
        """
        origin: Document = {
            "job": self.job,
            "file": self.file,
            "line": entry.line,
            "digest": digest_of(part),
            "new": is_new,
        }
        traits: Document = {**entry.traits, **(entry.names if creates else {})}
        if entry.email_typed:
            traits["email"] = entry.email_typed
        return Activity(
            id=id_,
            type=part.type,
            stream=stream_of(None, entry.identities),
            happened_at=part.at,
            received_at=now,
            identities=entry.identities,
            properties=part.properties,
            traits=traits,
            context={ORIGIN: origin},
            trusted=entry.trusted,
            verified=None if entry.trusted else entry.keys[0],
            ruleset=self.version,
            source=IMPORT,
        )


def _name(entry: Entry, name: str, part: EntryPart, secret: bytes) -> str:
    """What a part is recognised by: it reveals neither the customer nor the order."""
    if entry.id is not None:
        return entry.id
    content = f"{stream_of(None, entry.identities)}\n{part.name}\n{name}".encode()
    return f"history:{hashlib.blake2b(content, key=secret, digest_size=16).hexdigest()}"
