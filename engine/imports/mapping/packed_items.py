"""The products of an order that stand in one cell: `name:Shirt|sku:SH-1|quantity:2|total:25.00`.

WooCommerce's export plugins write the lines of an order so, in a column each (`line_item_1`) or all in one
(`line_items`, divided by semicolons, or as JSON).  A backslash goes before a mark that is part of a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from engine.domain.document import Document
from engine.domain.money import number
from engine.imports.mapping.values import is_blank

MAX_TEXT = 500
"""Characters of a product's name and the like."""

DECIMALS = Decimal("0.0001")
"""To what the price of one piece is rounded where the total does not divide evenly."""

_KEY = r"[A-Za-z][A-Za-z0-9_ ]*:"
_NEXT_VALUE = re.compile(rf"(?<!\\)\|(?={_KEY})")
_NEXT_ITEM = re.compile(r"(?<!\\);\s*(?=(?:id|name|product_id|sku):)")


def read_items(cell: str) -> list[Document]:
    """Return the products in a cell, those without a name, SKU or ID left out; empty if it has none."""
    products = (_product(values) for values in _items(cell.strip()))
    return [product for product in products if product.keys() & {"name", "sku", "product_id"}]


def _items(text: str) -> Iterable[Mapping[str, Any]]:
    if text[:1] in ("[", "{"):
        try:
            found = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            return []
        return [item for item in (found if isinstance(found, list) else [found]) if isinstance(item, dict)]
    return [_values(item) for item in _NEXT_ITEM.split(text)]


def _values(item: str) -> Mapping[str, str]:
    pairs = (part.partition(":") for part in _NEXT_VALUE.split(item))
    return {key.strip().lower(): _unescaped(value) for key, mark, value in pairs if mark}


def _unescaped(value: str) -> str:
    return re.sub(r"\\([|:;=,\\])", r"\1", value).strip()


def _product(values: Mapping[str, Any]) -> Document:
    """The product of a line; the price of one piece is what was paid for the line by its quantity."""
    found: Document = {}
    for name in ("product_id", "sku", "name"):
        text = " ".join(str(values.get(name) or "").split())[:MAX_TEXT]
        if not is_blank(text) and text != "0":
            found[name] = text
    quantity, total = _number(values, "quantity", "qty"), _number(values, "total", "subtotal", "sub_total")
    if quantity is not None:
        found["quantity"] = int(quantity) if quantity == quantity.to_integral_value() else quantity
    if total is not None and quantity is not None and quantity >= DECIMALS:
        price = total / quantity
        found["price"] = price if price * quantity == total else price.quantize(DECIMALS)
    return found


def _number(values: Mapping[str, Any], *names: str) -> Decimal | None:
    """The first number under some names; these exports write a decimal point."""
    found = (number(values.get(name)) for name in names)
    return next((one for one in found if one is not None), None)
