"""Contacts as rows, and finding them: one by whatever is known of it, or many by how they begin."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from pymongo.database import Database

from engine.db.contact_codec import LIVING
from engine.db.search_keys import searchable
from engine.domain.activities import ContactId
from engine.domain.identities import IdentityKind, Key, make_key, tracker_key
from engine.domain.normalisation import country_code, normalise_email, normalise_phone
from engine.domain.profile import full_name
from engine.errors import InvalidIdentity
from engine.rules import rulesets

Document = dict[str, Any]

MAX_REDIRECTS = 50
"""Old ids lead on in a few hops; more would be a circle."""

_ID = re.compile(r"[0-9a-f]{24}")


@dataclass(frozen=True)
class ContactRow:
    """A contact as a line of the list.

    `segments` are ids, by when it entered them; `custom` are the custom fields as stored.
    """

    id: ContactId
    name: str
    email: str | None
    mobile_phone: str | None
    external_id: str | None
    identified: bool
    points: int
    newsletter: str
    email_status: str
    orders: int
    spent: Decimal
    currency: str | None
    first_seen: datetime | None
    last_seen: datetime | None
    active_at: datetime | None
    first_name: str | None = None
    last_name: str | None = None
    mobile_status: str = "active"
    sms: str = "not_subscribed"
    push: str = "not_enabled"
    segments: tuple[str, ...] = ()
    average_order: Decimal | None = None
    last_order_at: datetime | None = None
    cart: str = "none"
    cart_value: Decimal | None = None
    custom: Mapping[str, Any] = field(default_factory=dict)


def find_contact(db: Database[Document], key: str) -> ContactId | None:
    """Find a living contact by id (an old one leads on), email, phone, external id or tracker."""
    wanted = key.strip()
    if _ID.fullmatch(wanted):
        found = _living(db, ContactId(wanted))
        if found is not None:
            return found
    for candidate in _keys_of(db, wanted):
        row = db.contacts.find_one({"keys": candidate}, {"_id": 1})
        if row is not None:
            return ContactId(row["_id"])
    return None


def newest(db: Database[Document], query: Document, *, limit: int) -> list[ContactRow]:
    """Some contacts that meet a query, the newest activity first."""
    living = {"$and": [LIVING, query]}
    found = db.contacts.find(living, ROW_FIELDS).sort([("active_at", -1), ("_id", -1)]).limit(limit)
    return [row_from(document) for document in found]


def row_of(db: Database[Document], contact: str) -> ContactRow | None:
    """A living contact as a row of the list."""
    document = db.contacts.find_one({"_id": contact}, ROW_FIELDS)
    return None if document is None else row_from(document)


def rows_of(db: Database[Document], wanted: Iterable[str]) -> dict[ContactId, ContactRow]:
    """Contacts as rows of the list, by their ids; those that are gone are left out."""
    found = db.contacts.find({"_id": {"$in": list(wanted)}}, ROW_FIELDS)
    return {row["_id"]: row_from(row) for row in found}


def in_segment(segment: str) -> Document:
    """Matches the members of a segment, as the index over segments answers it."""
    return {f"segments.{segment}": {"$exists": True}}


def beginning_with(db: Database[Document], text: str) -> Document:
    """Matches contacts of which an email, number, external id, tracker or name begins with `text`."""
    wanted = text.strip()
    if not wanted:
        return {}
    digits = re.sub(r"[\s().\-/]", "", wanted)
    prefixes = {
        make_key(IdentityKind.EMAIL, wanted.lower()),
        make_key(IdentityKind.EXTERNAL_ID, wanted),
        *_keys_of(db, wanted),
    }
    if re.fullmatch(r"\+?\d{3,}", digits):
        prefixes |= {make_key(IdentityKind.PHONE, number) for number in _numbers(db, digits)}
    either = [{"keys": _begins(prefix)} for prefix in sorted(prefixes)]
    if called := searchable(wanted):
        either.append({"names": _begins(called)})
    if _ID.fullmatch(wanted):
        either.append({"_id": {"$eq": _living(db, ContactId(wanted))}})
    return {"$or": either}


def _numbers(db: Database[Document], digits: str) -> Iterable[str]:
    """How the numbers begin that somebody begins to type so: with a plus, with two noughts, as at home."""
    if digits.startswith("+"):
        return [digits]
    code = country_code(rulesets.current(db).account.default_region)
    return [f"+{digits.removeprefix('00')}", f"+{code}{digits.removeprefix('0')}"]


# Looking up


def _living(db: Database[Document], contact: ContactId) -> ContactId | None:
    for _ in range(MAX_REDIRECTS):
        if db.contacts.find_one({"_id": contact}, {"_id": 1}) is not None:
            return contact
        redirect = db.merges.find_one({"_id": contact}, {"into": 1})
        if redirect is None:
            return None
        contact = redirect["into"]
    return None


def _keys_of(db: Database[Document], value: str) -> list[Key]:
    """The keys that `value` could be, as they are stored."""
    keys = []
    if "@" in value:
        with suppress(InvalidIdentity):
            keys.append(make_key(IdentityKind.EMAIL, normalise_email(value)))
    elif sum(character.isdigit() for character in value) >= 6:
        with suppress(InvalidIdentity):
            region = rulesets.current(db).account.default_region
            keys.append(make_key(IdentityKind.PHONE, normalise_phone(value, region=region)))
    return [*keys, make_key(IdentityKind.EXTERNAL_ID, value), tracker_key(value)]


def _begins(prefix: str) -> Document:
    """Match array items by their beginning, as a range that the index answers.

    The indexes hold only contacts that have such items, and MongoDB wants to hear so.
    """
    return {"$elemMatch": {"$gte": prefix, "$lt": prefix + "\uffff"}, "$exists": True}


# Rows

ROW_FIELDS = [
    "first_name", "last_name", "email", "email_typed", "mobile_phone", "external_id", "identified",
    "points.total", "statuses", "commerce.orders", "commerce.spent", "commerce.currency", "commerce.average",
    "commerce.last_order_at", "cart.state", "cart.value", "segments", "custom",
    "first_seen", "last_seen", "active_at",
]  # fmt: skip
"""What of a contact's document a row is made of."""


def row_from(document: Document) -> ContactRow:
    """Make a row of a contact's document, read with ROW_FIELDS."""
    commerce, cart = document.get("commerce", {}), document.get("cart") or {}
    segments = document.get("segments", {})
    return ContactRow(
        id=ContactId(document["_id"]),
        name=full_name(document.get("first_name"), document.get("last_name")),
        email=document.get("email_typed") or document.get("email"),
        mobile_phone=document.get("mobile_phone"),
        external_id=document.get("external_id"),
        identified=document["identified"],
        points=document["points"]["total"],
        orders=commerce.get("orders", 0),
        spent=commerce.get("spent", Decimal(0)),
        currency=commerce.get("currency"),
        average_order=commerce.get("average"),
        last_order_at=commerce.get("last_order_at"),
        cart=cart.get("state", "none"),
        cart_value=cart.get("value"),
        segments=tuple(sorted(segments, key=segments.__getitem__)),
        custom=document.get("custom", {}),
        first_name=document.get("first_name"),
        last_name=document.get("last_name"),
        first_seen=document.get("first_seen"),
        last_seen=document.get("last_seen"),
        active_at=document.get("active_at"),
        newsletter=_state(document, "newsletter"),
        email_status=_state(document, "email_status"),
        mobile_status=_state(document, "mobile_status"),
        sms=_state(document, "sms"),
        push=_state(document, "push"),
    )


_STATES = {
    "newsletter": "not_subscribed",
    "email_status": "active",
    "mobile_status": "active",
    "sms": "not_subscribed",
    "push": "not_enabled",
}


def _state(document: Document, machine: str) -> str:
    return str(document.get("statuses", {}).get(machine, {}).get("state", _STATES[machine]))
