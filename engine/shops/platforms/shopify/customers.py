"""Shopify's customers, their consent to marketing, and data-protection requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from engine.shops.events import Customer, Ignored, PrivacyKind, PrivacyRequest, Reading, ShopEvent
from engine.shops.orders import content_mark, filled, stamp
from engine.shops.platforms.payloads import (
    Payload,
    address_traits,
    number,
    required_time,
    text,
    time,
)


def customer(payload: Payload) -> Iterator[Reading]:
    """A customer as they are now, with the consent that payloads before 2025 carry."""
    at = required_time(payload, "updated_at", "created_at")
    person, traits = _person(payload), _traits(payload)
    id_ = f"customer:{person.id}:{stamp(at)}:{content_mark(person, traits)}"
    yield ShopEvent("identified", id_, at, person, traits=traits)
    created = time(payload.get("created_at"))
    if payload.get("state") == "enabled" and created is not None:
        yield ShopEvent("registered", f"customer-registered:{person.id}", created, person, once=True)
    for channel in ("email", "sms"):
        if payload.get(f"{channel}_marketing_consent"):
            yield from _consent(payload[f"{channel}_marketing_consent"], channel, person, payload)


def disabled(payload: Payload) -> Iterator[Reading]:
    """The account was disabled; the customer stays."""
    at = required_time(payload, "updated_at", "created_at")
    person = _person(payload)
    yield ShopEvent(
        "account_closed", f"account:{person.id}:disabled:{stamp(at)}", at, person, {"reason": "disabled"}
    )


def deleted(payload: Payload) -> Iterator[Reading]:
    """The shop deleted the customer.  That erases nobody here: Shopify asks for that by customers/redact.

    Raises ValueError for a whole customer: a delivery of another topic under this one's name.
    """
    if "email" in payload or "state" in payload:
        raise ValueError("is no deletion: it has the content of a customer")
    person = Customer(id=number(payload["id"]))
    yield ShopEvent(
        "account_closed", f"account:{person.id}:deleted", None, person, {"reason": "deleted"}, once=True,
        known_only=True,
    )  # fmt: skip


def email_consent(payload: Payload) -> Iterator[Reading]:
    """A change of the consent to email."""
    person = Customer(id=text(payload.get("customer_id")), email=text(payload.get("email_address")))
    yield from _consent(payload["email_marketing_consent"], "email", person, payload)


def sms_consent(payload: Payload) -> Iterator[Reading]:
    """A change of the consent to text messages."""
    named = text(payload.get("customer_id")) or text(payload.get("id"))
    phone = text(payload.get("phone")) or text(payload.get("phone_number"))
    yield from _consent(payload["sms_marketing_consent"], "sms", Customer(id=named, phone=phone), payload)


def privacy(kind: PrivacyKind, payload: Payload) -> Iterator[Reading]:
    """A request that Shopify passes on.  Raises ValueError unless it is in that form."""
    # The topic is not signed, the content is: what one asks for must not pass as another.
    if not _SHAPES[kind](payload):
        raise ValueError("is not the request that its topic names")
    person: Mapping[str, Any] = payload.get("customer") or {}
    orders = payload.get("orders_to_redact") or payload.get("orders_requested") or []
    request = text((payload.get("data_request") or {}).get("id"))
    about = request or text(person.get("id")) or text(person.get("email")) or text(payload.get("shop_id"))
    yield PrivacyRequest(
        kind,
        about,
        Customer(text(person.get("id")), text(person.get("email")), text(person.get("phone"))),
        [text(order) for order in orders],
    )


_SHAPES: Mapping[PrivacyKind, Callable[[Payload], bool]] = {
    "data_request": lambda p: {"shop_domain", "customer", "data_request"} <= p.keys(),
    "customer_redact": lambda p: (
        {"shop_domain", "customer", "orders_to_redact"} <= p.keys() and "data_request" not in p
    ),
    "shop_redact": lambda p: {"shop_domain", "shop_id"} <= p.keys() and "customer" not in p,
}

_ACTIVITIES = {
    ("email", "subscribed"): "newsletter_subscribed",
    ("email", "unsubscribed"): "newsletter_unsubscribed",
    ("sms", "subscribed"): "sms_subscribed",
    ("sms", "unsubscribed"): "sms_unsubscribed",
}


def _consent(consent: Payload, channel: str, person: Customer, payload: Payload) -> Iterator[Reading]:
    """A yes or a no with its time; the other states say neither.

    Without its time a yes is as old as the customer, so that it lifts no later refusal, and a no is new.
    """
    state = text(consent.get("state")).lower()
    type_ = _ACTIVITIES.get((channel, state))
    if type_ is None:
        yield Ignored(f"consent to {channel}: {state or 'none'}")
        return
    if not (person.email if channel == "email" else person.phone) and not person.id:
        yield Ignored("a consent without a customer")
        return
    fallback = ("created_at", "updated_at") if state == "subscribed" else ("updated_at", "created_at")
    at = time(consent.get("consent_updated_at"))
    if at is None:
        at = next((found for name in fallback if (found := time(payload.get(name))) is not None), None)
    if at is None:
        raise ValueError("consent_updated_at is missing or no time")
    yield ShopEvent(
        type_,
        f"consent:{person.id or person.email or person.phone}:{channel}:{state}:{stamp(at)}",
        at,
        person,
        filled(
            email=person.email if channel == "email" else "",
            phone=person.phone if channel == "sms" else "",
            source="Shopify",
            opt_in_level=text(consent.get("opt_in_level")),
        ),
    )


def _person(payload: Payload) -> Customer:
    return Customer(number(payload["id"]), text(payload.get("email")), text(payload.get("phone")))


def _traits(payload: Payload) -> dict[str, Any]:
    return filled(
        first_name=text(payload.get("first_name")),
        last_name=text(payload.get("last_name")),
        address=address_traits(payload.get("default_address")),
    )
