"""The products and categories of a contact: bought, in the last orders, and seen.

Read from the activities when the sheet opens.  They are not kept on the contact: that would write a list of
products again with every visit, to be read far more seldom.  What was bought is exact over the latest
ORDERS orders, by the activities that their book names; what was seen is counted over the latest VIEWS,
which an index finds.  So it takes the same time however much the contact did, and merges, splits and
undone imports need nothing of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from engine.db import Db
from engine.domain.activities import ContactId
from engine.domain.document import Document
from engine.domain.order_lines import OrderLine, ProductSeen, category_of, order_lines, product_of
from engine.domain.property_names import value_of
from engine.domain.rulebook import Account
from engine.pipeline import activity_spans
from engine.rules import versions

ORDERS = 500
"""Orders whose lines are read, the latest."""

VIEWS = 2_000
"""Views of products and categories that are counted, the latest."""

SHOWN = 200
"""Products and categories of a list."""

PRODUCT_VIEWED, CATEGORY_VIEWED = "product_visited", "category_visited"
_CATALOG_TYPES = ("added_to_cart", "cart_viewed", "checkout_started")
"""Activities that say what a product is called and looks like, and are no view of it."""


class SheetProduct(msgspec.Struct, frozen=True):
    """A product: pieces `bought` in how many `orders`, how often `seen`, and when each was last.

    `url` and `image` are links by http or https, as the shop sent them.
    """

    id: str
    name: str
    url: str | None = None
    image: str | None = None
    bought: Decimal = Decimal(0)
    orders: int = 0
    last_bought: datetime | None = None
    seen: int = 0
    last_seen: datetime | None = None


class SheetCategory(msgspec.Struct, frozen=True):
    """A category: pieces bought of it, and how often it or a product of it was seen."""

    name: str
    bought: Decimal = Decimal(0)
    seen: int = 0


class SheetLine(msgspec.Struct, frozen=True):
    """A line of an order; a price or quantity that cannot be read is unset.

    The price is in `currency`, unset for that of the order.
    """

    product: str
    name: str
    quantity: Decimal | None
    price: Decimal | None
    currency: str | None


class SheetProducts(msgspec.Struct, frozen=True):
    """What a contact bought and saw, the most first; `lines` are those of orders, by order.

    `by_id` has all products, for the names and pictures of a cart.  `all_orders` and `all_views` are false
    if only the latest were read.
    """

    bought: list[SheetProduct] = []
    seen: list[SheetProduct] = []
    categories: list[SheetCategory] = []
    lines: dict[str, list[SheetLine]] = {}
    by_id: dict[str, SheetProduct] = {}
    all_orders: bool = True
    all_views: bool = True


def products(db: Db, contact_id: ContactId) -> SheetProducts:
    """Read the products of a contact; empty if there is none of that id."""
    contact = db.contacts.find_one({"_id": contact_id}, {**activity_spans.HELD, "commerce.book": 1})
    if contact is None:
        return SheetProducts()
    account = versions.current(db).account
    placed = [order for order in contact.get("commerce", {}).get("book", ()) if "placed_at" in order]
    placed.sort(key=lambda order: order["placed_at"], reverse=True)
    views = list(_views(db, contact))
    return tallied(
        list(_with_lines(db, placed[:ORDERS], account)),
        views[:VIEWS],
        all_orders=len(placed) <= ORDERS,
        all_views=len(views) <= VIEWS,
    )


def _with_lines(
    db: Db, orders: list[Document], account: Account
) -> Iterator[tuple[Document, list[OrderLine]]]:
    named = [order["lines_in"] for order in orders if "lines_in" in order]
    rows = db.activities.find({"_id": {"$in": named}}, {"properties": 1})
    lines = {row["_id"]: order_lines(row.get("properties", {}), account) for row in rows}
    return ((order, lines.get(order.get("lines_in", ""), [])) for order in orders)


def _views(db: Db, contact: Document) -> Iterable[Document]:
    """The latest activities that show a product or category; one more than is counted."""
    types = [PRODUCT_VIEWED, CATEGORY_VIEWED, *_CATALOG_TYPES]
    query = activity_spans.query(contact, {"state": "applied", "type": {"$in": types}})
    undone = set(contact.get("undone", ()))
    found = db.activities.find(query, {"type": 1, "happened_at": 1, "properties": 1, "bot": 1})
    newest = found.sort([("happened_at", -1), ("_id", -1)]).limit(VIEWS + 1)
    return (row for row in newest if row["_id"] not in undone and not row.get("bot"))


# Counting, pure


class _Tally:
    """What is known of one product so far; the first that says something of it is the latest."""

    def __init__(self, id_: str) -> None:
        self.id = id_
        self.sent: list[ProductSeen] = []
        self.bought, self.orders, self.seen = Decimal(0), set[str](), 0
        self.last_bought: datetime | None = None
        self.last_seen: datetime | None = None

    def product(self) -> SheetProduct:
        def latest(name: str) -> Any:
            return next((value for sent in self.sent if (value := getattr(sent, name)) is not None), None)

        return SheetProduct(
            id=self.id,
            name=latest("name") or self.id,
            url=latest("url"),
            image=latest("image"),
            bought=self.bought,
            orders=len(self.orders),
            last_bought=self.last_bought,
            seen=self.seen,
            last_seen=self.last_seen,
        )


def tallied(
    orders: Iterable[tuple[Document, list[OrderLine]]],
    views: Iterable[Document],
    *,
    all_orders: bool = True,
    all_views: bool = True,
) -> SheetProducts:
    """Count products and categories over orders with their lines and over views, the latest first of each.

    Cancelled orders have lines, and nothing was bought by them.
    """
    found = _Tallies()
    orders = list(orders)
    for row in views:
        found.view(row)
    for order, lines in orders:
        found.order(order, lines)
    by_id = {id_: tally.product() for id_, tally in found.products.items()}
    return SheetProducts(
        bought=sorted((p for p in by_id.values() if p.orders), key=_most_bought, reverse=True)[:SHOWN],
        seen=sorted((p for p in by_id.values() if p.seen), key=_most_seen, reverse=True)[:SHOWN],
        categories=_categories(found.bought, found.seen),
        lines={order["id"]: [_line(line, by_id) for line in lines] for order, lines in orders if lines},
        by_id=by_id,
        all_orders=all_orders,
        all_views=all_views,
    )


class _Tallies:
    """Products by id, and pieces and views by category."""

    def __init__(self) -> None:
        self.products: dict[str, _Tally] = {}
        self.bought: dict[str, Decimal] = {}
        self.seen: dict[str, int] = {}

    def _of(self, sent: ProductSeen) -> _Tally:
        tally = self.products.setdefault(sent.id, _Tally(sent.id))
        tally.sent.append(sent)
        return tally

    def view(self, row: Document) -> None:
        """Count a view; other activities only say what their products are called and look like."""
        for sent in _products_of(row):
            tally = self._of(sent)
            if row["type"] == PRODUCT_VIEWED:
                tally.seen += 1
                tally.last_seen = tally.last_seen or row["happened_at"]
        category = category_of(row.get("properties", {}))
        if category is not None and row["type"] in (PRODUCT_VIEWED, CATEGORY_VIEWED):
            self.seen[category] = self.seen.get(category, 0) + 1

    def order(self, order: Document, lines: Iterable[OrderLine]) -> None:
        """Count the lines of an order, unless it was cancelled."""
        for line in lines:
            tally = self._of(line.product)
            if order.get("cancelled"):
                continue
            pieces, category = line.quantity or Decimal(0), line.product.category
            tally.bought += pieces
            tally.orders.add(order["id"])
            tally.last_bought = tally.last_bought or order["placed_at"]
            if category is not None:
                self.bought[category] = self.bought.get(category, Decimal(0)) + pieces


def _products_of(row: Document) -> Iterator[ProductSeen]:
    properties = row.get("properties", {})
    listed = None if row["type"] == PRODUCT_VIEWED else value_of(properties, "products")
    for sent in (properties, *(listed if isinstance(listed, list) else ())):
        found = product_of(sent) if isinstance(sent, Mapping) else None
        if found is not None:
            yield found


def _most_bought(found: SheetProduct) -> tuple[Decimal, datetime]:
    return found.bought, found.last_bought or _LONG_AGO


def _most_seen(found: SheetProduct) -> tuple[int, datetime]:
    return found.seen, found.last_seen or _LONG_AGO


_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def _categories(bought: Mapping[str, Decimal], seen: Mapping[str, int]) -> list[SheetCategory]:
    """Categories by pieces bought, then by views."""
    found = [
        SheetCategory(name, bought.get(name, Decimal(0)), seen.get(name, 0)) for name in {*bought, *seen}
    ]
    return sorted(found, key=lambda category: (-category.bought, -category.seen, category.name))[:SHOWN]


def _line(line: OrderLine, by_id: Mapping[str, SheetProduct]) -> SheetLine:
    id_ = line.product.id
    return SheetLine(id_, line.product.name or by_id[id_].name, line.quantity, line.price, line.currency)
