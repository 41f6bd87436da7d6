"""Contacts as the API shows them: a whole one, and a row of a list."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from engine.accounts.actor import Actor
from engine.contacts.contact_rows import ContactRow
from engine.contacts.listing import list_service
from engine.contacts.sheet import sheet_service
from engine.contacts.sheet.sheet_model import Sheet
from engine.contacts.sheet.sheets import encode
from engine.domain.activities import ContactId
from engine.domain.reachability import Reach
from engine.errors import ContactNotFound
from workers.collector.api.conditional import etag_of


class StatusView(msgspec.Struct):
    """The state of one status, with how it is shown; `until` is when it ends."""

    state: str
    label: str
    since: datetime | None
    until: datetime | None
    reason: str | None
    by: str | None


class MembershipView(msgspec.Struct):
    """A segment that the contact is in."""

    id: str
    name: str
    since: datetime
    dynamic: bool


class CommerceView(msgspec.Struct):
    """Orders in the account's currency; money is text."""

    orders: int
    spent: Decimal
    average_order: Decimal | None
    refunded: Decimal
    currency: str | None
    first_order_at: datetime | None
    last_order_at: datetime | None


class CartView(msgspec.Struct):
    """The cart: `active` or `abandoned`."""

    state: str
    value: Decimal
    currency: str | None
    changed_at: datetime


class RfmView(msgspec.Struct):
    """The RFM category and its code of three digits."""

    category: str
    code: int


class LifetimeView(msgspec.Struct):
    """What the contact is expected to buy."""

    value: Decimal
    expected_purchases: float
    probability_alive: float
    currency: str


class PointsView(msgspec.Struct):
    """Points, and when they last changed."""

    total: int
    changed_at: datetime | None


class ContactView(msgspec.Struct):
    """A contact. `custom` holds its custom fields, `merged` the ids of contacts that were merged into it."""

    id: str
    identified: bool
    name: str
    email: str | None
    mobile_phone: str | None
    external_id: str | None
    first_name: str | None
    last_name: str | None
    birth_date: str | None
    custom: dict[str, Any]
    points: PointsView
    statuses: dict[str, StatusView]
    segments: list[MembershipView]
    reach: list[Reach]
    commerce: CommerceView
    cart: CartView | None
    rfm: RfmView | None
    clv: LifetimeView | None
    trackers: list[str]
    merged: list[str]
    first_seen: datetime | None
    last_seen: datetime | None


class ContactSummary(msgspec.Struct):
    """A contact as a row of a list; `segments` are ids."""

    id: str
    identified: bool
    name: str
    email: str | None
    mobile_phone: str | None
    external_id: str | None
    first_name: str | None
    last_name: str | None
    custom: dict[str, Any]
    points: int
    newsletter: str
    email_status: str
    sms: str
    mobile_status: str
    push: str
    segments: list[str]
    orders: int
    spent: Decimal
    currency: str | None
    last_order_at: datetime | None
    cart: str
    rfm: str | None
    clv: Decimal | None
    first_seen: datetime | None
    last_seen: datetime | None
    active_at: datetime | None


class TotalView(msgspec.Struct):
    """How many there are; unless `exact`, at least so many."""

    count: int
    exact: bool


class ContactPageView(msgspec.Struct):
    """A page of a list; `next` is the cursor of the next page, unset on the last."""

    contacts: list[ContactSummary]
    next: str | None
    total: TotalView


_SAME = [f.name for f in msgspec.structs.fields(ContactSummary) if f.name not in ("custom", "segments")]


def summary_of(row: ContactRow) -> ContactSummary:
    """Return a row of the list."""
    same = {name: getattr(row, name) for name in _SAME}
    return ContactSummary(custom=dict(row.custom), segments=list(row.segments), **same)


def view_of(sheet: Sheet) -> ContactView:
    """Return a sheet as the API shows it."""
    commerce, rfm, clv, cart = sheet.commerce, sheet.rfm, sheet.clv, sheet.commerce.cart
    return ContactView(
        id=sheet.id,
        identified=sheet.identified,
        name=sheet.name,
        email=sheet.email,
        mobile_phone=sheet.mobile_phone,
        external_id=sheet.external_id,
        first_name=sheet.first_name,
        last_name=sheet.last_name,
        birth_date=sheet.birth_date,
        custom=dict(sorted(sheet.custom.items())),
        points=PointsView(sheet.points.total, sheet.points.changed_at),
        statuses={
            name: StatusView(one.state, one.label, one.since, one.until, one.reason, one.by)
            for name, one in sheet.statuses.items()
        },
        segments=[MembershipView(one.id, one.name, one.since, one.dynamic) for one in sheet.memberships],
        reach=sheet.reach,
        commerce=CommerceView(
            commerce.orders,
            commerce.spent,
            commerce.average,
            commerce.refunded,
            commerce.currency,
            commerce.first_order_at,
            commerce.last_order_at,
        ),
        cart=None if cart is None else CartView(cart.state, cart.value, cart.currency, cart.changed_at),
        rfm=None if rfm is None else RfmView(rfm.category, rfm.code),
        clv=None
        if clv is None
        else LifetimeView(clv.value, clv.expected_purchases, clv.probability_alive, clv.currency),
        trackers=sheet.trackers,
        merged=list(sheet.merged),
        first_seen=sheet.first_seen,
        last_seen=sheet.last_seen,
    )


def contact_of(actor: Actor, key: str) -> ContactId:
    """Find a living contact as `sheets contact show` does.  Raises NotAllowed and ContactNotFound."""
    found = contact_or_deleted(actor, key)
    _check_living(actor, found)
    return found


def contact_or_deleted(actor: Actor, key: str) -> ContactId:
    """Find a contact, also one that was deleted.  Raises NotAllowed and ContactNotFound."""
    found = list_service.find(actor, key)
    if found is None:
        raise ContactNotFound(key)
    return found


def _check_living(actor: Actor, contact: ContactId) -> None:
    if actor.db.contacts.find_one({"_id": contact, "deleted": True}, {"_id": 1}) is not None:
        raise ContactNotFound(contact, "this contact was deleted; by its id it can be restored")


def contact_view(actor: Actor, contact: ContactId) -> ContactView:
    """Return a contact.  Raises NotAllowed, and ContactNotFound also for a deleted one."""
    sheet = sheet_service.sheet(actor, contact)
    if sheet is None:
        raise ContactNotFound(contact)
    _check_living(actor, contact)
    return view_of(sheet)


def etag_of_contact(actor: Actor, contact: ContactId) -> str:
    """Return the ETag with which a contact is read.  Raises as `contact_view` does."""
    return etag_of(encode(contact_view(actor, contact)))
