"""The cards for orders, cart, RFM and customer lifetime value."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from dashboard import formats, wording
from dashboard.ui.markup import badge, card_title, facts, figures, joined, quiet, table, tag
from engine.contacts.sheet.sheet_model import SheetCommerce, SheetOrder


def commerce(commerce: SheetCommerce, zone: ZoneInfo) -> Markup:
    """Number, sum and average of the orders, first and last date, and the latest orders."""
    if not commerce.recent:
        return joined([card_title("Orders"), quiet("No orders yet.")])
    counts = (
        (wording.plural(commerce.orders, "order"), formats.count(commerce.orders)),
        ("spent", formats.money(commerce.spent, commerce.currency)),
        ("average order", formats.money(commerce.average, commerce.currency)),
    )
    return joined(
        [
            card_title("Orders"),
            figures(counts),
            tag("div", _since(commerce, zone), "cs-sub"),
            _other_currencies(commerce),
            _unclear(commerce),
            _orders(commerce, zone),
        ]
    )


def _since(commerce: SheetCommerce, zone: ZoneInfo) -> str:
    """The dates of the first and last order, and refunds."""
    parts = []
    if commerce.first_order_at is not None:
        parts.append(f"first order on {formats.day(commerce.first_order_at, zone)}")
        parts.append(f"last on {formats.day(commerce.last_order_at, zone)}")
    if commerce.refunded:
        parts.append(f"{formats.money(commerce.refunded, commerce.currency)} refunded")
    return ", ".join(parts)


def _other_currencies(commerce: SheetCommerce) -> Markup:
    """Amounts in currencies without an exchange rate."""
    if not commerce.foreign:
        return Markup()
    rows = [
        (currency or "unknown currency", formats.money(amount, currency or None))
        for currency, amount in commerce.foreign.items()
    ]
    words = "In other currencies, without an exchange rate in the settings"
    return joined([tag("div", words, "cs-sub"), facts(rows)])


def _unclear(commerce: SheetCommerce) -> Markup:
    """How many orders have an amount that cannot be told."""
    if not commerce.unclear:
        return Markup()
    have = wording.plural(commerce.unclear, "order has", "orders have")
    words = f"{formats.count(commerce.unclear)} {have} an amount that cannot be read. It is in no total."
    return tag("div", words, "cs-sub")


def _orders(commerce: SheetCommerce, zone: ZoneInfo) -> Markup:
    return table(
        ("When", "Order", "Amount"),
        [
            (
                formats.day(order.placed_at, zone),
                _order(order, order.currency or commerce.currency),
                _amount(order, order.currency or commerce.currency),
            )
            for order in commerce.recent
        ],
        faded=[order.cancelled for order in commerce.recent],
    )


def _order(order: SheetOrder, currency: str | None) -> Markup:
    marks = [badge("cancelled", "bad")] if order.cancelled else []
    if order.refunded:
        marks.append(badge(f"{formats.money(order.refunded, currency)} refunded"))
    marks += [badge(f"refund {wording.UNREADABLE}: {text}", "bad") for text in order.unclear_refunds]
    return joined([escape(order.id), *marks], " ")


def _amount(order: SheetOrder, currency: str | None) -> Markup:
    """An order's amount; what was sent, marked, for one that cannot be told."""
    if order.amount is not None:
        return escape(formats.money(order.amount, currency))
    return badge(f"{wording.UNREADABLE}: {order.unclear}" if order.unclear else "no amount", "bad")


def cart(commerce: SheetCommerce, zone: ZoneInfo) -> Markup:
    """The cart."""
    held = commerce.cart
    if held is None:
        return joined([card_title("Cart"), quiet("Empty.")])
    state = badge(held.state, "good" if held.state == "active" else "quiet")
    words = tag("span", f" last changed on {formats.moment(held.changed_at, zone)}", "cs-quiet cs-small")
    lines = table(
        ("Quantity", "Product", "Price"),
        [
            (
                formats.quantity(line.quantity),
                line.name or line.product_id,
                formats.money(line.price, line.currency or commerce.currency),
            )
            for line in held.lines
        ],
    )
    value = tag("div", formats.money(held.value, commerce.currency), "cs-figure")
    return joined(
        [card_title("Cart"), tag("div", value, "cs-figures"), state, words, _unvalued(held.unvalued), lines]
    )


def _unvalued(lines: int) -> Markup:
    """How many lines are not in the cart's value."""
    if not lines:
        return Markup()
    are = wording.plural(lines, "line is", "lines are")
    words = f"{formats.count(lines)} {are} not in the value: the price or its exchange rate is unknown."
    return tag("div", words, "cs-sub")


def rfm(commerce: SheetCommerce, *, now: datetime) -> Markup:
    """Recency, frequency and monetary value; they are not scored yet."""
    if not commerce.orders or commerce.last_order_at is None:
        return joined([card_title("RFM"), quiet("No RFM yet: this contact has no orders.")])
    days = max((now - commerce.last_order_at).days, 0)
    known = (
        (f"{wording.plural(days, 'day')} since the last order", formats.count(days)),
        (wording.plural(commerce.orders, "order"), formats.count(commerce.orders)),
        ("spent", formats.money(commerce.spent, commerce.currency)),
    )
    missing = "Scores from 1 to 5 and the category are not calculated yet."
    return joined([card_title("RFM"), figures(known), tag("div", missing, "cs-quiet cs-small")])


def clv(commerce: SheetCommerce) -> Markup:
    """Customer lifetime value: not calculated yet, with what it needs."""
    needs = (
        "Not calculated yet. A forecast needs 500 customers with orders, 180 days of history, an order in "
        "the last 30 days and some customers with three or more orders."
    )
    own = "" if commerce.orders else " This contact has no orders yet."
    return joined([card_title("Customer lifetime value"), tag("div", f"{needs}{own}", "cs-quiet cs-small")])
