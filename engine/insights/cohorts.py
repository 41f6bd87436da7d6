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
    missing.  `foreign` is what of it could not be converted.
    """

    at: datetime
    customers: pd.DataFrame
    spent: pd.DataFrame
    foreign: dict[str, Decimal]


def present(db: Db, *, last: date, now: datetime) -> Cohorts | None:
    """The cohorts as they were last made, up to the month of a day.

    Unset before the first time, unless there are few contacts.
    """
    row = db.census.find_one({"_id": _ID})
    if row is None and db.contacts.estimated_document_count() <= census.FEW and take(db, now=now):
        row = db.census.find_one({"_id": _ID})
    return None if row is None else _read(row, versions.current(db).account, last)


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


def _read(row: Document, account: Account, last: date) -> Cohorts:
    this_month = pd.Period(min(last, row["at"].astimezone(account.time_zone).date()), "M")
    people = pd.DataFrame(
        [(*_place(found["_id"]), found["n"]) for found in row["people"]], columns=["cohort", "since", "value"]
    )
    money = pd.DataFrame(
        [
            (*_place(found["_id"]), found["_id"].get("currency", account.currency), found["amount"])
            for found in row["money"]
        ],
        columns=["cohort", "since", "currency", "value"],
    )
    money = _shown(money, this_month)
    rates = [rate_of(currency, account) for currency in money["currency"]]
    is_converted = pd.Series([rate is not None for rate in rates], index=money.index, dtype=bool)
    apart = money[~is_converted].groupby("currency")["value"].agg(series.total)
    money["value"] = [
        value * (rate or series.NOTHING) for value, rate in zip(money["value"], rates, strict=True)
    ]
    return Cohorts(
        at=row["at"],
        customers=table(people, this_month, nothing=0),
        spent=table(money, this_month, nothing=series.NOTHING),
        foreign={str(currency): amount for currency, amount in apart.items() if amount},
    )


def _place(group: Document) -> tuple[pd.Period, int]:
    """The cohort of a group, and how many months after it the orders are."""
    cohort, month = pd.Period(group["cohort"], "M"), pd.Period(group["month"], "M")
    return cohort, month.ordinal - cohort.ordinal


def _shown(found: pd.DataFrame, last: pd.Period) -> pd.DataFrame:
    """The rows of the latest cohorts, up to a month."""
    if found.empty:
        return found
    months = found["cohort"].map(lambda month: month.ordinal)
    return found[(months > last.ordinal - SHOWN) & (months + found["since"] <= last.ordinal)].copy()


def table(found: pd.DataFrame, last: pd.Period, *, nothing: int | Decimal) -> pd.DataFrame:
    """Lay out `cohort`, `since` and `value`: a row for each of the latest cohorts, a column for each month.

    Months after the last are missing.
    """
    shown = _shown(found, last)
    if shown.empty:
        return pd.DataFrame()
    summed = shown.groupby(["cohort", "since"])["value"].agg(lambda values: sum(values, nothing))
    cohorts = pd.period_range(min(shown["cohort"]), last, freq="M", name="cohort")
    sizes = range(len(cohorts))
    cells = [
        [summed.get((cohort, since), nothing) if cohort + since <= last else None for since in sizes]
        for cohort in cohorts
    ]
    return pd.DataFrame(cells, index=cohorts, columns=list(sizes), dtype="object")
