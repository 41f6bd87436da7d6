"""What an order, a refund or a product is worth, and in which currency."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from engine.domain.currencies import is_currency, meant_by, rounded
from engine.domain.identity.blanks import visible
from engine.domain.money import MAX_DIGITS, Unreadable, Written, number, quoted, read
from engine.domain.property_names import value_of
from engine.domain.rulebook import Account

Properties = Mapping[str, Any]

MAX_CURRENCY = 12
"""Characters kept of what is no currency."""


class Worth(msgspec.Struct, frozen=True):
    """What an order or refund is worth; `unclear` is what was sent for an unreadable amount.

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
    worth = _stated(properties, currency, account, of_old) or _summed(properties, currency, account, of_old)
    if worth is None or worth.amount is None:
        return worth
    exact = rounded(worth.amount, worth.currency or of_old or account.currency)
    return Worth(exact, worth.currency, worth.unclear)


def _stated(
    properties: Properties, currency: str | None, account: Account, of_old: str | None
) -> Worth | None:
    for name in ("total", "revenue", "value"):
        found = read(value_of(properties, name), account.decimal_mark)
        if found is not None:
            return _money(found, currency, account, of_old)
    return None


def _summed(
    properties: Properties, currency: str | None, account: Account, of_old: str | None
) -> Worth | None:
    """The sum of the products; unreadable if a price or quantity is, or if there are two currencies."""
    products = value_of(properties, "products")
    if products is None:
        return None
    total, currencies = Decimal(0), set[str | None]()
    for product in products if isinstance(products, list) else [products]:
        details = product if isinstance(product, dict) else {}
        quantity = quantity_of(details)
        if quantity is not None and quantity <= 0:
            continue
        price = price_of(details, currency, account, of_old)
        if quantity is None or price is None or price.amount is None:
            return Worth(currency=currency, unclear=quoted(name_of(product)).text)
        currencies.add(price.currency)
        total += quantity * price.amount
    if not currencies:
        return None
    if len(currencies) > 1 or total.adjusted() >= MAX_DIGITS:
        return Worth(currency=currency, unclear=quoted(total).text)
    return Worth(total, currencies.pop())


def price_of(
    product: Properties, currency: str | None, account: Account, of_old: str | None = None
) -> Worth | None:
    """The price of one piece, not rounded; unset if none is sent.  `currency` is that of all products."""
    found = read(value_of(product, "price"), account.decimal_mark)
    return None if found is None else _money(found, currency_of(product) or currency, account, of_old)


def _money(found: Written | Unreadable, currency: str | None, account: Account, of_old: str | None) -> Worth:
    """A written amount as money; the sign beside it says the currency where nothing else does."""
    if isinstance(found, Unreadable):
        return Worth(currency=currency, unclear=found.text)
    meant = meant_by(found.mark) if found.mark else ()
    usual = of_old or account.currency
    if currency is None and meant and usual not in meant:
        currency = meant[0] if len(meant) == 1 else found.mark
    contradicts = meant and is_currency(currency or usual) and (currency or usual) not in meant
    if found.number < 0 or contradicts:
        return Worth(currency=currency, unclear=f"{found.number} {found.mark}".strip())
    return Worth(found.number, currency)


def quantity_of(product: Properties) -> Decimal | None:
    """How many of a product; one where none is given, unset where it cannot be read."""
    given = value_of(product, "quantity")
    return Decimal(1) if given is None else number(given)


def name_of(product: Any) -> Any:
    """The first of a product's names; the product itself if it has none."""
    details = product if isinstance(product, dict) else {}
    names = (value_of(details, name) for name in ("product_id", "sku", "name"))
    return next((name for name in names if name is not None), product)


def currency_of(properties: Properties) -> str | None:
    """The currency named: an ISO 4217 code in capitals, else as it was sent; unset for none."""
    named = value_of(properties, "currency")
    if named is None:
        return None
    text = visible(str(named))
    return text.upper() if is_currency(text.upper()) else text[:MAX_CURRENCY].replace("\0", "")


def rate_of(currency: str | None, account: Account) -> Decimal | None:
    """What one unit is worth in the account's currency; unset without a declared rate."""
    return Decimal(1) if currency in (None, account.currency) else account.rates.get(currency or "")
