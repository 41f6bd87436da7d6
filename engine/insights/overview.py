"""The overview: what a range of days came to, held against the days before, and where all stands.

Read from what is kept (`daily`, `census`): as many small rows as there are days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pymongo.database import Database

from engine.domain.commerce import CENT
from engine.domain.rulebook import Account, Ruleset
from engine.insights import census, daily
from engine.insights.census import Census
from engine.insights.daily import Day, Kept
from engine.rules import rulesets

Document = dict[str, Any]

LONGEST = 3 * 366
"""Days of the longest period that is shown."""

BOUNCES = ("email_bounced", "sms_bounced")


@dataclass(frozen=True)
class Period:
    """Days from the first to the last, both included."""

    first: date
    last: date

    @classmethod
    def latest(cls, days: int, *, today: date) -> Period:
        """So many days, of which today is the last."""
        return cls(today - timedelta(days=days - 1), today)

    @classmethod
    def between(cls, first: date, last: date, *, today: date) -> Period:
        """As somebody asked for it: put in order, not beyond today, not longer than LONGEST."""
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
    """Orders and revenue in the account's currency; `foreign` is what has no declared rate, apart."""

    orders: int = 0
    revenue: Decimal = Decimal(0)
    refunded: Decimal = Decimal(0)
    cancelled: int = 0
    foreign: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def average(self) -> Decimal | None:
        """What an order was worth, of those that could be added up."""
        return (self.revenue / self.orders).quantize(CENT) if self.orders and not self.foreign else None


@dataclass(frozen=True)
class Range:
    """What a period came to, in all and by day."""

    period: Period
    sold: Sold
    by_day: Sequence[tuple[Day, Sold]]
    new: int
    """Contacts that appeared in it, of those that there are now."""
    stale: int
    """Days of it that are still to be computed."""

    def counted(self, type_: str, kind: str | None = None) -> int:
        """Activities of a type, of one kind or all."""
        return sum(
            number
            for day, _ in self.by_day
            for (name, found), number in day.counted.items()
            if name == type_ and kind in (None, found)
        )

    def moved(self, machine: str, to: str) -> int:
        """How often a machine came to a state."""
        return sum(day.moved.get((machine, to), 0) for day, _ in self.by_day)


@dataclass(frozen=True)
class Overview:
    """Everything that the page shows; `now` and `before` have the same number of days.

    `days_at` says when the days were last seen to be right; unset before the first time.
    """

    now: Range
    before: Range
    census: Census | None
    days_at: datetime | None
    currency: str | None
    growth: Sequence[tuple[date, int, int]]
    """Day, contacts at its end, and how many of them appeared on it."""


def overview(db: Database[Document], period: Period, *, now: datetime) -> Overview:
    """Read a period and the one before it."""
    ruleset = rulesets.current(db)
    found = daily.kept(db, period.before.first, period.last)
    counted = census.present(db, now=now)
    return Overview(
        now=_range(period, found, counted, ruleset),
        before=_range(period.before, found, counted, ruleset),
        census=counted,
        days_at=found.at,
        currency=ruleset.account.currency,
        growth=[] if counted is None else list(_growth(period, counted)),
    )


def sold(day: Day, account: Account) -> Sold:
    """A day's orders in the account's currency."""
    revenue, refunded, foreign = Decimal(0), Decimal(0), dict[str, Decimal]()
    for sale in day.sales:
        own = sale.currency is None or sale.currency == account.currency
        rate = Decimal(1) if own else account.rates.get(sale.currency or "")
        if rate is None:
            foreign[sale.currency or ""] = sale.amount
        else:
            revenue += sale.amount * rate
            refunded += sale.refunded * rate
    return Sold(
        orders=sum(sale.orders for sale in day.sales),
        revenue=revenue,
        refunded=refunded,
        cancelled=sum(sale.cancelled for sale in day.sales),
        foreign=foreign,
    )


def _range(period: Period, found: Kept, counted: Census | None, ruleset: Ruleset) -> Range:
    days = [(day, sold(day, ruleset.account)) for day in found.days if day.day in period]
    appeared = {} if counted is None else counted.appeared
    return Range(
        period=period,
        sold=_sum(sold for _, sold in days),
        by_day=days,
        new=sum(number for day, number in appeared.items() if day in period),
        stale=sum(day in period for day in found.stale),
    )


def _sum(parts: Iterable[Sold]) -> Sold:
    found = list(parts)
    foreign: dict[str, Decimal] = {}
    for part in found:
        for currency, amount in part.foreign.items():
            foreign[currency] = foreign.get(currency, Decimal(0)) + amount
    return Sold(
        orders=sum(part.orders for part in found),
        revenue=sum((part.revenue for part in found), Decimal(0)),
        refunded=sum((part.refunded for part in found), Decimal(0)),
        cancelled=sum(part.cancelled for part in found),
        foreign=foreign,
    )


def _growth(period: Period, counted: Census) -> Iterable[tuple[date, int, int]]:
    """Contacts at each day's end, of those that there are now."""
    there = sum(number for day, number in counted.appeared.items() if day < period.first)
    for day in daily.days_between(period.first, period.last):
        new = counted.appeared.get(day, 0)
        there += new
        yield day, there, new
