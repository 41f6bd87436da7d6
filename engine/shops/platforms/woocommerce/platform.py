"""WooCommerce: how it signs, which topics it is asked for, and what to paste where."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from engine.shops.events import Customer, Reading, ShopEvent
from engine.shops.orders import content_mark, filled, stamp
from engine.shops.platforms.payloads import (
    Payload,
    address_traits,
    an_object,
    number,
    required_time,
    text,
    time,
)
from engine.shops.platforms.platform import Delivery, Field, Platform, Step, Webhooks
from engine.shops.platforms.woocommerce import orders
from engine.shops.signatures import require_signature

TOPICS = (
    ("order.created", "Order created"),
    ("order.updated", "Order updated"),
    ("order.deleted", "Order deleted"),
    ("order.restored", "Order restored"),
    ("customer.created", "Customer created"),
    ("customer.updated", "Customer updated"),
    ("customer.deleted", "Customer deleted"),
)
"""The topics to create, each with its name in WooCommerce's administration."""


def _customer(payload: Payload) -> Iterator[Reading]:
    """A customer's account as it is now; WooCommerce knows no consent to marketing."""
    at = required_time(payload, "date_modified_gmt", "date_modified", "date_created_gmt")
    billing: Mapping[str, Any] = payload.get("billing") or {}
    person = Customer(
        number(payload["id"]),
        text(payload.get("email")) or text(billing.get("email")),
        text(billing.get("phone")),
    )
    traits = filled(
        first_name=text(payload.get("first_name")) or text(billing.get("first_name")),
        last_name=text(payload.get("last_name")) or text(billing.get("last_name")),
        address=address_traits(billing),
    )
    id_ = f"customer:{person.id}:{stamp(at)}:{content_mark(person, traits)}"
    yield ShopEvent("identified", id_, at, person, traits=traits)
    created = time(payload.get("date_created_gmt"))
    if created is not None:
        yield ShopEvent("registered", f"customer-registered:{person.id}", created, person, once=True)


def _customer_deleted(payload: Payload) -> Iterator[Reading]:
    """An account that was deleted; the payload is its id and nothing else."""
    if "email" in payload:
        raise ValueError("is no deletion: it has the content of a customer")
    person = Customer(id=number(payload["id"]))
    yield ShopEvent(
        "account_closed", f"account:{person.id}:deleted", None, person, {"reason": "deleted"}, once=True,
        known_only=True,
    )  # fmt: skip


_READERS: Mapping[str, Callable[[Payload], Iterator[Reading]]] = {
    **dict.fromkeys(("order.created", "order.updated", "order.restored"), orders.order),
    "order.deleted": orders.deleted,
    **dict.fromkeys(("customer.created", "customer.updated"), _customer),
    "customer.deleted": _customer_deleted,
}


def translate(topic: str, payload: Any) -> Sequence[Reading]:
    """The readings of a payload of WooCommerce's REST API, version 3."""
    reader = _READERS.get(topic)
    if reader is None:
        raise ValueError("this topic is not understood; delete its webhook in WooCommerce")
    return list(reader(an_object(payload)))


def _topic(delivery: Delivery) -> str:
    return delivery.headers.get("x-wc-webhook-topic", "")


def _is_ping(delivery: Delivery) -> bool:
    """A new webhook is tried with a form that names it, without a topic and, by some versions, unsigned."""
    return not _topic(delivery) and delivery.body.startswith(b"webhook_id=") and len(delivery.body) < 64


def _steps(address: str) -> Sequence[Step]:
    return (
        Step("In WordPress open **WooCommerce → Settings → Advanced → Webhooks**."),
        Step(
            "For each topic below choose **Add webhook**, status **Active**, API version **WP REST API "
            "Integration v3**, and this delivery address:",
            (address,),
        ),
        Step("As **Secret** enter the same text in all of them, and here: a long random one."),
        Step("The topics: " + ", ".join(label for _, label in TOPICS) + "."),
        Step("Save any customer or order in WooCommerce. It appears here within a minute."),
    )


PLATFORM = Platform(
    name="woocommerce",
    label="WooCommerce",
    fields=(
        Field(
            "webhook_secret",
            "Secret",
            "The same text as in the field Secret of each webhook",
            secret=True,
        ),
        Field(
            "url",
            "Address of the shop",
            "As customers open it, such as https://www.example.com; to fetch past orders",
            required=False,
        ),
        Field(
            "consumer_key",
            "Consumer key",
            "WooCommerce → Settings → Advanced → REST API, with Read; to fetch past orders",
            required=False,
        ),
        Field(
            "consumer_secret",
            "Consumer secret",
            "WooCommerce → Settings → Advanced → REST API; to fetch past orders",
            secret=True,
            required=False,
        ),
    ),
    steps=_steps,
    translate=translate,
    webhooks=Webhooks(
        verify=partial(require_signature, header="X-WC-Webhook-Signature"),
        topic=_topic,
        is_ping=_is_ping,
    ),
    topics=tuple(topic for topic, _ in TOPICS),
)
