"""What a row of an export of activities shows beyond its activity: what an order comes to, and whether the
row can be imported.

An order may be corrected, refunded, cancelled and repeated by other activities, each a row of its own.
What it comes to in the end stands on one row: on that of the activity by which it was placed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import msgspec

from engine.domain.activities import Activity
from engine.domain.commerce import ORDER_COMPLETED, order_names_of, sums_of
from engine.domain.contact import Order
from engine.domain.currencies import rounded
from engine.domain.document import Document
from engine.domain.rulebook import Account
from engine.domain.worth import rate_of
from engine.imports.history.activity_parser import OWN_TYPES
from engine.pipeline.groups import decode_activity

_WITHOUT_PRODUCTS = {"$unsetField": {"field": "products", "input": {"$ifNull": ["$properties", {}]}}}

PICKED: Document = {
    "type": 1,
    "bot": 1,
    "discounted": 1,
    "placing": {
        "$cond": [
            {"$eq": ["$type", ORDER_COMPLETED]},
            {"$mergeObjects": ["$$ROOT", {"properties": _WITHOUT_PRODUCTS}]},
            None,
        ]
    },
}
"""The fields of an activity's document that facts follow from."""


@dataclass(frozen=True)
class RowFacts:
    """Facts of one row; the order's are unset where the activity has not placed one.

    Parameters:
      importable: Whether an import takes the row: not what the product itself records, nor what was undone,
        a bot's, or discounted.
      order_counts: Whether the order counts, which a cancelled one does not.
      order_paid: The order's amount in the account's currency, exact; unset if unreadable or without a rate.
      order_refunded: What of it was refunded, likewise.
      order_value: What is left, rounded to the minor unit.
    """

    importable: bool
    order_counts: bool | None = None
    order_paid: str | None = None
    order_refunded: str | None = None
    order_value: str | None = None


class ContactFacts:
    """The facts of the rows of one contact, which come in the order of time."""

    def __init__(self, contact: Document, account: Account) -> None:
        self._account = account
        self._undone = frozenset(contact.get("undone", ()))
        self._placed: dict[datetime, list[Order]] = defaultdict(list)
        for order in msgspec.convert(contact.get("commerce", {}).get("book", []), list[Order]):
            if order.placed_at is not None:
                self._placed[order.placed_at].append(order)

    def of(self, row: Document) -> RowFacts:
        """Return the facts of a row; each order is on the first that can have placed it."""
        undone = row["_id"] in self._undone
        ours = row["type"] in OWN_TYPES
        importable = not (ours or undone or row.get("bot") or row.get("discounted"))
        placing = None if undone or row["placing"] is None else decode_activity(row["placing"])
        order = None if placing is None else _taken(self._placed.get(placing.happened_at, []), placing)
        return RowFacts(importable) if order is None else _with_order(importable, order, self._account)


def _taken(orders: list[Order], placing: Activity) -> Order | None:
    """Take the order that an activity has placed."""
    names = order_names_of(placing) or [str(placing.id)]
    found = next((order for order in orders if _is_named(order, names)), None)
    if found is not None:
        orders.remove(found)
    return found


def _is_named(order: Order, names: Sequence[str]) -> bool:
    return not {order.id, *order.also}.isdisjoint(names)


def _with_order(importable: bool, order: Order, account: Account) -> RowFacts:
    if not order.counts:
        return RowFacts(importable, order_counts=False)
    paid, refunded = sums_of(order, account)
    return RowFacts(
        importable,
        order_counts=True,
        order_paid=_text(paid),
        order_refunded=_text(refunded) if refunded or paid is not None else None,
        order_value=_text(_value(order, account)),
    )


def _value(order: Order, account: Account) -> Decimal | None:
    """What an order comes to, as RFM and the models take it (see `valuation.order_table`)."""
    rate = rate_of(order.currency, account)
    if order.amount is None or rate is None:
        return None
    return rounded((order.amount - order.refunded) * rate, account.currency)


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"
