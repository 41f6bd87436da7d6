"""Shopify's orders, refunds, checkouts and carts.

`total_price` and `current_total_price` differ once an order was edited or refunded: the current one has
refunds taken off.  An order is worth what it is now with its refunds added again, because refunds are
activities of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from engine.domain.currencies import rounded
from engine.shops.events import Customer, Ignored, Reading, ShopEvent
from engine.shops.orders import (
    OrderState,
    ShopRefund,
    Standing,
    content_mark,
    deleted_order,
    filled,
    money,
    readings_of,
    single_refund,
    stamp,
)
from engine.shops.platforms.payloads import (
    Payload,
    address_traits,
    number,
    required_time,
    text,
    time,
)

TRACKER = "sheets_tracker"
"""The attribute of a cart, and so of its order, in which the shop's pages may pass on the tracker."""


def order(payload: Payload) -> Iterator[Reading]:
    """The state of an order, from any topic that sends the whole of it."""
    if payload.get("test") is True:
        yield Ignored("a test order")
        return
    if payload.get("source_name") == "shopify_draft_order" and not payload.get("processed_at"):
        yield Ignored("a draft of an order")
        return
    refunds = [made for refund in payload.get("refunds") or () if (made := _refund(refund)) is not None]
    yield from readings_of(
        OrderState(
            id=number(payload["id"]),
            number=text(payload.get("name")) or text(payload.get("order_number")),
            placed_at=required_time(payload, "processed_at", "created_at"),
            updated_at=required_time(payload, "updated_at", "created_at"),
            standing=_standing(payload),
            customer=customer_of(payload),
            total=_total(payload, refunds),
            currency=text(payload.get("currency")),
            status=" · ".join(
                filter(None, (text(payload.get("financial_status")), text(payload.get("fulfillment_status"))))
            ),
            products=products(payload),
            refunds=refunds,
            cancelled_at=time(payload.get("cancelled_at")),
            cancel_reason=text(payload.get("cancel_reason")),
            details=_details(payload),
            traits=_traits(payload),
        )
    )


def refund(payload: Payload) -> Iterator[Reading]:
    """A refund alone; it names its order, and not its customer."""
    made = _refund(payload)
    if made is None:
        yield Ignored("a refund without money: returned products, or a payment that is under way")
        return
    yield single_refund(made, order_id=number(payload["order_id"]))


def deleted(payload: Payload) -> Iterator[Reading]:
    """An order that was deleted; the payload is its id and nothing else.

    Raises ValueError for a whole order: a delivery of another topic under this one's name.
    """
    if "line_items" in payload or "email" in payload:
        raise ValueError("is no deletion: it has the content of an order")
    yield deleted_order(number(payload["id"]))


def edited(_payload: Payload) -> Iterator[Reading]:
    """An edit lists what it adds and removes; `orders/updated`, which follows it, has the whole order."""
    yield Ignored("an edit: the whole order follows with orders/updated")


def checkout(payload: Payload) -> Iterator[Reading]:
    """What lies in a checkout lies in the cart."""
    if payload.get("completed_at"):
        yield Ignored("a checkout that became an order")
        return
    customer = customer_of(payload)
    if not (customer.id or customer.email or customer.phone or customer.tracker):
        yield Ignored("a checkout of a visitor who has not entered an email or phone")
        return
    token = text(payload.get("token")) or number(payload["id"])
    at = required_time(payload, "updated_at", "created_at")
    content = filled(
        checkout_id=token,
        value=money(payload.get("total_price")),
        currency=text(payload.get("currency")),
        products=products(payload),
        url=text(payload.get("abandoned_checkout_url")),
    )
    id_ = f"checkout:{token}:{stamp(at)}:{content_mark(customer, content)}"
    yield ShopEvent("checkout_started", id_, at, customer, content, _traits(payload))


def cart(payload: Payload) -> Iterator[Reading]:
    """A cart as it is now; its token is a tracker until the checkout says whose it is."""
    token = text(payload.get("token")) or number(payload["id"])
    at = required_time(payload, "updated_at", "created_at")
    tracker = _attribute(payload, TRACKER) or cart_tracker(token)
    content: dict[str, Any] = {"cart_id": token, "products": products(payload)}
    id_ = f"cart:{token}:{stamp(at)}:{content_mark(content)}"
    yield ShopEvent("cart_viewed", id_, at, Customer(tracker=tracker), content)


def cart_tracker(token: str) -> str:
    """The tracker of a cart that names no browser."""
    return f"cart-{token}"


def customer_of(payload: Payload) -> Customer:
    """Who ordered; a guest has an email or phone alone."""
    person: Mapping[str, Any] = payload.get("customer") or {}
    cart_token = text(payload.get("cart_token"))
    return Customer(
        id=text(person.get("id")),
        email=text(payload.get("email")) or text(payload.get("contact_email")) or text(person.get("email")),
        phone=text(payload.get("phone")) or text(person.get("phone")),
        tracker=_attribute(payload, TRACKER),
        cart=cart_tracker(cart_token) if cart_token else "",
    )


def products(payload: Payload) -> list[dict[str, Any]]:
    """The lines of an order, a checkout or a cart; those that were removed are left out."""
    return [product for line in payload.get("line_items") or () if (product := _product(line))["quantity"]]


def _product(line: Payload) -> dict[str, Any]:
    quantity = line.get("current_quantity", line.get("quantity"))
    return {
        "quantity": 1 if quantity is None else quantity,
        **filled(
            product_id=text(line.get("product_id")) or text(line.get("variant_id")),
            sku=text(line.get("sku")),
            name=text(line.get("title")) or text(line.get("name")),
            variant=text(line.get("variant_title")),
            brand=text(line.get("vendor")),
            price=money(line.get("price")),
        ),
    }


def _refund(payload: Payload) -> ShopRefund | None:
    """A refund; unset while no money has been given back."""
    paid = [
        (money(transaction.get("amount")) or Decimal(0), text(transaction.get("currency")))
        for transaction in payload.get("transactions") or ()
        if transaction.get("kind") == "refund" and transaction.get("status") == "success"
    ]
    amount = sum((amount for amount, _ in paid), Decimal(0))
    if not amount:
        return None
    lines = [returned["line_item"] | {"current_quantity": returned.get("quantity")}
             for returned in payload.get("refund_line_items") or () if returned.get("line_item")]  # fmt: skip
    return ShopRefund(
        id=number(payload["id"]),
        amount=amount,
        currency=next((currency for _, currency in paid if currency), ""),
        at=required_time(payload, "processed_at", "created_at"),
        reason=text(payload.get("note")),
        products=products({"line_items": lines}),
    )


def _standing(payload: Payload) -> Standing:
    status = text(payload.get("financial_status"))
    if payload.get("cancelled_at") or status == "voided":
        return "cancelled"
    return "not_placed" if status == "expired" else "placed"


def _total(payload: Payload, refunds: Sequence[ShopRefund]) -> Decimal | None:
    current = money(payload.get("current_total_price"))
    returned = [_in_currency_of_shop(refund, payload) for refund in refunds]
    if current is None or None in returned:
        return money(payload.get("total_price"))
    return current + sum(filter(None, returned), Decimal(0))


def _in_currency_of_shop(refund: ShopRefund, payload: Payload) -> Decimal | None:
    """The amount of a refund in the currency of the order's total; unset where the payload has no rate.

    A webhook's refund is in the currency that the customer paid in, the total in that of the shop.
    """
    amount, currency = refund.amount or Decimal(0), text(payload.get("currency"))
    if refund.currency in ("", currency):
        return amount
    prices: Mapping[str, Any] = payload.get("total_price_set") or {}
    of_shop, paid = prices.get("shop_money") or {}, prices.get("presentment_money") or {}
    whole, in_shop = money(paid.get("amount")), money(of_shop.get("amount"))
    if not whole or in_shop is None or text(paid.get("currency_code")) != refund.currency:
        return None
    return rounded(amount * in_shop / whole, currency)


def _details(payload: Payload) -> dict[str, Any]:
    shipping = ((payload.get("total_shipping_price_set") or {}).get("shop_money") or {}).get("amount")
    codes = payload.get("discount_codes") or [{}]
    return filled(
        subtotal=money(payload.get("subtotal_price")),
        shipping=money(shipping),
        tax=money(payload.get("total_tax")),
        discount=money(payload.get("total_discounts")),
        coupon=text(codes[0].get("code")),
        checkout_id=text(payload.get("checkout_token")),
    )


def _traits(payload: Payload) -> dict[str, Any]:
    person: Mapping[str, Any] = payload.get("customer") or {}
    address: Mapping[str, Any] = payload.get("billing_address") or {}
    return filled(
        first_name=text(person.get("first_name")) or text(address.get("first_name")),
        last_name=text(person.get("last_name")) or text(address.get("last_name")),
        language=text(payload.get("customer_locale")),
        address=address_traits(address),
    )


def _attribute(payload: Payload, name: str) -> str:
    """An attribute that the shop's pages put on the cart; a leading underscore hides it from customers."""
    attributes = payload.get("note_attributes") or ()
    named = {text(a.get("name")): text(a.get("value")) for a in attributes if isinstance(a, Mapping)}
    return named.get(name) or named.get(f"_{name}") or ""
