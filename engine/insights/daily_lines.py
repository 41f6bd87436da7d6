"""What was sold by day: revenue by category, and the products.

Computed with the other figures of a day (`daily`), whole and written over what was.  An order says which
activity has its lines; the lines are read as the fold reads them, so figures follow corrections, refunds,
merges and late orders.  Whole months are added up, too: a page adds up the months and single days of its
period, inside MongoDB.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import islice

from bson.decimal128 import Decimal128

from engine.db import Db
from engine.domain.document import Document
from engine.domain.order_lines import OrderLine, divided, order_lines
from engine.domain.rulebook import Account
from engine.insights import claims

AT_ONCE = 1_000
"""Orders whose lines are read together."""

MOST = 5_000
"""Products and categories that are kept of a day, those with the most revenue."""

TOP = 10
"""Products that are shown."""

NOTHING = Decimal(0)


@dataclass(frozen=True)
class Category:
    """Revenue of a category in the account's currency; an unset name is all without one."""

    name: str | None
    revenue: Decimal


@dataclass(frozen=True)
class Product:
    """A product's revenue in the account's currency, and its pieces as they were ordered."""

    id: str
    name: str
    revenue: Decimal
    pieces: Decimal


@dataclass(frozen=True)
class SoldLines:
    """What was sold in a period: all categories, the most revenue first, and the top products.

    Revenue is what could be converted.
    """

    categories: Sequence[Category] = ()
    by_revenue: Sequence[Product] = ()
    by_pieces: Sequence[Product] = ()


# Computing days


def compute(
    db: Db, begins: datetime, ends: datetime, days: Iterable[date], *, number: int, account: Account
) -> None:
    """Compute what was sold on some days, between two moments, and write it over what was."""
    zone, sums = account.time_zone, {day.isoformat(): _DaySums() for day in days}
    found = _orders(db, begins, ends)
    while orders := list(islice(found, AT_ONCE)):
        lines = lines_of(db, (order["lines_in"] for order in orders if "lines_in" in order), account)
        for order in orders:
            day = order["placed_at"].astimezone(zone).date().isoformat()
            sums[day].add(order, lines.get(order.get("lines_in", ""), []), account)
    for day, summed in sums.items():
        claims.write(db.daily_lines, day, {"zone": str(zone), "number": number, **summed.row()})
    for month in sorted({day[:_MONTH] for day in sums}):
        claims.write(
            db.daily_lines, month, {"zone": str(zone), "number": number, **_month(db, month, str(zone))}
        )


_MONTH = len("2026-03")


def _month(db: Db, month: str, zone: str) -> Document:
    """Add up the days of a month, by currency."""
    within = {"_id": {"$gte": f"{month}-01", "$lte": f"{month}-31"}, "zone": zone}
    amount, place = {"$sum": "$it.amount"}, {"currency": "$it.currency"}
    categories = {"_id": {"name": "$it.name", **place}, "amount": amount}
    products = {
        "_id": {"id": "$it.id", **place}, "name": {"$last": "$it.name"}, "amount": amount,
        "pieces": {"$sum": "$it.pieces"},
    }  # fmt: skip
    return {
        of: _largest(
            [{**row.pop("_id"), **row} for row in db.daily_lines.aggregate(_summed(within, of, group))]
        )
        for of, group in (("categories", categories), ("products", products))
    }


def lines_of(db: Db, activities: Iterable[str], account: Account) -> dict[str, list[OrderLine]]:
    """The lines that activities list, by their ids."""
    found = db.activities.find({"_id": {"$in": list(activities)}}, {"properties": 1})
    return {row["_id"]: order_lines(row.get("properties", {}), account) for row in found}


def _orders(db: Db, begins: datetime, ends: datetime) -> Iterator[Document]:
    """The orders placed between two moments that count."""
    within = {"commerce.book": {"$elemMatch": {"placed_at": {"$gte": begins, "$lt": ends}}}}
    names = ("placed_at", "amount", "refunded", "currency", "cancelled", "lines_in")
    for contact in db.contacts.find(within, {f"commerce.book.{name}": 1 for name in names}):
        for order in contact["commerce"]["book"]:
            placed = order.get("placed_at")
            if placed is not None and begins <= placed < ends and not order.get("cancelled"):
                yield order


class _DaySums:
    """The sums of one day, exact, by currency; an unset currency is the account's."""

    def __init__(self) -> None:
        self.categories: dict[tuple[str | None, str | None], Decimal] = {}
        self.products: dict[tuple[str, str | None], tuple[Decimal, Decimal]] = {}
        self.names: dict[str, str] = {}

    def add(self, order: Document, lines: Sequence[OrderLine], account: Account) -> None:
        """Add an order: its amount less what was given back, divided among its lines."""
        currency, amount = order.get("currency"), order.get("amount")
        paid = NOTHING if amount is None else amount - order.get("refunded", NOTHING)
        parts = divided(paid, lines, currency or account.currency)
        if parts is None:
            self._add_category(None, currency, paid)
        for line, part in zip(lines, parts or [NOTHING] * len(lines), strict=True):
            if parts is not None:
                self._add_category(line.product.category, currency, part)
            self._add_product(line, currency, part)

    def _add_category(self, name: str | None, currency: str | None, amount: Decimal) -> None:
        place = name, currency
        self.categories[place] = self.categories.get(place, NOTHING) + amount

    def _add_product(self, line: OrderLine, currency: str | None, amount: Decimal) -> None:
        place = line.product.id, currency
        before, pieces = self.products.get(place, (NOTHING, NOTHING))
        self.products[place] = before + amount, pieces + (line.quantity or NOTHING)
        if line.product.name:
            self.names[line.product.id] = line.product.name

    def row(self) -> Document:
        """The day as it is kept."""
        categories = [
            {"name": name, "currency": currency, "amount": amount}
            for (name, currency), amount in self.categories.items()
        ]
        products = [
            {"id": id_, "name": self.names.get(id_), "currency": currency, "amount": amount, "pieces": pieces}
            for (id_, currency), (amount, pieces) in self.products.items()
        ]
        return {"categories": _largest(categories), "products": _largest(products)}


def _largest(rows: list[Document]) -> list[Document]:
    return sorted(rows, key=lambda row: -row["amount"])[:MOST]


# Reading a period


def sold_lines(db: Db, first: date, last: date, account: Account) -> SoldLines:
    """Add up the days of a period."""
    within = {"_id": {"$in": list(_rows_of(first, last))}, "zone": str(account.time_zone)}
    revenue = {"$sum": {"$multiply": ["$it.amount", _rate(account)]}}
    by_category = _summed(within, "categories", {"_id": "$it.name", "revenue": revenue})
    largest_first: list[Document] = [
        {"$match": {"revenue": {"$ne": 0}}},
        {"$sort": {"revenue": -1, "_id": 1}},
    ]
    categories = db.daily_lines.aggregate([*by_category, *largest_first])
    product = {
        "_id": "$it.id", "name": {"$last": "$it.name"}, "revenue": revenue, "pieces": {"$sum": "$it.pieces"}
    }  # fmt: skip
    tops = {f"by_{what}": _top(what) for what in ("revenue", "pieces")}
    [products] = db.daily_lines.aggregate([*_summed(within, "products", product), {"$facet": tops}])
    return SoldLines(
        [Category(row["_id"], row["revenue"]) for row in categories],
        **{name: [_product(row) for row in products[name]] for name in tops},
    )


def _rows_of(first: date, last: date) -> Iterator[str]:
    """The months that lie whole in a period, and the other days of it."""
    day = first
    while day <= last:
        next_month = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
        if day.day == 1 and next_month - timedelta(days=1) <= last:
            yield day.isoformat()[:_MONTH]
            day = next_month
        else:
            yield day.isoformat()
            day += timedelta(days=1)


def _summed(within: Document, of: str, group: Document) -> list[Document]:
    """Group the rows of some days or months."""
    return [
        {"$match": within},
        {"$sort": {"_id": 1}},
        {"$project": {"it": f"${of}"}},
        {"$unwind": "$it"},
        {"$group": group},
    ]


def _top(what: str) -> list[Document]:
    return [{"$match": {what: {"$gt": 0}}}, {"$sort": {what: -1, "_id": 1}}, {"$limit": TOP}]


def _rate(account: Account) -> Document:
    """The rate of a row's currency; nought without one."""
    own = {"$eq": [{"$ifNull": ["$it.currency", account.currency]}, account.currency]}
    rates = [
        {"case": {"$eq": ["$it.currency", currency]}, "then": Decimal128(rate)}
        for currency, rate in account.rates.items()
    ]
    return {
        "$switch": {
            "branches": [{"case": own, "then": Decimal128("1")}, *rates],
            "default": Decimal128("0"),
        }
    }


def _product(row: Document) -> Product:
    return Product(row["_id"], row.get("name") or row["_id"], row["revenue"], row["pieces"])
