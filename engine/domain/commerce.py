"""Orders, refunds and the cart: exact money, each order once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from engine.domain.activities import Activity, ActivityId
from engine.domain.contact import Cart, CartLine, Commerce, ContactState, Order, Refund
from engine.domain.currencies import is_currency, meant_by, rounded
from engine.domain.identity.blanks import visible
from engine.domain.identity.normalisation import is_placeholder
from engine.domain.money import MAX_DIGITS, Unreadable, Written, number, quoted, read
from engine.domain.property_names import value_of
from engine.domain.rulebook import Account

Properties = Mapping[str, Any]

MAX_CURRENCY = 12
"""Characters kept of what is no currency."""

CART_ACTIVITIES = frozenset({"added_to_cart", "removed_from_cart", "cart_viewed", "checkout_started"})
ORDER_COMPLETED, ORDER_UPDATED = "order_completed", "order_updated"
ORDER_ACTIVITIES = frozenset({ORDER_COMPLETED, ORDER_UPDATED, "order_refunded", "order_cancelled"})
COMMERCE_ACTIVITIES = CART_ACTIVITIES | ORDER_ACTIVITIES


def apply_commerce(state: ContactState, activity: Activity, account: Account) -> bool:
    """Apply an order, refund, cancellation or change of cart to `state`; leave other types alone.

    Returns false if the activity repeats a known order: it may correct it, and has no other effect.
    """
    if activity.type not in COMMERCE_ACTIVITIES:
        return True
    if activity.type in CART_ACTIVITIES:
        _change_cart(state, activity, account)
        return True
    placed = True
    if activity.type in (ORDER_COMPLETED, ORDER_UPDATED):
        placed = _place_or_correct(state, activity, account)
    elif activity.type == "order_refunded":
        _refund(state.commerce, activity, account)
    else:
        _order_of(state.commerce, activity).cancelled = True
    _total(state.commerce, account)
    return placed


@dataclass(frozen=True)
class Worth:
    """What an order or refund is worth; `unclear` is what was sent for an amount that cannot be told.

    Without a currency it is that of the order, or of the account.
    """

    amount: Decimal | None = None
    currency: str | None = None
    unclear: str | None = None


def worth_of(properties: Properties, account: Account, *, of_old: str | None = None) -> Worth | None:
    """The value of an order: its total, else its revenue or value, else the sum of its products.

    Rounded to the currency's minor unit; without a currency to that of `of_old`, else of the account.
    Unset if it says nothing of its value.  The first of these that was sent counts: if it cannot be read,
    or is negative, no other is taken in its place.
    """
    currency = currency_of(properties)
    found = _amount_in(properties, account)
    if isinstance(found, Written):
        return _worth_of(found, currency, account, of_old=of_old)
    return None if found is None else Worth(currency=currency, unclear=found.text)


def _amount_in(properties: Properties, account: Account) -> Written | Unreadable | None:
    for name in ("total", "revenue", "value"):
        found = read(value_of(properties, name), account.decimal_mark)
        if found is not None:
            return found
    products = value_of(properties, "products")
    return None if products is None else _sum_of(products, account)


def _worth_of(found: Written, currency: str | None, account: Account, *, of_old: str | None) -> Worth:
    """A written amount as money; the sign beside it says the currency where nothing else does."""
    meant = meant_by(found.mark) if found.mark else ()
    usual = of_old or account.currency
    if currency is None and meant and usual not in meant:
        currency = meant[0] if len(meant) == 1 else found.mark
    contradicts = meant and is_currency(currency or usual) and (currency or usual) not in meant
    if found.number < 0 or contradicts:
        return Worth(currency=currency, unclear=f"{found.number} {found.mark}".strip())
    return Worth(rounded(found.number, currency or usual), currency)


def _sum_of(products: Any, account: Account) -> Written | Unreadable:
    """The sum of the products of an order; one whose price or quantity cannot be told spoils it."""
    total = Decimal(0)
    for product in products if isinstance(products, list) else [products]:
        details = product if isinstance(product, dict) else {}
        quantity = _quantity_of(details)
        price = number(value_of(details, "price"), account.decimal_mark)
        if quantity is None or (price is None and quantity > 0):
            return quoted(_name_of(product))
        if price is not None and quantity > 0:
            total += quantity * price
    return Written(total) if total.adjusted() < MAX_DIGITS else quoted(total)


def _quantity_of(product: Properties) -> Decimal | None:
    """How many of a product; one where nothing is said, unset where it cannot be read."""
    given = value_of(product, "quantity")
    return Decimal(1) if given is None else number(given)


def _name_of(product: Any) -> Any:
    """The first of a product's names; the product itself if it has none."""
    details = product if isinstance(product, dict) else {}
    names = (value_of(details, name) for name in ("product_id", "sku", "name"))
    return next((name for name in names if name is not None), product)


def lines_of(products: Any) -> list[CartLine]:
    """Read the products of an order or cart; what is no product is passed over."""
    if not isinstance(products, list):
        return []
    return [line for product in products if (line := line_of(product)) is not None]


def line_of(product: Any) -> CartLine | None:
    """Read one product by `product_id`, else `sku`, else `name`; unset if it has none."""
    if not isinstance(product, dict):
        return None
    named = next(
        (product[n] for n in ("product_id", "sku", "name") if product.get(n) not in (None, "")), None
    )
    if named is None:
        return None
    quantity = number(product.get("quantity"))
    return CartLine(
        product_id=str(named),
        quantity=Decimal(1) if quantity is None else quantity,
        price=number(product.get("price")),
        name=str(product["name"]) if product.get("name") else None,
    )


# Orders


def superseded(activities: Iterable[Activity], book: Iterable[Order] = ()) -> frozenset[ActivityId]:
    """The activities of browsers that a trusted source has reported, too: they have no effect.

    They are of the same order, one of `book` or of `activities`, or have the same id as their senders
    gave it.
    """
    placed = list(activities)
    trusted = {name for activity in placed if activity.trusted for name in _names(activity)}
    trusted |= {("order", order.id) for order in book if order.placed_at is not None and not order.unproven}
    if not trusted:
        return frozenset()
    return frozenset(a.id for a in placed if not a.trusted and not trusted.isdisjoint(_names(a)))


def _names(activity: Activity) -> list[tuple[str, str]]:
    """What the activity goes by; only a trusted completion, and no update, stands for the whole order."""
    names = [("id", activity.senders_id)]
    placing = activity.type == ORDER_COMPLETED
    if placing or (activity.type == ORDER_UPDATED and not activity.trusted):
        order = order_id_of(activity)
        names += [("order", order)] if order else []
    return names


def corrects_browser(state: ContactState, activity: Activity) -> bool:
    """Whether a trusted source reports an order that only a browser has reported so far."""
    order_id = order_id_of(activity)
    if not activity.trusted or activity.type != ORDER_COMPLETED or not order_id:
        return False
    return any(
        order.id == order_id and (order.unproven or order.unproven_amount) for order in state.commerce.book
    )


def order_id_of(activity: Activity) -> str | None:
    """The order that an activity names; unset if it names none, or a placeholder."""
    given = value_of(activity.properties, "order_id")
    if isinstance(given, float | Decimal) and math.isfinite(given) and given == int(given):
        given = int(given)
    name = "" if given is None else visible(str(given))
    return None if not name or is_placeholder(name) else name


def _order_of(commerce: Commerce, activity: Activity) -> Order:
    """The order that an activity names; one without an order id is its own."""
    name = order_id_of(activity) or str(activity.id)
    for order in commerce.book:
        if order.id == name:
            return order
    order = Order(id=name)
    commerce.book.append(order)
    return order


def _place_or_correct(state: ContactState, activity: Activity, account: Account) -> bool:
    """Place an order, which empties the cart, or correct one; false if it only repeats a placed one.

    An update waits for its order: alone it does not count.
    """
    order = _order_of(state.commerce, activity)
    places = activity.type == ORDER_COMPLETED and order.placed_at is None
    if places:
        order.placed_at = activity.happened_at
        order.unproven = not activity.trusted
        state.cart = None
    if activity.trusted or order.unproven_amount or not _has_amount(order):
        _correct(order, activity, account)
    if places and not _has_amount(order):
        order.unclear = ""
    return places or activity.type == ORDER_UPDATED


def _has_amount(order: Order) -> bool:
    return order.amount is not None or bool(order.unclear)


def _correct(order: Order, activity: Activity, account: Account) -> None:
    """Replace what an order holds by what a later activity says of it; what it leaves out stays."""
    worth = worth_of(activity.properties, account, of_old=order.currency)
    if worth is None:
        return
    order.amount, order.unclear = worth.amount, worth.unclear
    order.currency = worth.currency or order.currency
    order.unproven_amount = not activity.trusted


def currency_of(properties: Properties) -> str | None:
    """The currency named: an ISO 4217 code in capitals, else as it was sent; unset for none."""
    named = value_of(properties, "currency")
    if named is None:
        return None
    text = visible(str(named))
    return text.upper() if is_currency(text.upper()) else text[:MAX_CURRENCY].replace("\0", "")


def _refund(commerce: Commerce, activity: Activity, account: Account) -> None:
    """Record a refund once; without an amount it is the whole order."""
    order = _order_of(commerce, activity)
    name = str(value_of(activity.properties, "refund_id") or activity.id)
    others = [refund for refund in order.refunds if refund.id != name]
    worth = worth_of(activity.properties, account, of_old=order.currency) or Worth()
    found = Refund(id=name, amount=worth.amount, currency=worth.currency, unclear=worth.unclear)
    order.refunds = [*others, found]


def _total(commerce: Commerce, account: Account) -> None:
    """Recompute the totals from all orders: no total is corrected by a difference."""
    counted = [order for order in commerce.book if order.counts]
    dates = sorted(order.placed_at for order in counted if order.placed_at is not None)
    commerce.currency = account.currency
    commerce.orders = len(counted)
    commerce.first_order_at = dates[0] if dates else None
    commerce.last_order_at = dates[-1] if dates else None
    commerce.unclear = sum(_is_unclear(order) for order in counted)
    sums = _Sums(account)
    for order in counted:
        sums.add(order)
    commerce.summed = sums.orders
    commerce.spent = rounded(sums.paid - sums.returned, account.currency)
    commerce.refunded = rounded(sums.returned, account.currency)
    average = (sums.paid - sums.returned) / sums.orders if sums.orders else None
    commerce.average = None if average is None else rounded(average, account.currency)
    commerce.foreign = {currency: rounded(amount, currency) for currency, amount in sums.foreign.items()}


def _is_unclear(order: Order) -> bool:
    return order.amount is None or any(refund.unclear is not None for refund in order.refunds)


@dataclass
class _Sums:
    """The sums over orders, exact, in the account's currency; `foreign` is what has no rate, apart."""

    account: Account
    orders: int = 0
    paid: Decimal = Decimal(0)
    returned: Decimal = Decimal(0)
    foreign: dict[str, Decimal] = field(default_factory=dict)

    def add(self, order: Order) -> None:
        """Add an order less its refunds, each in its own currency; set what the order's come to."""
        order.refunded = Decimal(0)
        if order.amount is None:
            return
        currency = order.currency or self.account.currency
        rate = rate_of(currency, self.account)
        alike, others = self._returned(order, currency, rate)
        order.refunded = min(rounded(alike, currency), order.amount)
        for name, amount in others.items():
            self._put(name, -amount)
        if rate is None:
            self._put(currency, order.amount - min(alike, order.amount))
            return
        self.orders += 1
        self.paid += order.amount * rate
        self.returned += min(alike, order.amount) * rate

    def _returned(
        self, order: Order, currency: str, rate: Decimal | None
    ) -> tuple[Decimal, dict[str, Decimal]]:
        """What the refunds come to in the order's currency, and apart in those that rates do not relate."""
        alike, others = Decimal(0), dict[str, Decimal]()
        for refund in order.refunds:
            if refund.unclear is not None or order.amount is None:
                continue
            amount = order.amount if refund.amount is None else refund.amount
            own = currency if refund.amount is None else refund.currency or currency
            own_rate = rate_of(own, self.account)
            if own == currency:
                alike += amount
            elif rate is not None and own_rate is not None:
                alike += amount * own_rate / rate
            else:
                others[own] = others.get(own, Decimal(0)) + amount
        return alike, others

    def _put(self, currency: str, amount: Decimal) -> None:
        """Count an amount that stands apart from its order, or has no rate."""
        rate = rate_of(currency, self.account)
        if rate is None:
            self.foreign[currency] = self.foreign.get(currency, Decimal(0)) + amount
        else:
            self.returned -= amount * rate


def rate_of(currency: str | None, account: Account) -> Decimal | None:
    """What one unit is worth in the account's currency; unset without a declared rate."""
    return Decimal(1) if currency in (None, account.currency) else account.rates.get(currency or "")


# The cart


def _change_cart(state: ContactState, activity: Activity, account: Account) -> None:
    lines = [] if state.cart is None else list(state.cart.lines)
    given = lines_of(activity.properties.get("products"))
    if activity.type == "added_to_cart":
        lines = _with(lines, [line_of(activity.properties), *given])
    elif activity.type == "removed_from_cart":
        lines = _without(lines, [line_of(activity.properties), *given])
    elif given:
        lines = given
    elif activity.type == "cart_viewed" or state.cart is None:
        return  # looking at a cart without saying what lies in it changes nothing
    state.cart = _cart(lines, at=activity.happened_at, account=account)


def _cart(lines: list[CartLine], *, at: datetime, account: Account) -> Cart | None:
    if not lines:
        return None
    idle_at = at + account.cart_idle
    return Cart(lines=lines, value=_worth(lines), changed_at=at, idle_at=idle_at, state="active")


def _with(lines: list[CartLine], added: Iterable[CartLine | None]) -> list[CartLine]:
    held = {line.product_id: line for line in lines}
    for line in added:
        if line is None:
            continue
        before = held.get(line.product_id)
        quantity = line.quantity + (before.quantity if before else 0)
        held[line.product_id] = CartLine(
            product_id=line.product_id,
            quantity=quantity,
            price=line.price if line.price is not None else (before.price if before else None),
            name=line.name or (before.name if before else None),
        )
    return list(held.values())


def _without(lines: list[CartLine], removed: Iterable[CartLine | None]) -> list[CartLine]:
    """Remove items from the cart; a removal without a quantity removes the whole line."""
    gone = {line.product_id: line for line in removed if line is not None}
    left = []
    for line in lines:
        taken = gone.get(line.product_id)
        if taken is None:
            left.append(line)
        elif line.quantity > taken.quantity:
            left.append(CartLine(line.product_id, line.quantity - taken.quantity, line.price, line.name))
    return left


def _worth(lines: Iterable[CartLine]) -> Decimal:
    return sum((line.quantity * (line.price or Decimal(0)) for line in lines), Decimal(0))
