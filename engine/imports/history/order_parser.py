"""Parse the rows of an order: one activity for the order, one for its cancellation, one for its refunds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from engine.domain.commerce import REFUNDED_IN_ALL
from engine.domain.currencies import meant_by, rounded
from engine.domain.document import Document
from engine.domain.identity.normalisation import is_placeholder
from engine.domain.money import Unreadable, Written
from engine.domain.rulebook import Account, Ruleset
from engine.imports.history.customers import Customer, read_customer
from engine.imports.history.entry import Entry, EntryPart
from engine.imports.history.group_cells import CellColumns, GroupCells
from engine.imports.history.order_status import Standing, status_of
from engine.imports.mapping import shop_exports
from engine.imports.mapping.headings import plain
from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.mapping.kinds import NUMBERS, PACKED, PRODUCT
from engine.imports.mapping.packed_items import read_items
from engine.imports.mapping.values import is_blank
from engine.imports.reading.formula_escape import unescape_formula
from engine.imports.reading.problems import Problem
from engine.imports.reading.table import Row
from engine.imports.rows.parsed_row import RefusedRow

MAX_TEXT = 500
"""Characters of a product's name and the like."""

ONE_EACH = (
    "shop_order_id", "happened_at", "external_id", "email", "total", "currency", "status", "payment_status",
    "cancelled_at", "refunded",
)  # fmt: skip
"""The targets that an order has one value of: rows that differ contradict each other."""


class OrderParser:
    """Parses the orders of one file; no order is later than `now`."""

    def __init__(
        self, headings: Sequence[str], settings: ImportSettings, ruleset: Ruleset, *, now: datetime
    ) -> None:
        self._columns = CellColumns(headings, settings, ruleset.account)
        self._account, self._now = ruleset.account, now
        export = shop_exports.recognised(list(map(plain, headings)))
        self._shop = "" if export is None else export.name

    def parse(self, rows: Sequence[Row]) -> Entry:
        """Parse the rows of an order.  Raises RefusedRow."""
        _refuse_damaged(rows)
        cells = GroupCells(rows, self._columns, now=self._now)
        number = _text(cells.of("order_id"))
        if not number or is_placeholder(number):
            raise RefusedRow([cells.row_problem("order", "the row has no order number")])
        _refuse_contradictions(cells, number)
        status = status_of(cells.of("status"), cells.of("payment_status"), shop=self._shop)
        if status.standing == "not_placed":
            words = _text(cells.of("status") or cells.of("payment_status"))
            why = f"order {number} is left out, as it is not an order yet: its status is {words}"
            raise RefusedRow([cells.row_problem("not_placed", why)])
        at = cells.moment("happened_at")
        if at is None:
            raise RefusedRow([cells.row_problem("order", f"order {number} has no date")])
        notices = [row.problem for row in rows if row.problem is not None]
        if status.unknown is not None:
            what = f"the status {_text(status.unknown)[:40]!r} is not known: order {number} counts"
            notices.append(cells.as_notice(cells.row_problem("status", what)))
        customer = read_customer(cells, notices, region=self._account.default_region)
        return self._entry(cells, number, at, customer, status.standing, notices)

    def _entry(
        self,
        cells: GroupCells,
        number: str,
        at: datetime,
        customer: Customer,
        standing: Standing,
        notices: list[Problem],
    ) -> Entry:
        order = _Order(cells, number, self._account, notices)
        parts = [EntryPart("placed", "order_completed", at, order.properties())]
        cancelled_at = cells.moment("cancelled_at")
        if standing == "cancelled" or cancelled_at is not None:
            when = at if cancelled_at is None else max(at, cancelled_at)
            parts.append(EntryPart("cancelled", "order_cancelled", when, order.names()))
            standing = "cancelled"
        refund = order.refund(standing)
        if refund is not None:
            when = at if cancelled_at is None else max(at, cancelled_at)
            parts.append(EntryPart("refunded", "order_refunded", when, refund))
        return Entry(
            line=cells.line,
            name=number,
            identities=customer.identities,
            email_typed=customer.email_typed,
            names=customer.names,
            parts=parts,
            shown=lambda: order.shown(at) | {"status": _status_words(standing, refund)},
            notices=notices,
        )


class _Order:
    """The amounts and products of an order; adds to `notices`."""

    def __init__(self, cells: GroupCells, number: str, account: Account, notices: list[Problem]) -> None:
        self._cells, self._number, self._account, self._notices = cells, number, account, notices
        self._total = cells.amount("total")
        self._currency = _text(cells.of("currency")) or self._implied_currency()

    def names(self) -> Document:
        """What the order goes by."""
        found = {"order_id": self._number, "shop_order_id": _text(self._cells.of("shop_order_id"))}
        return {name: value for name, value in found.items() if value}

    def properties(self) -> Document:
        """The properties of the order."""
        amounts = {
            name: self._value(name, self._total if name == "total" else self._cells.amount(name))
            for name in ("total", "subtotal", "shipping", "tax", "discount")
        }
        found: Document = {**self.names(), **amounts, "currency": self._currency}
        found |= {"coupon": _text(self._cells.of("coupon")), "products": self._products}
        return {name: value for name, value in found.items() if value not in (None, "", [])}

    def refund(self, standing: Standing) -> Document | None:
        """The properties of what was refunded in all; None if nothing was."""
        found = self._cells.amount("refunded")
        amount = abs(found.number) if isinstance(found, Written) else None
        if standing != "refunded" and not amount:
            if isinstance(found, Unreadable):
                self._value("refunded", found)
            return None
        properties: Document = {**self.names(), REFUNDED_IN_ALL: True}
        if amount:
            properties |= {"total": amount, "currency": self._currency}
        return {name: value for name, value in properties.items() if value}

    def shown(self, at: datetime) -> Document:
        """The order as the preview shows it."""
        products = list(map(_in_words, self._products))
        day = at.astimezone(self._account.time_zone).strftime("%Y-%m-%d %H:%M")
        found: Document = {"order_id": self._number, "happened_at": day, "total": self._shown_total()}
        return found | ({"products": products} if products else {})

    def _shown_total(self) -> str:
        currency = self._currency or self._account.currency
        if isinstance(self._total, Written) and self._total.number >= 0:
            return f"{rounded(self._total.number, currency):f} {currency}"
        return "unreadable" if self._total is not None else f"sum of the products {currency}"

    def _implied_currency(self) -> str:
        """The currency that a sign beside the total means, where no column has one."""
        mark = self._total.mark if isinstance(self._total, Written) else ""
        meant = meant_by(mark) if mark else ()
        if not meant or self._account.currency in meant:
            return ""
        return meant[0] if len(meant) == 1 else mark

    def _value(self, target: str, found: Written | Unreadable | None) -> Any:
        """An amount as it is kept; one that cannot be read as it was written, with a notice."""
        if isinstance(found, Unreadable):
            notice = self._cells.problem("amount", target, f"{found.text!r} cannot be read")
            self._notices.append(self._cells.as_notice(notice))
            return found.text
        return None if found is None else found.number

    @cached_property
    def _products(self) -> list[Document]:
        packed = list(self._packed())
        if packed:
            return packed
        targets = self._cells.targets(PRODUCT)
        found = [self._product(row, targets) for row in self._cells.rows] if targets else []
        return [product for product in found if product.keys() - {"quantity"}]

    def _packed(self) -> Iterator[Document]:
        """The products that stand in one cell each; a cell that has none adds to the notices."""
        for cell in self._cells.packed():
            items = read_items(cell)
            if not items:
                notice = self._cells.problem("value", PACKED, f"{cell[:40]!r} has no products")
                self._notices.append(self._cells.as_notice(notice))
            yield from items

    def _product(self, row: Row, targets: Any) -> Document:
        product: Document = {}
        for name, target in targets.items():
            cell = self._cells.in_row(row, target)
            if is_blank(cell):
                continue
            product[name] = self._product_number(row, target) if target in NUMBERS else _text(cell)
        return product

    def _product_number(self, row: Row, target: str) -> Decimal | int | str:
        found = self._cells.amount(target, row)
        if not isinstance(found, Written):
            return _text(self._cells.in_row(row, target))
        whole = target != f"{PRODUCT}price" and found.number == found.number.to_integral_value()
        return int(found.number) if whole else found.number


def _refuse_damaged(rows: Sequence[Row]) -> None:
    """Refuse an order if one of its rows cannot be read: nobody knows what it lacks."""
    damaged = [row.problem for row in rows if row.problem is not None and row.problem.refuses]
    if damaged:
        raise RefusedRow(damaged)


def _refuse_contradictions(cells: GroupCells, number: str) -> None:
    for target in ONE_EACH if len(cells.rows) > 1 else ():
        if len({cells.in_row(row, target) for row in cells.rows}) == 1:
            continue
        first: tuple[int, str] | None = None
        for row in cells.rows:
            cell = _text(cells.in_row(row, target))
            if not cell:
                continue
            if first is None:
                first = row.line, cell
            elif cell.lower() != first[1].lower():
                what = (
                    f"order {number} has {first[1]!r} in line {first[0]:,} and {cell!r} in line "
                    f"{row.line:,}: all rows of an order have one value, or none"
                )
                raise RefusedRow([cells.problem("contradiction", target, what)])


def _status_words(standing: Standing, refund: Document | None) -> str:
    if standing == "cancelled":
        return "cancelled"
    if refund is None:
        return "placed"
    return f"refunded {refund['total']}" if "total" in refund else "refunded"


def _in_words(product: Document) -> str:
    name = product.get("name") or product.get("sku") or product.get("product_id") or "?"
    return f"{product.get('quantity', 1)} \N{MULTIPLICATION SIGN} {name}"


def _text(cell: str | None) -> str:
    return "" if is_blank(cell) else " ".join(unescape_formula(cell or "").split())[:MAX_TEXT]
