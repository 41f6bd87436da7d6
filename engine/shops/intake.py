"""From the readings of a platform to activities: the one road of webhooks, polls and the first fetch.

The caller keeps the activities (`engine.pipeline.inbox.receive`) and then `beside`: what waits for an order
that is not known yet, and what was not understood.  All of it has ids of its own: a caller that dies in
between does it again, and nothing counts twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec

from engine.db import Db
from engine.domain.activities import Activity
from engine.domain.commerce import CANCELLED
from engine.domain.document import Document
from engine.domain.identity.identities import IdentityKind, make_key, tracker_key
from engine.domain.identity.normalisation import is_placeholder
from engine.domain.json_values import exact_number
from engine.domain.rulebook import Ruleset
from engine.errors import InvalidActivity, InvalidIdentity
from engine.notices import not_understood
from engine.notices.not_understood import NotUnderstood
from engine.notices.raw_notices import EVIDENCE_OF, RawNotice, text_of
from engine.shops import consents
from engine.shops.events import (
    NOBODY,
    Customer,
    Ignored,
    PrivacyRequest,
    Reading,
    ShopEvent,
    UnreadableDelivery,
)
from engine.shops.orders import stamp
from engine.shops.platforms.platform import Platform
from engine.shops.shops import ShopRecord
from engine.tracking.translate import Sender, translate

_AFTER = ";"
"""The character after the colon: ids below `order:5:` lie between that and `order:5;`."""


@dataclass
class Taken:
    """What readings came to.

    Parameters:
      orders(list): The orders whose state is among the activities: what waits for them can go on.
      waiting(list): Refunds and deletions of orders that are not known yet.
      refused(list): Events that cannot be activities, each with the reason.
      ignored(list): Why readings change nothing.
    """

    activities: list[Activity] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    waiting: list[ShopEvent] = field(default_factory=list)
    refused: list[tuple[ShopEvent, str]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    privacy: list[PrivacyRequest] = field(default_factory=list)


def decode(body: bytes) -> Any:
    """The payload of a body, its numbers exact.  Raises UnreadableDelivery."""
    try:
        return _JSON.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableDelivery(f"is not JSON: {error}") from None


_JSON: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=exact_number)


def read(platform: Platform, topic: str, payload: Any) -> list[Reading]:
    """The readings of a payload.  Raises UnreadableDelivery, with what is missing or wrong."""
    try:
        return list(platform.translate(topic, payload))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        reason = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
        raise UnreadableDelivery(f"{topic}: {reason}") from error


def take(
    db: Db, shop: ShopRecord, readings: Iterable[Reading], ruleset: Ruleset, *, received_at: datetime
) -> Taken:
    """Make activities of readings; asks the database what is stored of the orders that they name.

    Raises PyMongoError.
    """
    taken, events = Taken(), list[ShopEvent]()
    for reading in consents.changes(db, shop, readings):
        if isinstance(reading, ShopEvent):
            events.append(reading)
        elif isinstance(reading, Ignored):
            taken.ignored.append(reading.reason)
        else:
            taken.privacy.append(reading)
    for event in _settled(db, shop, events, taken):
        try:
            activity = translate(_as_sent(shop, event), sender_of(shop), ruleset, received_at=received_at)
        except (InvalidActivity, InvalidIdentity) as error:
            taken.refused.append((event, f"{error.field} {error.reason}"))
            continue
        taken.activities.append(activity)
        if event.id.startswith("order:"):
            taken.orders.append(event.order)
    return taken


def sender_of(shop: ShopRecord) -> Sender:
    """The sender of a shop's activities: trusted, as its requests are verified or it was asked itself."""
    return Sender(key=shop.source, trusted=True)


# What the database knows


def _settled(db: Db, shop: ShopRecord, events: Sequence[ShopEvent], taken: Taken) -> Iterator[ShopEvent]:
    """The events that count, each with its customer and under the type that fits what is stored."""
    once = [_id(shop, event) for event in events if event.once]
    stored = {row["_id"] for row in db.activities.find({"_id": {"$in": once}}, {"_id": 1})} if once else set()
    states = {event.order: event for event in events if event.id.startswith("order:")}
    for event in _with_carts(db, events):
        if event.once and _id(shop, event) in stored:
            taken.ignored.append(f"{event.type} is stored already")
        elif event.known_only and not _is_known(db, shop, event.customer):
            taken.ignored.append("nobody has this customer's number")
        elif event.order and event.customer == NOBODY:
            found = _with_customer(db, shop, event, states.get(event.order))
            if found is None:
                taken.waiting.append(event)
            else:
                yield found
        elif event.type == "order_completed":
            yield _placed_or_updated(db, shop, event)
        else:
            yield event


def _with_carts(db: Db, events: Iterable[ShopEvent]) -> Iterator[ShopEvent]:
    """The events, those of an order with the tracker of its cart where that was reported."""
    for event in events:
        customer = event.customer
        if customer.cart and not customer.tracker:
            known = db.contacts.find_one({"keys": tracker_key(customer.cart)}, {"_id": 1}) is not None
            event = replace(event, customer=replace(customer, tracker=customer.cart if known else ""))
        yield event


def _placed_or_updated(db: Db, shop: ShopRecord, event: ShopEvent) -> ShopEvent:
    """A later state of an order that is placed is an update in the timeline; both correct it alike.

    So is the end of one that waited at the payment and was given up: it was never placed.
    """
    own = _id(shop, event)
    earlier = {"_id": {"$gte": _first(shop, event.order), "$lt": own}, "type": "order_completed"}
    if db.activities.find_one(earlier, {"_id": 1}) is None and not _was_given_up(db, shop, event):
        return event
    stated = event.properties.get("updated_at")
    at = event.at if stated is None else datetime.fromisoformat(stated.replace("Z", "+00:00"))
    return replace(event, type="order_updated", at=at)


def _was_given_up(db: Db, shop: ShopRecord, event: ShopEvent) -> bool:
    """Whether an order is cancelled of which the shop has stated only that it waits at the payment."""
    if event.properties.get(CANCELLED) is not True:
        return False
    first = f"{shop.source}:checkout:{event.order}:"
    waited = {"_id": {"$gte": first, "$lt": first[:-1] + _AFTER}}
    return db.activities.find_one(waited, {"_id": 1}) is not None


def _with_customer(db: Db, shop: ShopRecord, event: ShopEvent, state: ShopEvent | None) -> ShopEvent | None:
    """The event with the customer and the number of its order; unset while the order is not known."""
    if state is not None:
        number = state.properties.get("order_id")
        return replace(event, customer=state.customer, properties=_numbered(event, number))
    row = _state_of(db, shop, event.order)
    if row is None:
        return None
    held = row.get("identities", {})
    customer = Customer(
        id=_own_number(shop, held.get("external_id") or ""),
        email=held.get("email") or "",
        phone=held.get("phone") or "",
        tracker=row.get("tracker") or "",
    )
    number = row.get("properties", {}).get("order_id", "")
    own = number.removeprefix(shop.prefix) if isinstance(number, str) else number
    return replace(event, customer=customer, properties=_numbered(event, own))


def _numbered(event: ShopEvent, number: Any) -> dict[str, Any]:
    return {**event.properties, "order_id": number} if number else dict(event.properties)


def now_known(db: Db, shop: ShopRecord, waiting: Iterable[ShopEvent]) -> list[str]:
    """The orders that some events wait for and that are stored by now."""
    orders = {event.order for event in waiting}
    return [order for order in orders if _state_of(db, shop, order) is not None]


def _state_of(db: Db, shop: ShopRecord, order: str) -> Document | None:
    """The latest stored state of an order."""
    first = _first(shop, order)
    between = {"_id": {"$gte": first, "$lt": first[:-1] + _AFTER}}
    fields = {"identities": 1, "tracker": 1, "properties.order_id": 1}
    return db.activities.find_one(between, fields, sort=[("_id", -1)])


def _first(shop: ShopRecord, order: str) -> str:
    return f"{shop.source}:order:{order}:"


def _is_known(db: Db, shop: ShopRecord, customer: Customer) -> bool:
    number = _number(shop, customer.id)
    keys = [make_key(IdentityKind.EXTERNAL_ID, number)] if number else []
    return bool(keys) and db.contacts.find_one({"keys": {"$in": keys}}, {"_id": 1}) is not None


# As an event of the tracking API


def _id(shop: ShopRecord, event: ShopEvent) -> str:
    return f"{shop.source}:{event.id}"


_NUMBERS = ("order_id", "shop_order_id", "checkout_id", "cart_id")


def _as_sent(shop: ShopRecord, event: ShopEvent) -> dict[str, Any]:
    """An event as the shop's server would send it, with the shop's prefix before its numbers."""
    customer = event.customer
    properties = dict(event.properties)
    for name in _NUMBERS:
        if properties.get(name):
            properties[name] = f"{shop.prefix}{properties[name]}"
    identified = {"email": customer.email, "phone": customer.phone}
    traits = {**event.traits, **{name: value for name, value in identified.items() if value}}
    identify = event.type == "identified"
    sent: dict[str, Any] = {
        "type": "identify" if identify else "track",
        "messageId": _id(shop, event),
        "timestamp": None if event.at is None else stamp(event.at),
        "userId": _number(shop, customer.id),
        "anonymousId": customer.tracker,
        "properties": properties,
    }
    return sent | ({"traits": traits} if identify else {"event": event.type, "context": {"traits": traits}})


def _number(shop: ShopRecord, number: str) -> str:
    """A customer's number with the shop's prefix; blank for a guest's."""
    return "" if not number or is_placeholder(number) else shop.prefix + number


def _own_number(shop: ShopRecord, external_id: str) -> str:
    return external_id.removeprefix(shop.prefix)


# What is kept beside the activities


def evidence(taken: Taken, body: bytes) -> list[RawNotice]:
    """The payload behind each consent and refusal, as it came."""
    return [
        RawNotice(
            activity=activity.id,
            media="application/json",
            text=text_of(body),
            size=len(body),
            source=activity.source,
            received_at=activity.received_at,
            addresses=[a for a in (activity.identities.email, activity.identities.phone) if a],
        )
        for activity in taken.activities
        if activity.type in EVIDENCE_OF
    ]


def unclear(
    shop: ShopRecord, topic: str, body: bytes, reason: str, *, received_at: datetime, order: str = ""
) -> NotUnderstood:
    """A payload to keep and run again; `order` is what it waits for."""
    kept = not_understood.payload(
        body, source=shop.source, reason=reason, received_at=received_at, media="application/json"
    )
    waits_for = f"{shop.source}:{order}" if order else ""
    return replace(kept, topic=topic, waits_for=waits_for)


def go_on(db: Db, shop: ShopRecord, orders: Iterable[str], *, now: datetime) -> int:
    """Have what waits for orders that are known now run again; return how many.  Raises PyMongoError."""
    return not_understood.run_what_waits(db, [f"{shop.source}:{order}" for order in orders], now=now)
