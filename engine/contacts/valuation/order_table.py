"""The orders of all contacts as a table, read from MongoDB in compact rows.

MongoDB converts amounts and picks out what is needed; here a contact is a position and an order two
numbers, so that three million of them take 60 MB.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from bson.decimal128 import Decimal128

from engine.db import Db
from engine.db.contact_codec import LIVING
from engine.domain.activities import ContactId
from engine.domain.currencies import MINOR_UNITS
from engine.domain.document import Document
from engine.domain.rulebook import Account

BATCH = 10_000
"""Contacts that MongoDB returns at once."""

Row = Callable[[Document], None]
"""Takes what else was asked of a contact, in the order of `OrderTable.contacts`."""


@dataclass(frozen=True)
class OrderTable:
    """Orders that count, of the contacts that were asked for.

    Parameters:
      contacts(list): Their ids; the positions in it stand for them in `orders`.
      orders(DataFrame): A row an order, as `engine.worth.rfm.purchases` takes it.
    """

    contacts: list[ContactId]
    orders: pd.DataFrame


def digits_of(account: Account) -> int:
    """The digits of the minor unit of the account's currency."""
    return MINOR_UNITS.get(account.currency) or 0


def read_orders(
    db: Db,
    query: Document,
    account: Account,
    *,
    besides: Document | None = None,
    row: Row = lambda _row: None,
    progress: Callable[[int], None] = lambda _read: None,
) -> OrderTable:
    """Read the orders of the contacts that match a query.

    `besides` is projected, too, and goes to `row`; `progress` learns how many contacts have been read.
    """
    stages: list[Document] = [
        {"$match": {**LIVING, **query}},
        {"$project": {**(besides or {}), "_id": 1, **_orders(account)}},
    ]
    contacts: list[ContactId] = []
    counts, placed, amounts = array("i"), array("q"), array("d")
    found: Iterable[Document] = db.contacts.aggregate(stages, batchSize=BATCH, allowDiskUse=True)
    for contact in found:
        contacts.append(contact["_id"])
        counts.append(len(contact["placed"]))
        placed.extend(contact["placed"])
        amounts.extend(contact["amounts"])
        row(contact)
        if len(contacts) % BATCH == 0:
            progress(len(contacts))
    return OrderTable(contacts, _table(counts, placed, amounts, account))


def _table(counts: array[int], placed: array[int], amounts: array[float], account: Account) -> pd.DataFrame:
    moments = pd.to_datetime(np.frombuffer(placed, dtype=np.int64), unit="ms", utc=True)
    days = moments.tz_convert(account.time_zone).tz_localize(None).normalize()
    contact = np.repeat(np.arange(len(counts), dtype=np.int32), np.frombuffer(counts, dtype=np.int32))
    return pd.DataFrame({"contact": contact, "day": days, "amount": np.frombuffer(amounts, dtype=np.float64)})


def _orders(account: Account) -> Document:
    """When each order that counts was placed (milliseconds), and what it came to (minor units, or NaN).

    That is its amount less what its refunds come to, in the account's currency, rounded to the minor unit.
    """
    book = {"$ifNull": ["$commerce.book", []]}
    counts = {"$and": [{"$gt": ["$$order.placed_at", None]}, {"$ne": ["$$order.cancelled", True]}]}
    kept = {"$filter": {"input": book, "as": "order", "cond": counts}}
    net = {"$subtract": ["$$order.amount", {"$ifNull": ["$$order.refunded", Decimal128("0")]}]}
    scale = Decimal128(str(10 ** digits_of(account)))
    minor = {"$round": [{"$multiply": [net, _rate(account), scale]}, 0]}
    amount = {"$ifNull": [{"$toDouble": minor}, float("nan")]}
    return {
        "placed": {"$map": {"input": kept, "as": "order", "in": {"$toLong": "$$order.placed_at"}}},
        "amounts": {"$map": {"input": kept, "as": "order", "in": amount}},
    }


def _rate(account: Account) -> Document:
    """The worth of one unit of an order's currency; null without a declared rate."""
    currency = {"$ifNull": ["$$order.currency", account.currency]}
    rates = {**account.rates, account.currency: 1}
    branches = [
        {"case": {"$eq": [currency, name]}, "then": Decimal128(str(rate))} for name, rate in rates.items()
    ]
    return {"$switch": {"branches": branches, "default": None}}
