"""The text of an activity by its type: products with prices, an order's total, who changed what.

It uses only the row's own details, so masked values stay masked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from dashboard import formats, wording
from engine.contacts.sheet.timeline_rows import TimelineRow
from engine.domain.masking import HIDDEN
from engine.domain.money import Unreadable, read
from engine.domain.property_names import value_of
from engine.domain.worth import currency_of

Properties = Mapping[str, Any]

SHOWN_ITEMS = 4
"""Products of an order that are named; the others are counted."""

TIMES = "\N{MULTIPLICATION SIGN}"

LONG = 160
"""Characters of a value on a line."""


@dataclass(frozen=True)
class RowText:
    """A line beside the label, and lines below it."""

    line: str
    lines: tuple[str, ...] = ()


def row_text(row: TimelineRow, zone: ZoneInfo) -> RowText:
    """The text of a row."""
    properties = row.details.get("properties", {})
    properties = properties if isinstance(properties, Mapping) else {}
    render = _RENDERERS.get(row.type)
    if render is not None:
        return render(properties)
    if row.type == "contact_edited":
        return _edit(row, properties, zone)
    if row.type in ("contact_imported", "contact_created", "identified"):
        return RowText(_joined([row.summary, *_pairs(row.details.get("traits", {}))]))
    return RowText(row.summary or _joined(_pairs(properties)))


def in_a_line(type_: str, properties: Properties, summary: str) -> str:
    """An activity in one line; `summary` is used for types without a renderer."""
    render = _RENDERERS.get(type_)
    return summary if render is None else render(properties).line


def _product(properties: Properties) -> RowText:
    return RowText(_item(properties, _currency(properties)))


def _order(properties: Properties) -> RowText:
    currency = _currency(properties)
    total = next((found for name in _TOTALS if (found := _amount(value_of(properties, name), currency))), "")
    number = _text(value_of(properties, "order_id"))
    line = _joined([total, f"order {number}" if number else "", _text(properties.get("reason"))])
    return RowText(line, tuple(_items(value_of(properties, "products"), currency)))


_TOTALS = ("total", "revenue", "value")


def _bounce(properties: Properties) -> RowText:
    line = _joined(_text(properties.get(name)) for name in ("bounce", "code", "reason"))
    return RowText(line, tuple(filter(None, [_text(properties.get("diagnostic"))])))


def _edit(row: TimelineRow, properties: Properties, zone: ZoneInfo) -> RowText:
    author = _text(properties.get("author"))
    line = _joined([f"by {author}" if author else "", _text(properties.get("reason"))])
    if row.undoes is not None:
        back = f"Undid: {row.undoes.label} of {formats.moment(row.undoes.happened_at, zone)}"
        return RowText(line, (back,))
    what = properties.get("what")
    return RowText(line, tuple(filter(None, map(_text, what))) if isinstance(what, list) else ())


_RENDERERS: dict[str, Callable[[Properties], RowText]] = {
    **dict.fromkeys(("product_visited", "added_to_cart", "removed_from_cart"), _product),
    **dict.fromkeys(("order_completed", "order_updated", "order_refunded", "order_cancelled"), _order),
    **dict.fromkeys(("checkout_started", "cart_viewed"), _order),
    **dict.fromkeys(("email_bounced", "sms_bounced"), _bounce),
}


def _items(products: Any, currency: str | None) -> Iterator[str]:
    if not isinstance(products, list):
        return
    yield from filter(None, (_item(item, currency) for item in products[:SHOWN_ITEMS]))
    if len(products) > SHOWN_ITEMS:
        yield f"and {formats.count(len(products) - SHOWN_ITEMS)} more"


def _item(item: Any, currency: str | None) -> str:
    if not isinstance(item, Mapping):
        return _text(item)
    names = (_text(value_of(item, name)) for name in ("name", "product_id", "sku"))
    name = next(filter(None, names), "")
    number = _number(value_of(item, "quantity"))
    many = f"{formats.quantity(number)} {TIMES} " if number is not None and number != 1 and name else ""
    price = _amount(value_of(item, "price"), _currency(item) or currency)
    return _joined([f"{many}{name}", _text(item.get("variant")), _text(item.get("category")), price])


def _pairs(properties: Any) -> list[str]:
    """Names and values, for types without a summary."""
    if not isinstance(properties, Mapping):
        return []
    found = [f"{name}: {text}" for name, value in properties.items() if (text := _text(value))]
    return found[:SHOWN_ITEMS]


def _amount(value: Any, currency: str | None) -> str:
    """An amount of money; one with a sign of its own as it was sent, an unreadable or negative one marked."""
    text = _text(value)
    found = read(value, formats.decimal_mark()) if text else None
    if found is None:
        return text
    if isinstance(found, Unreadable) or found.number < 0:
        return f"{text} ({wording.UNREADABLE})"
    is_plain = not found.mark and (currency is not None or not isinstance(value, str))
    return formats.money(found.number, currency) if is_plain else text


def _currency(properties: Properties) -> str | None:
    sent = value_of(properties, "currency")
    return currency_of(properties) if isinstance(sent, str) and sent != HIDDEN else None


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    number = Decimal(str(value))
    return number if number.is_finite() else None


def _text(value: Any) -> str:
    """A value as text; empty if it is missing, masked or not a single value."""
    if value is None or value == HIDDEN or isinstance(value, Mapping):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(filter(None, map(_text, value[:SHOWN_ITEMS])))
    text = str(value).strip()
    return text if len(text) <= LONG else f"{text[:LONG]}…"


def _joined(parts: Any) -> str:
    return " · ".join(filter(None, parts))
