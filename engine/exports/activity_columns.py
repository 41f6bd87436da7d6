"""The columns of an export of activities.

`Properties` has all that the sender sent, exactly; the columns with a property or an amount of their own
are there for spreadsheets and analysts, and an import of the file leaves them out (`own_export`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from bson import DBRef

from engine.domain import money
from engine.domain.activities import CALCULATION, IMPORT, SOURCE_LABELS, Source, source_of
from engine.domain.document import Document
from engine.domain.rulebook import Ruleset
from engine.exports.column import Column, Kind

OURS = "Contact Sheets"
"""The source of what the product itself records."""


def activity_columns(ruleset: Ruleset, theirs: Sequence[Column]) -> list[Column]:
    """Return the columns in their order; `theirs` are those by which a contact is known."""
    own = [replace(column, of="activity") for column in _what_happened(ruleset)]
    contact = [*theirs, Column("contact_id", "Contact ID", "text", "$_id")]
    rest = [replace(column, of="activity") for column in [*_origin(), *_properties(ruleset)]]
    return [*own, *contact, *rest, *_figures()]


def _what_happened(ruleset: Ruleset) -> list[Column]:
    return [
        Column("activity_id", "Activity ID", "text", "$_id"),
        Column("happened_at", "Happened at", "instant", "$happened_at"),
        Column("day", "Day", "day", "$happened_at", _day_in(ruleset.account.time_zone)),
        Column("type", "Activity type", "text", "$type"),
        Column("label", "Activity", "text", "$type", ruleset.catalog.label),
    ]


def _origin() -> list[Column]:
    sender = {name: f"${name}" for name in ("source", "trusted", "verified", "derived")}
    return [
        Column("source", "Source", "text", sender, _source),
        Column("received_at", "Received at", "instant", "$received_at"),
        Column("tracker", "Tracker", "text", "$tracker"),
        Column("bot", "Bot", "boolean", {"$ifNull": ["$bot", False]}),
        Column("page", "Page", "text", {"$ifNull": ["$context.page.url", "$context.page.path"]}, _text),
    ]


def _properties(ruleset: Ruleset) -> list[Column]:
    number = _number_by(ruleset.account.decimal_mark)
    total = {"$ifNull": ["$properties.total", {"$ifNull": ["$properties.revenue", "$properties.value"]}]}

    def named(name: str, label: str, kind: Kind = "text") -> Column:
        return Column(name, label, kind, f"$properties.{name}", number if kind == "money" else _text)

    return [
        named("order_id", "Order ID"),
        Column("total", "Total", "money", total, number),
        named("currency", "Currency"),
        named("shipping", "Shipping", "money"),
        named("tax", "Tax", "money"),
        named("discount", "Discount", "money"),
        named("products", "Products"),
        named("product_id", "Product ID"),
        Column("product", "Product", "text", "$properties.name", _text),
        named("category", "Category"),
        named("price", "Price", "money"),
        named("quantity", "Quantity", "money"),
        Column("properties", "Properties", "text", "$properties", _json),
        Column("traits", "Traits", "text", "$traits", _json),
    ]


def _figures() -> list[Column]:
    """What follows from the contact's orders, and from what has been undone."""
    columns: list[tuple[str, str, Kind]] = [
        ("order_counts", "Order counts", "boolean"),
        ("order_paid", "Order paid", "money"),
        ("order_refunded", "Order refunded", "money"),
        ("order_value", "Order value", "money"),
        ("importable", "Can be imported", "boolean"),
    ]
    return [Column(id_, label, kind, None, attrgetter(id_), of="row") for id_, label, kind in columns]


# What becomes of what MongoDB finds


def _day_in(zone: ZoneInfo) -> Callable[[datetime], date]:
    return lambda at: at.astimezone(zone).date()


def _source(sender: Mapping[str, Any]) -> str:
    if sender.get("derived") or sender.get("source") == CALCULATION:
        return OURS
    if sender.get("source") == IMPORT and not sender.get("trusted"):
        return SOURCE_LABELS[Source.BROWSER]  # a browser's, by way of an export of ours
    return SOURCE_LABELS[source_of(sender)]


def _number_by(mark: money.DecimalMark) -> Callable[[Any], str | None]:
    def number(value: Any) -> str | None:
        found = None if value is None else money.number(value, mark)
        return None if found is None else f"{found:f}"

    return number


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | list | dict):
        return _json(value)
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _json(value: Any) -> str | None:
    return None if value in (None, {}) else _ENCODER.encode(value).decode()


def _plain(value: Any) -> int | str | Document:
    """What JSON does not know."""
    if isinstance(value, DBRef):
        return dict(value.as_doc())
    return int(value) if isinstance(value, int) else str(value)


_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=_plain)
