"""Contacts as rows of the list: the fields that a row shows, read from a contact's document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from engine.db import Db
from engine.db.contact_codec import LIVING
from engine.domain.activities import ContactId
from engine.domain.document import Document
from engine.domain.folding.profile import full_name
from engine.domain.rulebook import TOPIC


@dataclass(frozen=True)
class ContactRow:
    """A contact as a row of the list.

    `segments` are ids in the order in which the contact entered them; `custom` holds the custom fields
    as stored, `topics` the states of their machines.
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
    rfm: str | None = None
    rfm_code: int | None = None
    clv: Decimal | None = None
    expected_purchases: float | None = None
    probability_alive: float | None = None
    custom: Mapping[str, Any] = field(default_factory=dict)
    topics: Mapping[str, str] = field(default_factory=dict)


ROW_FIELDS = [
    "first_name", "last_name", "email", "email_typed", "mobile_phone", "external_id", "identified",
    "points.total", "statuses", "commerce.orders", "commerce.spent", "commerce.currency", "commerce.average",
    "commerce.last_order_at", "cart.state", "cart.value", "cart.currency", "segments", "custom",
    "rfm.category", "rfm.code", "clv.value", "clv.purchases", "clv.alive",
    "first_seen", "last_seen", "active_at",
]  # fmt: skip
"""The parts of a contact's document that a row is read from."""


def newest(db: Db, query: Document, *, limit: int) -> list[ContactRow]:
    """Return living contacts that match a query, the latest activity first."""
    found = (
        db.contacts.find({"$and": [LIVING, query]}, ROW_FIELDS)
        .sort([("active_at", -1), ("_id", -1)])
        .limit(limit)
    )
    return [row_from(document) for document in found]


def row_of(db: Db, contact: str) -> ContactRow | None:
    """Return a contact as a row of the list; None if there is none of that id."""
    document = db.contacts.find_one({"_id": contact}, ROW_FIELDS)
    return None if document is None else row_from(document)


def rows_of(db: Db, contacts: Iterable[str]) -> dict[ContactId, ContactRow]:
    """Return contacts as rows of the list, by id; ids of contacts that no longer exist are left out."""
    found = db.contacts.find({"_id": {"$in": list(contacts)}}, ROW_FIELDS)
    return {row["_id"]: row_from(row) for row in found}


def row_from(document: Document) -> ContactRow:
    """Read a row from a contact's document with ROW_FIELDS."""
    commerce, cart = document.get("commerce", {}), document.get("cart") or {}
    rfm, clv = document.get("rfm") or {}, document.get("clv") or {}
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
        currency=commerce.get("currency") or cart.get("currency"),
        average_order=commerce.get("average"),
        last_order_at=commerce.get("last_order_at"),
        cart=cart.get("state", "none"),
        cart_value=cart.get("value"),
        rfm=rfm.get("category"),
        rfm_code=rfm.get("code"),
        clv=clv.get("value"),
        expected_purchases=clv.get("purchases"),
        probability_alive=clv.get("alive"),
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
        topics={
            machine: status["state"]
            for machine, status in document.get("statuses", {}).items()
            if machine.startswith(TOPIC)
        },
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
