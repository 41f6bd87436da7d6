"""The state of an order as a shop reports it, and the events that it comes to: for every platform alike.

A payload states the whole order as it was at `updated_at`.  Whatever the order in which such states arrive,
the one with the latest `updated_at` holds (`engine.domain.commerce`), and the earliest places the order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

import msgspec

from engine.domain.json_values import MAX_DIGITS
from engine.shops.events import NOBODY, Customer, Ignored, Reading, ShopEvent

Standing = Literal["placed", "cancelled", "refunded", "not_placed"]
"""As in `engine.imports.history.order_status`; `not_placed` is an order that waits at the payment."""


@dataclass(frozen=True)
class ShopRefund:
    """A refund of an order; without an amount of the whole order.

    Parameters:
      at(datetime): When it was made; unset where the platform does not say: then its order's `updated_at`.
    """

    id: str
    amount: Decimal | None
    currency: str = ""
    at: datetime | None = None
    reason: str = ""
    products: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class OrderState:
    """The whole of an order.

    Parameters:
      id(str): The platform's own id.
      number(str): What people see, such as `#1001`; the order's id in browser events and order files.
      total(Decimal): What the order is worth, without its refunds taken off.
      status(str): In the platform's own words, for the timeline.
      products(Sequence): With `product_id`, `sku`, `name`, `price`, `quantity` … as in the tracking API.
      details(Mapping): Further properties: `subtotal`, `shipping`, `tax`, `discount`, `coupon`.
      traits(Mapping): Of the customer.
    """

    id: str
    number: str
    placed_at: datetime
    updated_at: datetime
    standing: Standing
    customer: Customer
    total: Decimal | None
    currency: str
    status: str = ""
    products: Sequence[Mapping[str, Any]] = ()
    refunds: Sequence[ShopRefund] = ()
    cancelled_at: datetime | None = None
    cancel_reason: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    traits: Mapping[str, Any] = field(default_factory=dict)


def readings_of(order: OrderState) -> Iterator[Reading]:
    """The events that the state of an order comes to."""
    if not (order.customer.id or order.customer.email or order.customer.phone or order.customer.tracker):
        yield Ignored("an order without a customer, as at a till")
        return
    if order.standing == "not_placed":
        yield _checkout(order)
        return
    yield _stated(order)
    if order.standing == "cancelled":
        yield _cancelled(order)
    yield from (refund_event(refund, order) for refund in order.refunds)
    if order.standing == "refunded" and not order.refunds:
        yield refund_event(ShopRefund(f"{order.id}-all", None), order)


def given_up(order: OrderState) -> Iterator[Reading]:
    """The events of an order that was placed, perhaps, and is none any more: its payment failed."""
    yield _checkout(order)
    yield _state(order, "order_updated", order.updated_at, cancelled=True)


def refund_event(refund: ShopRefund, order: OrderState) -> ShopEvent:
    """A refund within the state of its order: the same event as the refund alone."""
    return single_refund(
        refund,
        order_id=order.id,
        number=order.number,
        customer=order.customer,
        at=refund.at or order.updated_at,
        once=refund.at is None or refund.amount is None,
    )


def single_refund(
    refund: ShopRefund,
    *,
    order_id: str,
    number: str = "",
    customer: Customer = NOBODY,
    at: datetime | None = None,
    once: bool = False,
) -> ShopEvent:
    """A refund; without a customer it is of that of the order, and waits for it if need be."""
    amount = "" if refund.amount is None else f":{_sortable(refund.amount)}"
    return ShopEvent(
        type="order_refunded",
        id=f"refund:{refund.id}{amount}",
        at=at or refund.at,
        customer=customer,
        properties=filled(
            order_id=number,
            shop_order_id=order_id,
            refund_id=refund.id,
            total=refund.amount,
            currency=refund.currency,
            reason=refund.reason,
            products=list(refund.products),
        ),
        order=order_id,
        once=once,
    )


def deleted_order(order_id: str, at: datetime | None = None) -> ShopEvent:
    """An order that the shop has deleted counts as cancelled."""
    return ShopEvent(
        "order_cancelled",
        f"order-deleted:{order_id}",
        at,
        properties={"shop_order_id": order_id, "reason": "deleted in the shop"},
        order=order_id,
        once=True,
    )


def stamp(at: datetime) -> str:
    """A time as text that sorts like the time."""
    utc = at.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def _sortable(amount: Decimal) -> str:
    """An amount as text that sorts like the amount.

    The payments of one refund succeed one by one: of its amounts at one time, that of the last id counts.
    """
    whole, point, rest = f"{amount.normalize():f}".partition(".")
    return f"{whole:0>12}{point}{rest}"


def content_mark(*content: Any) -> str:
    """A short mark of some content, for ids: platforms give times in seconds, in which much can happen."""
    encoded = msgspec.json.encode(content, order="deterministic")
    return hashlib.blake2b(encoded, digest_size=4).hexdigest()


def money(value: Any) -> Decimal | None:
    """An amount as the platforms' JSON writes it, exact; unset for none.  Raises ValueError.

    A point is a decimal point: the account's language does not matter.
    """
    if value is None or value == "":
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{str(value)[:40]!r} is no amount") from None
    digits = len(amount.as_tuple().digits)
    if not amount.is_finite() or max(digits, abs(amount.adjusted())) > MAX_DIGITS:
        raise ValueError(f"{str(value)[:40]!r} is no amount")
    return amount


def filled(**properties: Any) -> dict[str, Any]:
    """The properties that have a value."""
    return {name: value for name, value in properties.items() if value not in (None, "", [], {})}


_MILLISECOND = timedelta(milliseconds=1)


def _stated(order: OrderState) -> ShopEvent:
    return _state(order, "order_completed", order.placed_at, cancelled=order.standing == "cancelled")


def _state(order: OrderState, type_: str, at: datetime, *, cancelled: bool) -> ShopEvent:
    """A state of the order; of those of one second that say the same, in other words, the first is stored.

    Platforms give times in seconds: of two that differ, the one that is cancelled or refunded counts.
    """
    rank = 1 if cancelled or order.standing == "refunded" else 0
    who, total = order.customer, order.total
    # As on every road: the APIs write 80.0 where webhooks write 80.00, and leave out trackers and carts.
    worth = "" if total is None else f"{total.normalize():f}"
    mark = content_mark(worth, order.currency, cancelled, order.standing, who.id, who.email, who.phone)
    id_ = f"order:{order.id}:{stamp(order.updated_at)}:{rank}{mark}"
    properties = {**_content(order), **({"cancelled": True} if cancelled else {})}
    return replace(_event(order, type_, id_, at, properties), once=True)


def _cancelled(order: OrderState) -> ShopEvent:
    properties = filled(
        order_id=order.number,
        shop_order_id=order.id,
        total=order.total,
        currency=order.currency,
        reason=order.cancel_reason,
        updated_at=stamp(order.updated_at),
    )
    at = order.cancelled_at or order.updated_at
    id_ = f"order-cancelled:{order.id}:{stamp(order.cancelled_at) if order.cancelled_at else 'once'}"
    return ShopEvent("order_cancelled", id_, at, order.customer, properties, once=True)


def _checkout(order: OrderState) -> ShopEvent:
    """An order that waits at the payment is a cart; it is just before the order, which empties it."""
    properties = filled(
        checkout_id=order.id,
        value=order.total,
        currency=order.currency,
        products=list(order.products),
        status=order.status,
    )
    return _event(
        order,
        "checkout_started",
        f"checkout:{order.id}:{stamp(order.updated_at)}:{content_mark(properties)}",
        order.placed_at - _MILLISECOND,
        properties,
    )


def _event(order: OrderState, type_: str, id_: str, at: datetime, properties: Mapping[str, Any]) -> ShopEvent:
    return ShopEvent(type_, id_, at, order.customer, properties, order.traits, order=order.id)


def _content(order: OrderState) -> dict[str, Any]:
    return filled(
        order_id=order.number,
        shop_order_id=order.id,
        total=order.total,
        currency=order.currency,
        **order.details,
        products=list(order.products),
        status=order.status,
        updated_at=stamp(order.updated_at),
    )
