"""The overview: the figures of a period compared with the days before, and the present totals.

Read from what is kept (`daily`, `daily_lines`, `census`): as many small rows as there are days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

import pandas as pd

from engine.db import Db
from engine.domain.rulebook import Account, Ruleset
from engine.insights import census, cohorts, daily, daily_lines, series
from engine.insights.census import Census
from engine.insights.cohorts import Cohorts
from engine.insights.daily import Day, StoredDays
from engine.insights.daily_lines import SoldLines
from engine.rules import versions

LONGEST = 3 * 366
"""Days of the longest period that is shown."""


@dataclass(frozen=True)
class Period:
    """Days from the first to the last, both included."""

    first: date
    last: date

    @classmethod
    def latest(cls, days: int, *, today: date) -> Period:
        """The last days, up to today."""
        return cls(today - timedelta(days=days - 1), today)

    @classmethod
    def between(cls, first: date, last: date, *, today: date) -> Period:
        """The requested range, in order, not beyond today and not longer than LONGEST."""
        first, last = sorted((first, last))
        last = min(last, today)
        return cls(max(min(first, last), last - timedelta(days=LONGEST - 1)), last)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Period:
        """As many days, up to the first of these."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True)
class Sold:
    """Orders and revenue in the account's currency; `foreign` is what has no declared rate, apart.

    `average` is that of the orders in the revenue.
    """

    orders: int = 0
    revenue: Decimal = Decimal(0)
    refunded: Decimal = Decimal(0)
    cancelled: int = 0
    foreign: Mapping[str, Decimal] = field(default_factory=dict)
    average: Decimal | None = None


@dataclass(frozen=True)
class Range:
    """The figures of a period, in total and by day.

    `sold_by_day` has `orders` and `revenue` a day (`series.sales_by_day`).
    """

    period: Period
    sold: Sold
    days: Sequence[Day]
    sold_by_day: pd.DataFrame
    by_customer: pd.DataFrame
    """Orders and revenue of new and returning customers (`series.by_customer`)."""
    new: int
    """Contacts that appeared in it, of those that there are now."""
    stale: int
    """Days of it that are still to be computed."""

    @property
    def new_customers(self) -> int:
        """Customers whose first order is in it."""
        return int(self.by_customer["new"].sum())

    def counted(self, type_: str, kind: str | None = None) -> int:
        """Activities of a type, of one kind or all."""
        return sum(
            number
            for day in self.days
            for (name, found), number in day.counted.items()
            if name == type_ and kind in (None, found)
        )

    def moved(self, machine: str, to: str) -> int:
        """How often a status changed to a state."""
        return sum(day.moved.get((machine, to), 0) for day in self.days)


@dataclass(frozen=True)
class Overview:
    """Everything that the page shows; `now` and `before` have the same number of days.

    `days_at` says when the days were last seen to be right; unset before the first time.
    """

    now: Range
    before: Range
    census: Census | None
    days_at: datetime | None
    currency: str
    growth: pd.DataFrame | None
    """Contacts by the day on which they appeared (`series.growth`); unset before the first census."""
    lines: SoldLines = field(default_factory=SoldLines)
    """What was sold in the period, by category and product."""
    cohorts: Cohorts | None = None
    """The latest cohorts of customers; unset before they were first made."""


def overview(db: Db, period: Period, *, now: datetime) -> Overview:
    """Read a period and the one before it."""
    ruleset = versions.current(db)
    found = daily.stored_days(db, period.before.first, period.last)
    counted = census.present(db, now=now)
    return Overview(
        now=_range(period, found, counted, ruleset),
        before=_range(period.before, found, counted, ruleset),
        census=counted,
        days_at=found.at,
        currency=ruleset.account.currency,
        growth=None if counted is None else series.growth(counted, period.first, period.last),
        lines=daily_lines.sold_lines(db, period.first, period.last, ruleset.account),
        cohorts=cohorts.present(db, last=period.last, now=now),
    )


def _range(period: Period, found: StoredDays, counted: Census | None, ruleset: Ruleset) -> Range:
    days = [day for day in found.days if day.day in period]
    sales = series.sales(days, ruleset.account)
    appeared = {} if counted is None else counted.appeared
    return Range(
        period=period,
        sold=_sold(sales, ruleset.account),
        days=days,
        sold_by_day=series.sales_by_day(sales, period.first, period.last),
        by_customer=series.by_customer(days, sales, ruleset.account),
        new=sum(number for day, number in appeared.items() if day in period),
        stale=sum(day in period for day in found.stale),
    )


def _sold(sales: pd.DataFrame, account: Account) -> Sold:
    """Sum `series.sales` in the account's currency; what has no rate stands apart."""
    return Sold(
        orders=int(sales["orders"].sum()),
        revenue=series.total(sales["revenue"]),
        refunded=series.total(sales["given_back"]),
        cancelled=int(sales["cancelled"].sum()),
        foreign=series.unconverted(sales),
        average=series.average(sales, account),
    )
