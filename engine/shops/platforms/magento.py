"""Magento 2 and Adobe Commerce: polled, as Magento Open Source has no webhooks for orders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.shops import consents
from engine.shops.events import Customer, Reading, ShopEvent
from engine.shops.orders import (
    OrderState,
    ShopRefund,
    Standing,
    filled,
    money,
    readings_of,
    single_refund,
    stamp,
)
from engine.shops.platforms.platform import Field, Platform, Step
from engine.shops.written import certain_time, is_set, phone_of

Row = Mapping[str, Any]

_STANDINGS: Mapping[str, Standing] = {
    "new": "placed",
    "pending_payment": "not_placed",
    "payment_review": "placed",
    "processing": "placed",
    "holded": "placed",
    "complete": "placed",
    "closed": "refunded",
    "canceled": "cancelled",
}
"""By `state`, which Magento declares; a shop names its statuses as it likes."""


def translate(topic: str, payload: Any) -> Sequence[Reading]:
    """The readings of a record that was fetched (`engine.shops.fetching.magento_api`)."""
    readers = {"customer": _customer, "order": _order, "creditmemo": _creditmemo}
    if topic not in readers:
        raise ValueError(f"unknown topic {topic[:60]!r}")
    return list(readers[topic](payload))


def _order(row: Row) -> Iterator[Reading]:
    address = row.get("billing_address") or {}
    yield from readings_of(
        OrderState(
            id=str(row["entity_id"]),
            number=str(row["increment_id"]),
            placed_at=certain_time(row["created_at"]),
            updated_at=certain_time(row["updated_at"]),
            standing=_STANDINGS.get(str(row.get("state") or ""), "placed"),
            customer=Customer(
                id="" if is_set(row.get("customer_is_guest")) else str(row.get("customer_id") or ""),
                email=str(row.get("customer_email") or ""),
                phone=phone_of((address.get("telephone"),), str(address.get("country_id") or "")),
            ),
            total=money(row.get("grand_total")),
            currency=str(row.get("order_currency_code") or ""),
            status=str(row.get("status") or ""),
            products=[_product(item) for item in row.get("items") or () if not item.get("parent_item_id")],
            refunds=[_refund(memo) for memo in row["creditmemos"]],
            details=filled(
                subtotal=money(row.get("subtotal")),
                shipping=money(row.get("shipping_incl_tax") or row.get("shipping_amount")),
                tax=money(row.get("tax_amount")),
                discount=_positive(money(row.get("discount_amount"))),
                coupon=row.get("coupon_code"),
            ),
            traits=filled(
                first_name=row.get("customer_firstname") or address.get("firstname"),
                last_name=row.get("customer_lastname") or address.get("lastname"),
                address=filled(
                    city=address.get("city"),
                    province=address.get("region"),
                    postal_code=address.get("postcode"),
                    country=address.get("country_id"),
                ),
                company=address.get("company"),
            ),
        )
    )


def _product(item: Row) -> dict[str, Any]:
    return filled(
        product_id=str(item.get("product_id") or item["sku"]),
        sku=item.get("sku"),
        name=item.get("name"),
        quantity=money(item.get("qty_ordered")),
        price=money(item.get("price_incl_tax") or item.get("price")),
    )


def _positive(amount: Any) -> Any:
    """A discount: Magento writes it as a negative amount."""
    return None if not amount else abs(amount)


def _refund(memo: Row) -> ShopRefund:
    return ShopRefund(
        str(memo["entity_id"]),
        money(memo.get("grand_total")),
        str(memo.get("order_currency_code") or ""),
        certain_time(memo["created_at"]),
    )


def _creditmemo(row: Row) -> Iterator[Reading]:
    yield single_refund(_refund(row), order_id=str(row["order_id"]))


def _customer(row: Row) -> Iterator[Reading]:
    customer = Customer(id=str(row["id"]), email=str(row.get("email") or ""), phone=_phone(row))
    since, changed = certain_time(row["created_at"]), certain_time(row["updated_at"])
    traits = filled(first_name=row.get("firstname"), last_name=row.get("lastname"), birth_date=row.get("dob"))
    yield ShopEvent("registered", f"registered:{row['id']}", since, customer, once=True)
    yield ShopEvent("identified", f"customer:{row['id']}:{stamp(changed)}", changed, customer, traits=traits)
    stated = (row.get("extension_attributes") or {}).get("is_subscribed")
    if stated is not None:
        yield consents.stated(customer, subscribed=is_set(stated), changed_at=changed, customer_since=since)


def _phone(row: Row) -> str:
    """The number of the customer's billing address, else of the first one."""
    addresses = sorted(row.get("addresses") or (), key=lambda one: not one.get("default_billing"))
    found = (phone_of((one.get("telephone"),), str(one.get("country_id") or "")) for one in addresses)
    return next(filter(None, found), "")


def _steps(_address: str) -> Sequence[Step]:
    return (
        Step("In Magento, open *System → Extensions → Integrations* and *Add New Integration*."),
        Step(
            "Give it a name, and under *API* tick these resources:",
            ("Sales → Operations → Orders, Sales → Operations → Credit Memos, Customers → All Customers",),
        ),
        Step(
            "Save and *Activate* it. Since Magento 2.4.4, also set *Allow OAuth Access Tokens to be used as "
            "standalone Bearer tokens* to *Yes* under *Stores → Configuration → Services → OAuth*."
        ),
        Step("Copy the **Access Token**, and enter it here with the shop's address."),
    )


PLATFORM = Platform(
    name="magento",
    label="Magento",
    fields=(
        Field("url", "Address of the shop", "as customers open it, such as https://www.example.com"),
        Field("access_token", "Access token", "System → Integrations", secret=True),
    ),
    steps=_steps,
    translate=translate,
)
