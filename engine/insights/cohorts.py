"""Cohorts: customers by the month of their first order, who of them ordered again later, and what they spent.

Any order that comes late, goes or changes hands may move its customer with all orders to another cohort.
So the table is made whole, in one pass inside MongoDB at the pace of the census, rather than by
differences: it is exact as of its time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from time import perf_counter

import pandas as pd
from bson.decimal128 import Decimal128
from pymongo.errors import DuplicateKeyError

from engine.db import Db
from engine.domain.document import Document
from engine.domain.rulebook import Account
from engine.domain.worth import rate_of
from engine.insights import census, claims, series
from engine.rules import versions

SHOWN = 12
"""Cohorts that are shown, the latest, and months after the first."""

_WORK = _ID = "cohorts"


@dataclass(frozen=True)
class Cohorts:
    """The latest cohorts at one time, the first of them first.

    `customers` and `spent` (Decimal, the account's currency, less refunds; what could be converted) have a
    row for each month of first orders and a column for each month since, from 0; months to come are
    missing.  `foreign` is what could not be converted.
    """

    at: datetime
    customers: pd.DataFrame
    spent: pd.DataFrame
    foreign: dict[str, Decimal]


def present(db: Db, *, now: datetime) -> Cohorts | None:
    """The cohorts as they were last made; unset before the first time, unless there are few contacts."""
    row = db.census.find_one({"_id": _ID})
    if row is None and db.contacts.estimated_document_count() <= census.FEW and take(db, now=now):
        row = db.census.find_one({"_id": _ID})
    return None if row is None else _read(row, versions.current(db).account)


def is_due(db: Db, *, now: datetime) -> bool:
    """Whether it is time to make them again."""
    return census.is_due(db, now=now, of=_ID)


def take(db: Db, *, now: datetime) -> bool:
    """Make the cohorts of all customers, unless another is at it; whether that was done."""
    number = claims.claim(db, _WORK, now=now)
    if number is None:
        return False
    zone = str(versions.current(db).account.time_zone)
    began = perf_counter()
    [found] = db.contacts.aggregate(_pass(zone), allowDiskUse=True)
    row = {"at": now, "took": perf_counter() - began, "zone": zone, "number": number, **found}
    try:
        # One that was overtaken finds nothing to replace, and a newer row there.
        db.census.replace_one({"_id": _ID, "number": {"$not": {"$gt": number}}}, row, upsert=True)
    except DuplicateKeyError:
        return False
    claims.release(db, _WORK, number)
    return True


def _pass(zone: str) -> list[Document]:
    """One look at each customer: in which months they ordered, and for how much."""
    counts = {"$and": [{"$gt": ["$$this.placed_at", None]}, {"$ne": ["$$this.cancelled", True]}]}
    nothing = Decimal128("0")
    amount, refunded = ({"$ifNull": [f"$$this.{name}", nothing]} for name in ("amount", "refunded"))
    order = {
        "month": _month("$$this.placed_at", zone),
        "currency": "$$this.currency",
        "paid": {"$subtract": [amount, refunded]},
    }
    place = {"cohort": "$cohort", "month": "$orders.month"}
    return [
        {"$match": {"commerce.orders": {"$gte": 1}}},
        {
            "$project": {
                "first": "$commerce.first_order_at",
                "orders": {"$filter": {"input": "$commerce.book", "cond": counts}},
            }
        },
        {
            "$project": {
                "_id": 0,
                "cohort": _month("$first", zone),
                "orders": {"$map": {"input": "$orders", "in": order}},
            }
        },
        {
            "$facet": {
                "people": [
                    {"$project": {"cohort": 1, "month": {"$setUnion": ["$orders.month"]}}},
                    {"$unwind": "$month"},
                    {"$group": {"_id": {"cohort": "$cohort", "month": "$month"}, "n": {"$sum": 1}}},
                ],
                "money": [
                    {"$unwind": "$orders"},
                    {
                        "$group": {
                            "_id": {**place, "currency": "$orders.currency"},
                            "amount": {"$sum": "$orders.paid"},
                        }
                    },
                ],
            }
        },
    ]


def _month(at: str, zone: str) -> Document:
    return {"$dateToString": {"date": at, "format": "%Y-%m", "timezone": zone}}


def _read(row: Document, account: Account) -> Cohorts:
    last = row["at"].astimezone(account.time_zone).date()
    people = [(*_place(found["_id"]), found["n"]) for found in row["people"]]
    money = [(*_place(found["_id"]), found["_id"].get("currency"), found["amount"]) for found in row["money"]]
    return Cohorts(
        at=row["at"],
        customers=table(pd.DataFrame(people, columns=["cohort", "since", "value"]), last=last, nothing=0),
        **_spent(money, account, last=last),
    )


def _place(group: Document) -> tuple[pd.Period, int]:
    """The cohort of a group, and how many months after it the orders are."""
    cohort, month = pd.Period(group["cohort"], "M"), pd.Period(group["month"], "M")
    return cohort, month.ordinal - cohort.ordinal


def _spent(
    money: list[tuple[pd.Period, int, str | None, Decimal]], account: Account, *, last: date
) -> Document:
    rows, foreign = [], dict[str, Decimal]()
    for cohort, since, currency, amount in money:
        rate = rate_of(currency, account)
        if rate is not None:
            rows.append((cohort, since, amount * rate))
        elif currency is not None and amount:
            foreign[currency] = foreign.get(currency, series.NOTHING) + amount
    found = pd.DataFrame(rows, columns=["cohort", "since", "value"])
    return {"spent": table(found, last=last, nothing=series.NOTHING), "foreign": foreign}


def table(found: pd.DataFrame, *, last: date, nothing: int | Decimal) -> pd.DataFrame:
    """Lay out `cohort`, `since`, `value`: the latest cohorts by months since, up to the month of `last`."""
    this_month = pd.Period(last, "M")
    first = this_month - (SHOWN - 1)
    shown = found[(found["cohort"] >= first) & (found["cohort"] <= this_month)] if len(found) else found
    begins = min(shown["cohort"], default=None)
    if begins is None:
        return pd.DataFrame()
    summed = shown.groupby(["cohort", "since"])["value"].agg(lambda values: sum(values, nothing))
    cohorts = pd.period_range(begins, this_month, freq="M", name="cohort")
    sizes = range((this_month - begins).n + 1)
    cells = [
        [summed.get((cohort, since), nothing) if cohort + since <= this_month else None for since in sizes]
        for cohort in cohorts
    ]
    return pd.DataFrame(cells, index=cohorts, columns=list(sizes), dtype="object")
