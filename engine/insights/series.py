"""The overview's tables, one row a day, computed with pandas from small rows that are kept.

All are indexed by `day`, a `DatetimeIndex` without a gap over the period, in the account's days.
Money stays exact: columns of money hold Decimals, never floats.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

import pandas as pd

from engine.domain.currencies import rounded
from engine.domain.rulebook import Account
from engine.domain.worth import rate_of
from engine.insights.census import Census
from engine.insights.daily import Day

NOTHING = Decimal(0)

_SALES = ("day", "currency", "orders", "amount", "refunded", "cancelled", "unclear")


def sales(days: Iterable[Day], account: Account) -> pd.DataFrame:
    """List what was sold, a row for each day and currency, in the order of the days.

    Columns: `day`, `currency` (the account's where the order has none), `orders`, `cancelled`,
    `unclear` (counts), `amount`, `refunded` (Decimal, in that currency), `revenue`, `given_back`
    (Decimal, in the account's currency; missing where no rate is declared).
    """
    rows = [
        (pd.Timestamp(day.day), sale.currency or account.currency, sale.orders, sale.amount, sale.refunded,
         sale.cancelled, sale.unclear)
        for day in days
        for sale in day.sales
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=list(_SALES))
    rates = [rate_of(currency, account) for currency in table["currency"]]
    for converted, given in (("revenue", "amount"), ("given_back", "refunded")):
        values = [
            None if rate is None else value * rate for value, rate in zip(table[given], rates, strict=True)
        ]
        table[converted] = pd.Series(values, dtype="object", index=table.index)
    return table


def sales_by_day(table: pd.DataFrame, first: date, last: date) -> pd.DataFrame:
    """Sum `sales` by day: columns `orders` (count) and `revenue` (Decimal, what could be converted)."""
    days = calendar(first, last)
    orders = table.groupby("day")["orders"].sum().reindex(days, fill_value=0)
    converted = table.dropna(subset=["revenue"]).groupby("day")["revenue"].agg(total)
    return pd.DataFrame({"orders": orders, "revenue": converted.reindex(days, fill_value=NOTHING)})


BY_WEEK = 45
"""Days of the longest period that is shown by day; a longer one is shown by week."""


def by_customer(days: Sequence[Day], table: pd.DataFrame, account: Account) -> pd.DataFrame:
    """Divide `sales` of some days into the first orders of new customers and those of returning ones.

    Columns: `new` and `returning` (orders), `new_revenue` and `returning_revenue` (Decimal, what could be
    converted).  Of more than BY_WEEK days there is a row a week, by its Monday.
    """
    rates = [(day, found, rate_of(found.currency, account)) for day in days for found in day.first_orders]
    rows = [
        (pd.Timestamp(day.day), found.orders, None if rate is None else found.amount * rate)
        for day, found, rate in rates
    ]
    first, last = days[0].day, days[-1].day
    new = sales_by_day(pd.DataFrame(rows, columns=["day", "orders", "revenue"]), first, last)
    both = sales_by_day(table, first, last)
    found = pd.DataFrame(
        {
            "new": new["orders"],
            "new_revenue": new["revenue"],
            "returning": both["orders"] - new["orders"],
            "returning_revenue": both["revenue"] - new["revenue"],
        }
    )
    if len(days) <= BY_WEEK:
        return found
    weeks = found.groupby(found.index - pd.to_timedelta(found.index.day_of_week, unit="D"))
    return weeks.agg({"new": "sum", "new_revenue": total, "returning": "sum", "returning_revenue": total})


def unconverted(table: pd.DataFrame) -> dict[str, Decimal]:
    """Sum the amounts in currencies without a declared rate, by currency."""
    apart = table[table["revenue"].isna()].groupby("currency")["amount"].agg(total)
    return {str(currency): amount for currency, amount in apart.items()}


def average(table: pd.DataFrame, account: Account) -> Decimal | None:
    """Average the orders that are in the revenue; None if there are none."""
    converted = table.dropna(subset=["revenue"])
    orders = int((converted["orders"] - converted["unclear"]).sum())
    return rounded(total(converted["revenue"]) / orders, account.currency) if orders else None


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Add up money exactly; missing values are left out."""
    return sum((amount for amount in amounts if not pd.isna(amount)), NOTHING)


def growth(census: Census, first: date, last: date) -> pd.DataFrame:
    """Count the contacts that there are now by the day on which they appeared.

    Columns: `contacts` at the end of the day, and of those who appeared on it `new`, `identified`
    and `anonymous`.
    """
    appeared = _by_day(census.appeared)
    days = calendar(first, last)
    new = appeared.reindex(days, fill_value=0)
    identified = _by_day(census.appeared_identified).reindex(days, fill_value=0)
    before = int(appeared[appeared.index < days[0]].sum())
    return pd.DataFrame(
        {
            "contacts": before + new.cumsum(),
            "new": new,
            "identified": identified,
            "anonymous": new - identified,
        }
    )


def moves(days: Sequence[Day], machine: str, states: Sequence[str]) -> pd.DataFrame:
    """Count the changes of a status to each of some states, one column per state."""
    counts = {state: [day.moved.get((machine, state), 0) for day in days] for state in states}
    return pd.DataFrame(counts, index=pd.DatetimeIndex([day.day for day in days], name="day"))


def calendar(first: date, last: date) -> pd.DatetimeIndex:
    """Return every day from the first to the last, both included."""
    return pd.date_range(first, last, freq="D", name="day")


def _by_day(counts: Mapping[date, int]) -> pd.Series[int]:
    index = pd.DatetimeIndex(list(counts), name="day")
    return pd.Series(list(counts.values()), index=index, dtype="int64").sort_index()
