"""The products of an order: what each line is, and its part of what was paid.

An order's amount is divided among its lines in proportion to quantity and price.  So discounts, shipping
and refunds are spread over them, and all lines together come to the amount, to the minor unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.domain.currencies import rounded
from engine.domain.identity.blanks import visible
from engine.domain.money import MAX_DIGITS
from engine.domain.property_names import value_of
from engine.domain.rulebook import Account
from engine.domain.worth import Properties, currency_of, name_of, price_of, quantity_of

LONGEST_NAME = 200
"""Characters kept of a product's name, id or category."""

LONGEST_ADDRESS = 2_000
"""Characters of a link; a longer one is none."""


@dataclass(frozen=True)
class ProductSeen:
    """What an activity says of a product; `url` and `image` are links by http or https."""

    id: str
    name: str | None = None
    category: str | None = None
    url: str | None = None
    image: str | None = None


@dataclass(frozen=True)
class OrderLine:
    """A line of an order: `quantity` pieces at `price`, unset where they cannot be read.

    Without a `currency` the price is in the account's.
    """

    product: ProductSeen
    quantity: Decimal | None
    price: Decimal | None
    currency: str | None = None

    @property
    def worth(self) -> Decimal | None:
        """The value of all pieces."""
        return None if self.price is None or self.quantity is None else self.price * self.quantity


def has_products(properties: Properties) -> bool:
    """Whether an activity lists products."""
    return isinstance(value_of(properties, "products"), list)


def order_lines(properties: Properties, account: Account) -> list[OrderLine]:
    """The lines of an order; one without a name, or of a quantity of nought or less, is none."""
    products, currency = value_of(properties, "products"), currency_of(properties)
    lines = []
    for sent in products if isinstance(products, list) else ():
        product = product_of(sent)
        quantity = quantity_of(sent) if product is not None else None
        if product is None or (quantity is not None and quantity <= 0):
            continue
        price = price_of(sent, currency, account)
        lines.append(
            OrderLine(
                product=product,
                quantity=quantity if quantity is None or quantity.adjusted() < MAX_DIGITS else None,
                price=None if price is None else price.amount,
                currency=currency if price is None else price.currency,
            )
        )
    return lines


def product_of(sent: Any) -> ProductSeen | None:
    """The product that properties describe; unset without a `product_id`, `sku` or `name`."""
    named = name_of(sent)
    id_ = None if named is sent else _text(named)
    if id_ is None:
        return None
    return ProductSeen(
        id=id_,
        name=_text(value_of(sent, "name")),
        category=category_of(sent),
        url=_link(value_of(sent, "url")),
        image=_link(value_of(sent, "image_url")),
    )


def category_of(properties: Properties) -> str | None:
    """The category that properties name; of a list the first."""
    sent = value_of(properties, "category")
    return _text(sent[0] if isinstance(sent, list) else sent)


def _text(value: Any) -> str | None:
    if isinstance(value, dict | list) or value is None:
        return None
    return visible(str(value))[:LONGEST_NAME].replace("\0", "") or None


def _link(value: Any) -> str | None:
    """A link that a page may follow: by http or https, without white space."""
    text = visible(value) if isinstance(value, str) else ""
    is_link = text.lower().startswith(("https://", "http://")) and not any(map(str.isspace, text))
    return text if is_link and len(text) <= LONGEST_ADDRESS else None


def divided(amount: Decimal, lines: Sequence[OrderLine], currency: str | None) -> list[Decimal] | None:
    """The part of an order's amount that each line has; together they are the amount.

    In proportion to quantity times price.  Unset where that is not known: no lines, a price or quantity
    that cannot be read, several currencies, or nothing but free products.  A single line has all of it.
    """
    if len(lines) == 1:
        return [amount]
    weights = [line.worth for line in lines]
    known = [weight for weight in weights if weight is not None]
    total = sum(known, Decimal(0))
    if len(known) < len(weights) or total <= 0 or len({line.currency for line in lines}) > 1:
        return None
    parts, weighed, given = list[Decimal](), Decimal(0), Decimal(0)
    for weight in known:
        weighed += weight
        upto = amount if weighed == total else rounded(amount * weighed / total, currency)
        parts.append(upto - given)
        given = upto
    return parts
