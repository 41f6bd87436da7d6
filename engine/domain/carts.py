"""The cart: lines that are added and removed, or the whole of it as the shop reports it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from engine.domain.activities import Activity
from engine.domain.contact import Cart, CartLine, ContactState
from engine.domain.currencies import rounded
from engine.domain.money import MAX_DIGITS
from engine.domain.property_names import bare, value_of
from engine.domain.rulebook import Account
from engine.domain.worth import Properties, currency_of, name_of, price_of, quantity_of, rate_of

CART_ACTIVITIES = frozenset({"added_to_cart", "removed_from_cart", "cart_viewed", "checkout_started"})


@dataclass(frozen=True)
class Removal:
    """A product that is removed; without a quantity the whole line."""

    product_id: str
    quantity: Decimal | None


def change_cart(state: ContactState, activity: Activity, account: Account) -> None:
    """Apply a change of the cart; a report of the whole cart replaces it, one of an empty cart too."""
    lines = [] if state.cart is None else list(state.cart.lines)
    properties, at = activity.properties, activity.happened_at
    products = _products_in(properties)
    named = [properties, *([] if products is None else products)]
    if activity.type == "added_to_cart":
        added = lines_of(named, properties, account)
        if not added:
            return
        lines = _with(lines, added)
    elif activity.type == "removed_from_cart":
        lines = _without(lines, _removals(named))
    elif products is not None:
        given = lines_of(products, properties, account)
        if not given and any(_product_id(product) is None for product in products):
            return  # products that cannot be read do not say that the cart is empty
        lines = given
    elif activity.type == "cart_viewed" or state.cart is None:
        return  # looking at a cart without saying what lies in it changes nothing
    state.cart = _cart(lines, at=at, account=account)


def lines_of(products: Iterable[Any], properties: Properties, account: Account) -> list[CartLine]:
    """The lines that products make; one without a name, or of a quantity of nought or less, is none.

    An unreadable quantity is one piece, an unreadable price is none.
    """
    currency = currency_of(properties)
    lines = []
    for product in products:
        named = _product_id(product)
        quantity = quantity_of(product) if named is not None else None
        if named is None or (quantity is not None and quantity <= 0):
            continue
        price = price_of(product, currency, account)
        name = value_of(product, "name")
        lines.append(
            CartLine(
                product_id=named,
                quantity=Decimal(1) if quantity is None else quantity,
                price=None if price is None else price.amount,
                name=None if name is None else str(name),
                currency=None if price is None or price.currency == account.currency else price.currency,
            )
        )
    return lines


def _products_in(properties: Properties) -> list[Any] | None:
    """The products as a list; unset if none is sent.  (An empty list says that there are none.)"""
    sent = (value for name, value in properties.items() if bare(name) == "products")
    return next((products for products in sent if isinstance(products, list)), None)


def _product_id(product: Any) -> str | None:
    """What a product goes by: its `product_id`, else `sku`, else `name`; unset if it has none."""
    named = name_of(product)
    return None if named is product else str(named)


def _removals(products: Iterable[Any]) -> list[Removal]:
    """What is removed; a quantity of nought or less removes nothing."""
    removals = []
    for product in products:
        named = _product_id(product)
        if named is None:
            continue
        sent = value_of(product, "quantity") is not None
        quantity = quantity_of(product) if sent else None
        if quantity is None or quantity > 0:
            removals.append(Removal(named, quantity))
    return removals


def _with(lines: list[CartLine], added: Iterable[CartLine]) -> list[CartLine]:
    """Add lines; more of a product is added to its line, at the latest price."""
    held = list(lines)
    for line in added:
        place = next((n for n, old in enumerate(held) if old.product_id == line.product_id), None)
        if place is None:
            held.append(line)
            continue
        old = held[place]
        priced = old if line.price is None else line
        held[place] = CartLine(
            product_id=line.product_id,
            quantity=old.quantity + line.quantity,
            price=priced.price,
            name=line.name or old.name,
            currency=priced.currency,
        )
    return held


def _without(lines: list[CartLine], removals: Iterable[Removal]) -> list[CartLine]:
    left = list(lines)
    for removal in removals:
        taken, kept = removal.quantity, []
        for line in left:
            if line.product_id != removal.product_id or (taken is not None and taken <= 0):
                kept.append(line)
            elif taken is not None and taken < line.quantity:
                kept.append(replace(line, quantity=line.quantity - taken))
                taken = Decimal(0)
            elif taken is not None:
                taken -= line.quantity
        left = kept
    return left


def _cart(lines: list[CartLine], *, at: datetime, account: Account) -> Cart | None:
    if not lines:
        return None
    worths = [_worth(line, account) for line in lines]
    return Cart(
        lines=lines,
        value=rounded(sum((worth for worth in worths if worth is not None), Decimal(0)), account.currency),
        changed_at=at,
        idle_at=at + account.cart_idle,
        state="active",
        currency=account.currency,
        unvalued=worths.count(None),
    )


def _worth(line: CartLine, account: Account) -> Decimal | None:
    """What a line is worth in the account's currency; unset without a price or a rate, or beyond reason."""
    rate = rate_of(line.currency, account)
    if rate is None or line.price is None:
        return None
    worth = line.quantity * line.price * rate
    return worth if worth.adjusted() < MAX_DIGITS else None
