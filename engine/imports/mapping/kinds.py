"""The kinds of import: what a row of the file is, and the targets of its columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from engine.domain.fields import IDENTITY_FIELDS

ImportKind = Literal["contacts", "orders", "activities"]


@dataclass(frozen=True)
class KindLabels:
    """A kind of import in words: `rows` is what is counted."""

    label: str
    one: str
    rows: str


KINDS: Mapping[ImportKind, KindLabels] = {
    "contacts": KindLabels("Contacts", "row", "rows"),
    "orders": KindLabels("Orders", "order", "orders"),
    "activities": KindLabels("Activities", "activity", "activities"),
}

PROPERTY = "property."
"""The prefix of the targets that are properties of an activity."""

PRODUCT = "product."
"""The prefix of the targets that describe the product of an order's row."""

PACKED = "products"
"""The target of columns that hold whole products: several columns can have it (`packed_items`)."""

_CUSTOMER = {
    "external_id": "Customer: external ID",
    "email": "Customer: email",
    "mobile_phone": "Customer: mobile phone",
    "name": "Customer: whole name",
    "first_name": "Customer: first name",
    "last_name": "Customer: last name",
}

ORDER_TARGETS: Mapping[str, str] = {
    "order_id": "Order number",
    "shop_order_id": "Order ID in the shop",
    "happened_at": "Order date",
    **_CUSTOMER,
    "total": "Total",
    "currency": "Currency",
    "status": "Status of the order",
    "payment_status": "Status of the payment",
    "cancelled_at": "Cancelled on",
    "refunded": "Refunded amount",
    "subtotal": "Subtotal",
    "shipping": "Shipping",
    "tax": "Tax",
    "discount": "Discount",
    "coupon": "Coupon",
    PRODUCT + "product_id": "Product: ID",
    PRODUCT + "sku": "Product: SKU",
    PRODUCT + "name": "Product: name",
    PRODUCT + "category": "Product: category",
    PRODUCT + "brand": "Product: brand",
    PRODUCT + "variant": "Product: variant",
    PRODUCT + "quantity": "Product: quantity",
    PRODUCT + "price": "Product: price of one piece",
    PRODUCT + "url": "Product: link",
    PRODUCT + "image_url": "Product: picture",
    PACKED: "Products, packed into one cell",
}

ACTIVITY_TARGETS: Mapping[str, str] = {
    "type": "Type of activity",
    "happened_at": "Date",
    "activity_id": "ID of the activity",
    "kept_id": "ID of the activity, kept",
    "source": "Source",
    "importable": "Can be imported, yes or no",
    "properties": "Properties, as JSON",
    "traits": "Traits, as JSON",
    **_CUSTOMER,
}

MONEY = frozenset({"total", "refunded", "subtotal", "shipping", "tax", "discount", f"{PRODUCT}price"})
"""The targets that are amounts."""

NUMBERS = frozenset({*MONEY, f"{PRODUCT}quantity"})
DATES = frozenset({"happened_at", "cancelled_at"})

_PROPERTY_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")

RESERVED_PROPERTIES = frozenset({"add_to", "remove_from", "cleared", "undoes", "points", "author"})
"""The properties of manual changes, which no column can fill."""


def property_target(heading: str) -> str:
    """Propose the property that a column fills: `Search term` is `property.search_term`."""
    name = re.sub(r"[^a-z0-9]+", "_", heading.lower()).strip("_")[:64] or "value"
    name = name if name[0].isalpha() else f"p_{name}"[:64]
    return PROPERTY + (f"{name}_" if name in RESERVED_PROPERTIES else name)


def is_property(target: str) -> bool:
    """Return whether a target is a property that an activity can have."""
    name = target.removeprefix(PROPERTY)
    is_name = name != target and _PROPERTY_NAME.fullmatch(name) is not None
    return is_name and name not in RESERVED_PROPERTIES


def missing_targets(kind: ImportKind, filled: set[str], *, activity_type: str = "") -> list[str]:
    """Return what a file of a kind lacks, in words."""
    problems = []
    if not filled & set(IDENTITY_FIELDS):
        whose = "contacts" if kind == "contacts" else "customers"
        problems.append(f"no column names the {whose}: choose one for the email, mobile phone or external id")
    if kind == "orders":
        if "order_id" not in filled:
            problems.append("no column has the order number: choose one")
        if not filled & {"total", f"{PRODUCT}price", PACKED}:
            problems.append("no column has an amount: choose one for the total, or for the products' price")
    if kind == "activities" and "type" not in filled and not activity_type:
        problems.append("no column has the type of activity: choose one, or one type for the whole file")
    if kind != "contacts" and "happened_at" not in filled:
        problems.append("no column has the date: choose one")
    return problems
