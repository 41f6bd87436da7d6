"""A contact as MongoDB keeps it, and back.

The document is the person and the state laid side by side, plus what only the database
needs: the version guard `v`, the keys for look-up, the component, what it is listed by (`findable`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

import msgspec

from engine.db.search_keys import search_fields
from engine.domain.activities import ContactId
from engine.domain.contact import ContactState
from engine.domain.document import Document
from engine.domain.folding.component import Contact
from engine.domain.identity.identities import IDENTIFYING, Key, lane_of
from engine.domain.identity.people import Person
from engine.domain.valuation import LifetimeValue, RfmScore, Valuation

BSON_TYPES = (datetime, Decimal, bytes)
"""The types that BSON encodes natively and that stay unconverted."""


LIVING: Document = {"deleted": {"$ne": True}}
"""Matches contacts but those that a person deleted: of these only what leads to them is kept."""


def encode(contact: Contact, *, component: ContactId, linked: bool, lanes: int, now: datetime) -> Document:
    """The whole document, but for its version guard.

    `linked` says that the component holds other contacts, too; `now` is the present.
    """
    person, state = contact.person, contact.state
    document: Document = msgspec.to_builtins(state, builtin_types=BSON_TYPES)
    document.update(msgspec.to_builtins(person, builtin_types=BSON_TYPES))
    document["_id"] = document.pop("id")
    document["identified"] = person.identified
    document["component"] = component
    document["points"] = msgspec.to_builtins(state.points, builtin_types=BSON_TYPES)
    if linked:
        document["linked"] = True
    document["lane"] = lane_of(person.id, lanes)  # type: ignore[arg-type]
    document["upkeep"] = state.upkeep
    if state.next_due is not None:
        document["folded_at"] = now
    present = {
        "keys": sorted({*person.keys(), *person.named}),
        **{kind.contact_field: person.identity(kind) for kind in IDENTIFYING},
    }
    document.update((name, value) for name, value in present.items() if value)
    document.update(search_fields(document))
    return document


def decode(document: Document) -> Contact:
    """Read a document back; everything returned is the caller's own to change."""
    return Contact(person=decode_person(document), state=msgspec.convert(document, ContactState))


def decode_person(document: Document) -> Person:
    """Read back the side of identity alone; fields that were not read are empty."""
    return msgspec.convert({**document, "id": document["_id"]}, Person)


def valuations(documents: Iterable[Document]) -> dict[ContactId, Valuation]:
    """The figures that have been calculated of some contacts; those without are left out."""
    return {
        row["_id"]: Valuation(
            rfm=msgspec.convert(row.get("rfm"), RfmScore | None),
            clv=msgspec.convert(row.get("clv"), LifetimeValue | None),
        )
        for row in documents
        if "rfm" in row or "clv" in row
    }


def held_by(key: Key) -> Document:
    """Matches the contact that holds a key, now or formerly: not one whose events merely named it."""
    return {"keys": key, "named": {"$ne": key}}


def held_keys(document: Document) -> set[Key]:
    """The keys that a contact holds or held."""
    return set(document.get("keys", ())).difference(document.get("named", ()))


def difference(old: Document, new: Document) -> Document:
    """The MongoDB update that makes `old` into `new`, section by section; empty for none."""
    changed = {name: value for name, value in new.items() if old.get(name, _MISSING) != value}
    gone = {name: "" for name in old if name not in new and name != "v"}
    update: Document = {}
    if changed:
        update["$set"] = changed
    if gone:
        update["$unset"] = gone
    return update


_MISSING = object()
