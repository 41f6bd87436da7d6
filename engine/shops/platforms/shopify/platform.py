"""Shopify: how it signs, which topics it is asked for, and what to paste where."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from engine.shops.events import Ignored, Reading
from engine.shops.platforms.payloads import Payload, an_object
from engine.shops.platforms.platform import Delivery, Field, Platform, Step, Webhooks
from engine.shops.platforms.shopify import customers, orders
from engine.shops.signatures import require_age, require_signature

TOPICS = (
    ("orders/create", "Order creation"),
    ("orders/updated", "Order update"),
    ("orders/cancelled", "Order cancellation"),
    ("orders/delete", "Order deletion"),
    ("refunds/create", "Refund create"),
    ("checkouts/create", "Checkout creation"),
    ("checkouts/update", "Checkout update"),
    ("customers/create", "Customer creation"),
    ("customers/update", "Customer update"),
    ("customers/delete", "Customer deletion"),
    ("customers_email_marketing_consent/update", "Customer email marketing consent update"),
    ("customers_marketing_consent/update", "Customer marketing consent update"),
)
"""The topics to create, each with its name in Shopify's administration."""

_READERS: Mapping[str, Callable[[Payload], Iterator[Reading]]] = {
    **dict.fromkeys(
        ("orders/create", "orders/updated", "orders/paid", "orders/cancelled", "orders/fulfilled",
         "orders/partially_fulfilled"), orders.order
    ),
    "orders/edited": orders.edited,
    "orders/delete": orders.deleted,
    "refunds/create": orders.refund,
    **dict.fromkeys(("checkouts/create", "checkouts/update"), orders.checkout),
    "checkouts/delete": lambda _: iter([Ignored("a checkout that has expired")]),
    **dict.fromkeys(("carts/create", "carts/update"), orders.cart),
    **dict.fromkeys(("customers/create", "customers/update", "customers/enable"), customers.customer),
    "customers/disable": customers.disabled,
    "customers/delete": customers.deleted,
    "customers_email_marketing_consent/update": customers.email_consent,
    "customers/email_marketing_consent_update": customers.email_consent,
    "customers_marketing_consent/update": customers.sms_consent,
    "customers/marketing_consent_update": customers.sms_consent,
    "customers/data_request": partial(customers.privacy, "data_request"),
    "customers/redact": partial(customers.privacy, "customer_redact"),
    "shop/redact": partial(customers.privacy, "shop_redact"),
    "app/uninstalled": lambda _: iter([Ignored("the app was uninstalled")]),
}  # fmt: skip


def translate(topic: str, payload: Any) -> Sequence[Reading]:
    """The readings of a payload of Shopify's REST form."""
    reader = _READERS.get(topic)
    if reader is None:
        raise ValueError("this topic is not understood; remove its webhook from Shopify")
    return list(reader(an_object(payload)))


def _verify(delivery: Delivery, secrets: Sequence[str]) -> None:
    require_signature(delivery, secrets, header="X-Shopify-Hmac-Sha256")
    require_age(delivery, header="X-Shopify-Triggered-At")


def _steps(address: str) -> Sequence[Step]:
    return (
        Step("In Shopify open **Settings → Notifications → Webhooks**."),
        Step(
            "Copy the signing secret that stands below the list of webhooks "
            "(“Your webhooks will be signed with …”) and enter it here."
        ),
        Step(
            "For each event below choose **Create webhook**, format **JSON**, and this address:", (address,)
        ),
        Step("The events: " + ", ".join(label for _, label in TOPICS) + "."),
        Step(
            "Choose **Send test notification** on one of them. This page says within seconds that it came; "
            "its sample data makes no contact."
        ),
    )


PLATFORM = Platform(
    name="shopify",
    label="Shopify",
    fields=(
        Field(
            "webhook_secret",
            "Signing secret",
            "Settings → Notifications → Webhooks, below the list; of an app its client secret",
            secret=True,
        ),
        Field("url", "Address of the shop", "example.myshopify.com; to fetch past orders", required=False),
        Field(
            "access_token",
            "Admin API access token",
            "Settings → Apps → Develop apps, with read_orders, read_all_orders and read_customers; to fetch "
            "past orders",
            secret=True,
            required=False,
        ),
    ),
    steps=_steps,
    translate=translate,
    webhooks=Webhooks(
        verify=_verify,
        topic=lambda delivery: delivery.headers.get("x-shopify-topic", ""),
        is_test=lambda delivery: delivery.headers.get("x-shopify-test", "").lower() == "true",
    ),
    topics=tuple(topic for topic, _ in TOPICS),
)
