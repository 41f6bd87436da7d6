"""The identities that a contact keeps though the import that gave them is undone: it was changed since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from engine.contacts.editing.edit_activities import by_hand, own_stream
from engine.db import Db
from engine.domain.activities import UNDOES, Activity, ActivityId
from engine.domain.document import Document
from engine.domain.identity.identities import Identities, Key, key_kind, key_value


def keeps(
    db: Db,
    stored: Sequence[Document],
    contacts: Mapping[Key, Document],
    *,
    version: int,
    author: str,
    now: datetime,
) -> list[Activity]:
    """Return the activities by which contacts keep what the undone activities gave them.

    Their ids follow from those of the undone ones, so that a retry keeps the same once.

    Parameters:
      stored: The activities that are undone, with their stream, identities and time of receipt.
      contacts: The contacts of their streams.
    """
    found: dict[tuple[str, str], Activity] = {}
    changed = _changed_since(db, stored, contacts)
    for row in stored:
        contact = contacts.get(Key(row["stream"]))
        if contact is None or contact["_id"] not in changed or contact.get("deleted"):
            continue
        held = _held(contact, msgspec.convert(row.get("identities", {}), Identities).keys())
        if not held:
            continue
        properties = {"author": author, "what": ["kept what identifies a contact that was used since"]}
        keep = by_hand(
            "contact_edited",
            own_stream(contact),
            version=version,
            id_=ActivityId(f"{row['_id']}:keep"),
            now=now,
            properties=properties,
            identities=Identities.of({key_kind(key): key_value(key) for key in held}),
        )
        found.setdefault((contact["_id"], str(held)), keep)
    return list(found.values())


def _held(contact: Document, keys: Iterable[Key]) -> list[Key]:
    """Those of some keys that are the contact's present identities."""
    return [key for key in keys if contact.get(key_kind(key).contact_field) == key_value(key)]


def _changed_since(db: Db, stored: Sequence[Document], contacts: Mapping[Key, Document]) -> frozenset[str]:
    """The ids of the contacts that did something, or were changed, after what is undone was received.

    What is undone itself, and what undoes it, is no change.
    """
    since: dict[str, datetime] = {}
    for row in stored:
        contact = contacts.get(Key(row["stream"]))
        if contact is not None:
            since[contact["_id"]] = max(row["received_at"], since.get(contact["_id"], row["received_at"]))
    streams = {
        str(span["key"]): contact["_id"]
        for contact in contacts.values()
        for span in contact.get("spans", ())
        if contact["_id"] in since
    }
    if not streams:
        return frozenset()
    later = {"stream": {"$in": list(streams)}, "received_at": {"$gt": min(since.values())}}
    undone = db.activities.distinct(f"properties.{UNDOES}", later)
    last = db.activities.aggregate(
        [
            {"$match": {**later, f"properties.{UNDOES}": None, "_id": {"$nin": undone}}},
            {"$group": {"_id": "$stream", "last": {"$max": "$received_at"}}},
        ]
    )
    return frozenset(streams[row["_id"]] for row in last if row["last"] > since[streams[row["_id"]]])
