"""WooCommerce's orders.  It has no webhooks of carts: an order that waits at the payment is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.shops.events import Customer, Reading
from engine.shops.orders import (
    OrderState,
    ShopRefund,
    Standing,
    deleted_order,
    filled,
    given_up,
    money,
    readings_of,
)
from engine.shops.platforms.payloads import (
    Payload,
    address_traits,
    number,
    required_time,
    text,
)

TRACKER = "sheets_tracker"
"""The order meta in which the shop may pass the browser's tracker on; a leading underscore hides it."""

_STANDING: Mapping[str, Standing] = {
    "pending": "not_placed",
    "checkout-draft": "not_placed",
    "auto-draft": "not_placed",
    "cancelled": "cancelled",
    "refunded": "refunded",
}
"""Standings of its own statuses; `processing`, `on-hold`, `completed` and those of plugins are placed."""

_GIVEN_UP = ("failed", "trash")


def order(payload: Payload) -> Iterator[Reading]:
    """The state of an order."""
    status = text(payload["status"]).removeprefix("wc-")
    state = OrderState(
        id=number(payload["id"]),
        number=text(payload.get("number")) or number(payload["id"]),
        placed_at=required_time(payload, "date_created_gmt", "date_created"),
        updated_at=required_time(payload, "date_modified_gmt", "date_modified", "date_created_gmt"),
        standing=_STANDING.get(status, "placed"),
        customer=_customer(payload),
        total=money(payload.get("total")),
        currency=text(payload.get("currency")),
        status=status,
        products=[_product(line) for line in payload.get("line_items") or ()],
        refunds=[_refund(refund, payload) for refund in payload.get("refunds") or ()],
        details=_details(payload),
        traits=_traits(payload),
    )
    yield from given_up(state) if status in _GIVEN_UP else readings_of(state)


def deleted(payload: Payload) -> Iterator[Reading]:
    """An order that was deleted; the payload is its id and nothing else."""
    if "line_items" in payload:
        raise ValueError("is no deletion: it has the content of an order")
    yield deleted_order(number(payload["id"]))


def _customer(payload: Payload) -> Customer:
    billing: Mapping[str, Any] = payload.get("billing") or {}
    return Customer(
        id=text(payload.get("customer_id") or ""),  # a guest's is 0
        email=text(billing.get("email")),
        phone=text(billing.get("phone")),
        tracker=_meta(payload, TRACKER),
    )


def _product(line: Payload) -> dict[str, Any]:
    return {
        "quantity": line.get("quantity", 1),
        **filled(
            product_id=text(line.get("product_id")),
            sku=text(line.get("sku")),
            name=text(line.get("parent_name")) or text(line.get("name")),
            variant=text(line.get("variation_id")) if line.get("variation_id") else "",
            price=money(line.get("price")),
        ),
    }


def _refund(refund: Payload, payload: Payload) -> ShopRefund:
    """A refund within its order: its amount is negative there, and it has no time."""
    amount = money(refund.get("total"))
    return ShopRefund(
        id=number(refund["id"]),
        amount=None if amount is None else abs(amount),
        currency=text(payload.get("currency")),
        reason=text(refund.get("reason")),
    )


def _details(payload: Payload) -> dict[str, Any]:
    coupons = payload.get("coupon_lines") or [{}]
    return filled(
        shipping=money(payload.get("shipping_total")),
        tax=money(payload.get("total_tax")),
        discount=money(payload.get("discount_total")),
        coupon=text(coupons[0].get("code")),
        payment_method=text(payload.get("payment_method_title")),
    )


def _traits(payload: Payload) -> dict[str, Any]:
    billing: Mapping[str, Any] = payload.get("billing") or {}
    return filled(
        first_name=text(billing.get("first_name")),
        last_name=text(billing.get("last_name")),
        address=address_traits(billing),
    )


def _meta(payload: Payload, name: str) -> str:
    for meta in payload.get("meta_data") or ():
        if isinstance(meta, Mapping) and text(meta.get("key")).removeprefix("_") == name:
            return text(meta.get("value"))
    return ""
