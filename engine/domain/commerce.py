"""Orders and refunds: exact money, each order once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from engine.domain.activities import Activity, ActivityId
from engine.domain.carts import CART_ACTIVITIES, change_cart
from engine.domain.contact import Commerce, ContactState, Order, Refund
from engine.domain.currencies import rounded
from engine.domain.identity.blanks import visible
from engine.domain.identity.normalisation import is_placeholder
from engine.domain.order_lines import has_products
from engine.domain.property_names import value_of
from engine.domain.rulebook import Account
from engine.domain.worth import Worth, rate_of, worth_of

ORDER_COMPLETED, ORDER_UPDATED = "order_completed", "order_updated"
ORDER_ACTIVITIES = frozenset({ORDER_COMPLETED, ORDER_UPDATED, "order_refunded", "order_cancelled"})
REFUNDED_IN_ALL = "refunded_in_all"
"""The property of an imported refund whose amount is what the order's refunds come to together."""

STATED_AT, CANCELLED = "updated_at", "cancelled"
"""Properties of an order as a connected shop reports it: as of when (text that sorts like time), and whether
it is cancelled."""

COMMERCE_ACTIVITIES = CART_ACTIVITIES | ORDER_ACTIVITIES


def apply_commerce(state: ContactState, activity: Activity, account: Account) -> bool:
    """Apply an order, refund, cancellation or change of cart to `state`; leave other types alone.

    Returns false if the activity repeats a known order: it may correct it, and has no other effect.
    """
    if activity.type not in COMMERCE_ACTIVITIES:
        return True
    if activity.type in CART_ACTIVITIES:
        change_cart(state, activity, account)
        return True
    placed = True
    if activity.type in (ORDER_COMPLETED, ORDER_UPDATED):
        placed = _place_or_correct(state, activity, account)
    elif activity.type == "order_refunded":
        _refund(state.commerce, activity, account)
    else:
        _cancel(state.commerce, activity)
    _total(state.commerce, account)
    return placed


# Orders


def superseded(activities: Iterable[Activity], book: Iterable[Order] = ()) -> frozenset[ActivityId]:
    """The activities of browsers that a trusted source has reported, too: they have no effect.

    They are of the same order, one of `book` or of `activities`, or have the same id as their senders
    gave it.
    """
    placed = list(activities)
    if all(activity.trusted for activity in placed):
        return frozenset()
    trusted = {name for activity in placed if activity.trusted for name in _names(activity)}
    if any(not a.trusted and a.type in (ORDER_COMPLETED, ORDER_UPDATED) for a in placed):
        known = (o for o in book if o.placed_at is not None and not o.unproven)
        trusted |= {("order", name) for order in known for name in (order.id, *order.also)}
    if not trusted:
        return frozenset()
    return frozenset(a.id for a in placed if not a.trusted and not trusted.isdisjoint(_names(a)))


def _names(activity: Activity) -> list[tuple[str, str]]:
    """What the activity goes by; only a trusted completion, and no update, stands for the whole order."""
    names = [("id", activity.senders_id)]
    placing = activity.type == ORDER_COMPLETED
    if placing or (activity.type == ORDER_UPDATED and not activity.trusted):
        names += [("order", order) for order in order_names_of(activity)]
    return names


def corrects_browser(state: ContactState, activity: Activity) -> bool:
    """Whether a trusted source reports an order that only a browser has reported so far."""
    if not activity.trusted or activity.type != ORDER_COMPLETED:
        return False
    unproven = [order for order in state.commerce.book if order.unproven or order.unproven_amount]
    names = order_names_of(activity) if unproven else ()
    return any(_is_named(order, names) for order in unproven)


def order_id_of(activity: Activity) -> str | None:
    """The order that an activity names; unset if it names none, or a placeholder."""
    return _name_in(activity, "order_id")


def order_names_of(activity: Activity) -> list[str]:
    """Every name of the order that an activity names; several only from a file or a connected shop.

    A shop shows its customers the number `#1001`, and its server may send 1001, or the id behind it.
    """
    order = order_id_of(activity)
    names = [] if order is None else [order]
    if activity.by_import or activity.by_shop:
        also = [names[0].replace("#", "", 1)] if names else []  # of a further shop it is `outlet-#1001`
        names += [name for name in (*also, _shop_id_of(activity)) if name and name not in names]
    return names


def _name_in(activity: Activity, property_: str) -> str | None:
    given = value_of(activity.properties, property_)
    if isinstance(given, float | Decimal) and math.isfinite(given) and given == int(given):
        given = int(given)
    name = "" if given is None else visible(str(given))
    return None if not name or is_placeholder(name) else name


def _order_of(commerce: Commerce, activity: Activity) -> Order:
    """The order that an activity names; one without an order id is its own.

    An activity with several names may show that what seemed to be two orders is one.  A shop may number its
    orders apart from their ids: then the number of one is the id of another, and the id decides.
    """
    names = order_names_of(activity) or [str(activity.id)]
    shop_id = _shop_id_of(activity)
    found = [order for order in commerce.book if _is_named(order, names) and _may_be(order, shop_id)]
    if not found:
        found = [Order(id=names[0])]
        commerce.book.append(found[0])
    order = next((one for one in found if one.shop_id and one.id == names[0]), found[0])
    order.shop_id = order.shop_id or shop_id
    for other in found:
        if other is order or not _may_be(other, order.shop_id):
            continue
        _unite(order, other)
        commerce.book.remove(other)
    new = [name for name in names if name != order.id and name not in order.also]
    if new:
        order.also = [*order.also, *new]
    return order


def _shop_id_of(activity: Activity) -> str | None:
    """The id that a platform gave an order, as a connected shop or its file has it."""
    return _name_in(activity, "shop_order_id") if activity.by_import or activity.by_shop else None


def _may_be(order: Order, shop_id: str | None) -> bool:
    return shop_id is None or order.shop_id in (None, shop_id)


def _unite(order: Order, other: Order) -> None:
    """Make one order of two: the one placed first, with the refunds of both."""
    order.also = list(dict.fromkeys([*order.also, other.id, *other.also]))
    order.shop_id = order.shop_id or other.shop_id
    if not _has_amount(order) or (order.unproven_amount and not other.unproven_amount):
        order.amount, order.unclear, order.currency = other.amount, other.unclear, other.currency
        order.unproven_amount = other.unproven_amount
    placed = [at for at in (order.placed_at, other.placed_at) if at is not None]
    order.placed_at = min(placed) if placed else None
    order.refunds = [
        *order.refunds,
        *(r for r in other.refunds if all(r.id != own.id for own in order.refunds)),
    ]
    order.cancelled = order.cancelled or other.cancelled
    order.unproven = order.unproven and other.unproven
    order.lines_in = order.lines_in or other.lines_in
    order.stated_at = max(filter(None, (order.stated_at, other.stated_at)), default=None)


def _is_named(order: Order, names: Sequence[str]) -> bool:
    return order.id in names or any(name in names for name in order.also)


def _place_or_correct(state: ContactState, activity: Activity, account: Account) -> bool:
    """Place an order, which empties the cart, or correct one; false if it only repeats a placed one.

    An update waits for its order: alone it does not count.  Of the states that a connected shop reports,
    the latest counts, whenever it comes.
    """
    order = _order_of(state.commerce, activity)
    places = activity.type == ORDER_COMPLETED and order.placed_at is None
    if places:
        order.placed_at = activity.happened_at
        order.unproven = not activity.trusted
        state.cart = None
    if not _is_outdated(order, activity) and (
        activity.trusted or order.unproven_amount or not _has_amount(order)
    ):
        _correct(order, activity, account)
        _take_state(order, activity)
    if places and not _has_amount(order):
        order.unclear = ""
    return places or activity.type == ORDER_UPDATED


def _is_outdated(order: Order, activity: Activity) -> bool:
    """Whether a connected shop has reported a later state of the order."""
    stated = _stated_at(activity)
    return stated is not None and order.stated_at is not None and stated < order.stated_at


def _stated_at(activity: Activity) -> str | None:
    stated = activity.properties.get(STATED_AT) if activity.by_shop else None
    return stated if isinstance(stated, str) else None


def _take_state(order: Order, activity: Activity) -> None:
    """Take over that a shop's order is cancelled, or is not any more."""
    stated = _stated_at(activity)
    if stated is not None:
        order.stated_at = stated
        order.cancelled = activity.properties.get(CANCELLED) is True


def _cancel(commerce: Commerce, activity: Activity) -> None:
    order = _order_of(commerce, activity)
    if not _is_outdated(order, activity):
        order.cancelled = True


def _has_amount(order: Order) -> bool:
    return order.amount is not None or bool(order.unclear)


def _correct(order: Order, activity: Activity, account: Account) -> None:
    """Replace what an order holds by what a later activity says of it; what it leaves out stays."""
    if has_products(activity.properties):
        order.lines_in = activity.id
    worth = worth_of(activity.properties, account, of_old=order.currency)
    if worth is None:
        return
    order.amount, order.unclear = worth.amount, worth.unclear
    order.currency = worth.currency or order.currency
    order.unproven_amount = not activity.trusted


def _refund(commerce: Commerce, activity: Activity, account: Account) -> None:
    """Record a refund once; without an amount it is the whole order.

    A file tells what was refunded in all: the later of two such statements counts.
    """
    order = _order_of(commerce, activity)
    in_all = activity.by_import and activity.properties.get(REFUNDED_IN_ALL) is True
    name = REFUNDED_IN_ALL if in_all else str(value_of(activity.properties, "refund_id") or activity.id)
    others = [refund for refund in order.refunds if refund.id != name]
    worth = worth_of(activity.properties, account, of_old=order.currency) or Worth()
    found = Refund(
        id=name, amount=worth.amount, currency=worth.currency, unclear=worth.unclear, in_all=in_all
    )
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


def sums_of(order: Order, account: Account) -> tuple[Decimal | None, Decimal]:
    """What an order adds to the amounts paid and refunded, exact, in the account's currency.

    Nothing is paid if its amount cannot be read, or its currency has no rate.
    """
    sums = _Sums(account)
    sums.add(order)
    return (sums.paid if sums.orders else None), sums.returned


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
        """What the refunds come to in the order's currency, and apart in those that rates do not relate.

        A statement of all refunds holds until the single ones come to more.
        """
        alike, others, in_all = Decimal(0), dict[str, Decimal](), Decimal(0)
        for refund in order.refunds:
            if refund.unclear is not None or order.amount is None:
                continue
            amount = order.amount if refund.amount is None else refund.amount
            own = currency if refund.amount is None else refund.currency or currency
            own_rate = rate_of(own, self.account)
            if own == currency and refund.in_all:
                in_all = amount
            elif own == currency:
                alike += amount
            elif rate is not None and own_rate is not None:
                alike += amount * own_rate / rate
            else:
                others[own] = others.get(own, Decimal(0)) + amount
        return max(alike, in_all), others

    def _put(self, currency: str, amount: Decimal) -> None:
        """Count an amount that stands apart from its order, or has no rate."""
        rate = rate_of(currency, self.account)
        if rate is None:
            self.foreign[currency] = self.foreign.get(currency, Decimal(0)) + amount
        else:
            self.returned -= amount * rate
