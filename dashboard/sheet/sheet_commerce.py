"""The cards for orders and cart."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from dashboard import formats, wording
from dashboard.formats import NOTHING
from dashboard.sheet.sheet_products import named, picture, unfolding
from dashboard.ui.markup import badge, card_title, facts, figures, joined, quiet, table, tag
from engine.contacts.sheet.products import SheetProduct, SheetProducts
from engine.contacts.sheet.sheet_model import SheetCommerce, SheetOrder
from engine.domain.contact import CartLine

NO_PRODUCTS = SheetProducts()

CART_LINES = 8
"""Lines of a cart that show at once."""

TIMES = "\N{MULTIPLICATION SIGN}"


def commerce(commerce: SheetCommerce, zone: ZoneInfo, products: SheetProducts = NO_PRODUCTS) -> Markup:
    """Number, sum and average of the orders, first and last date, and the latest orders with their lines."""
    if not commerce.recent:
        return joined([card_title("Orders"), quiet("No orders yet.")])
    counts = [
        (wording.plural(commerce.orders, "order"), formats.count(commerce.orders)),
        ("spent", formats.money(commerce.spent, commerce.currency)),
        ("average order", formats.money(commerce.average, commerce.currency)),
    ]
    if commerce.days_between is not None:
        days = round(commerce.days_between)
        counts.append((f"{wording.plural(days, 'day')} between orders", _days(days)))
    return joined(
        [
            card_title("Orders"),
            figures(counts),
            tag("div", _since(commerce, zone), "cs-sub"),
            _other_currencies(commerce),
            _unclear(commerce),
            _orders(commerce, zone, products),
        ]
    )


def _days(days: int) -> str:
    return formats.count(days) if days else "under 1"


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
    """How many orders have an unreadable amount."""
    if not commerce.unclear:
        return Markup()
    have = formats.counted(commerce.unclear, "order has", "orders have")
    return tag("div", f"{have} an {wording.UNREADABLE} amount, which is in no total.", "cs-sub")


def _orders(commerce: SheetCommerce, zone: ZoneInfo, products: SheetProducts) -> Markup:
    rows = [_order(order, commerce, zone, products) for order in commerce.recent]
    left = commerce.orders - sum(not order.cancelled for order in commerce.recent)
    older = f"{formats.counted(left, 'older order')} under Activity." if left > 0 else ""
    return joined([unfolding(rows, "order"), tag("div", older, "cs-small cs-quiet") if older else Markup()])


def _order(order: SheetOrder, commerce: SheetCommerce, zone: ZoneInfo, products: SheetProducts) -> Markup:
    """An order in a line; its products unfold, if they are known."""
    currency = order.currency or commerce.currency
    line = joined(
        [
            tag("span", formats.day(order.placed_at, zone), "cs-quiet cs-small"),
            tag("span", joined([order.id, *_marks(order, currency)], " "), "cs-order-what"),
            tag("span", _amount(order, currency), "cs-order-amount"),
        ]
    )
    css = "cs-order gone" if order.cancelled else "cs-order"
    lines = products.lines.get(order.id)
    if not lines:
        return tag("div", line, css)
    content = table(
        ("Quantity", "Product", "Price"),
        [
            (
                NOTHING if found.quantity is None else formats.quantity(found.quantity),
                named(found.name, products.by_id[found.product].url),
                formats.money(found.price, found.currency or currency),
            )
            for found in lines
        ],
    )
    return tag("details", tag("summary", line) + content, css)


def _marks(order: SheetOrder, currency: str | None) -> list[Markup]:
    """What became of an order."""
    marks = [badge("cancelled", "bad")] if order.cancelled else []
    if order.refunded:
        whole = order.refunded == order.amount
        marks.append(badge("refunded" if whole else f"{formats.money(order.refunded, currency)} refunded"))
    marks += [badge(f"refund {wording.UNREADABLE}: {text}", "bad") for text in order.unclear_refunds]
    return marks or [badge("completed", "good")]


def _amount(order: SheetOrder, currency: str | None) -> Markup:
    """An order's amount; what was sent, marked, for an unreadable one."""
    if order.amount is not None:
        return escape(formats.money(order.amount, currency))
    return badge(f"{wording.UNREADABLE}: {order.unclear}" if order.unclear else "no amount", "bad")


def cart(commerce: SheetCommerce, zone: ZoneInfo, products: SheetProducts = NO_PRODUCTS) -> Markup:
    """The cart."""
    held = commerce.cart
    if held is None:
        return joined([card_title("Cart"), quiet("Empty.")])
    state = badge(held.state, "good" if held.state == "active" else "quiet")
    words = tag("span", f" last changed on {formats.moment(held.changed_at, zone)}", "cs-quiet cs-small")
    known = [products.by_id.get(line.product_id) for line in held.lines]
    pictures = any(product is not None and product.image for product in known)
    rows = [
        _cart_line(line, product, commerce, pictures=pictures)
        for line, product in zip(held.lines, known, strict=True)
    ]
    value = tag("div", formats.money(held.value, commerce.currency), "cs-figure")
    return joined(
        [
            card_title("Cart"),
            tag("div", value, "cs-figures"),
            state,
            words,
            _unvalued(held.unvalued),
            unfolding(rows, "product", first=CART_LINES),
        ]
    )


def _cart_line(
    line: CartLine, product: SheetProduct | None, commerce: SheetCommerce, *, pictures: bool
) -> Markup:
    """A product in the cart: how many, at which price, and what they come to."""
    currency = line.currency or commerce.currency
    name = line.name or (line.product_id if product is None else product.name)
    each = "no price" if line.price is None else formats.money(line.price, currency)
    about = [
        tag("span", named(name, None if product is None else product.url), "cs-product-name", title=name),
        tag("span", f"{formats.quantity(line.quantity)} {TIMES} {each}", "cs-small cs-quiet"),
    ]
    whole = None if line.price is None else line.price * line.quantity
    return joined(
        [
            picture(None if product is None else product.image) if pictures else Markup(),
            tag("span", joined(about), "cs-product-about"),
            tag("span", formats.money(whole, currency), "cs-order-amount"),
        ]
    )


def _unvalued(lines: int) -> Markup:
    """How many lines are not in the cart's value."""
    if not lines:
        return Markup()
    are = formats.counted(lines, "line is", "lines are")
    return tag("div", f"{are} not in the value: the price or its exchange rate is unknown.", "cs-sub")
