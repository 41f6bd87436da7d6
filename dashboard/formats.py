"""Dates, money and numbers as text, in the account's locale.

`write_as` sets the locale for the process, which serves one account; every function here obeys it.
Words that Babel does not know (`Today`) are the product's own, from `dashboard.wording`.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, format_timedelta
from babel.numbers import (
    format_compact_decimal,
    format_currency,
    format_decimal,
    format_percent,
    get_decimal_symbol,
)

from dashboard import wording
from engine.domain.money import DecimalMark

NOTHING = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"


class _Present:
    """The locale of the process."""

    locale = Locale("en")


def write_as(locale: str) -> None:
    """Set the locale of the process; raises babel.UnknownLocaleError for an unknown one."""
    if str(_Present.locale) != locale:
        _Present.locale = Locale.parse(locale)


def locale() -> Locale:
    """The locale of the process."""
    return _Present.locale


def day(at: datetime | None, zone: ZoneInfo) -> str:
    """`3 Mar 2026`, in the account's time zone."""
    return NOTHING if at is None else _date("yMMMd", at.astimezone(zone))


def calendar_day(day: date) -> str:
    """`3 Mar 2026`, of a date without a time, such as a birth date."""
    return _date("yMMMd", day)


def short_day(day: date) -> str:
    """`3 Mar`, where the year is clear."""
    return _date("MMMd", day)


def month(day: date) -> str:
    """`Mar 2026`."""
    return _date("yMMM", day)


def clock(at: datetime, zone: ZoneInfo) -> str:
    """`14:05`, in the account's time zone."""
    return format_time(at.astimezone(zone).time(), "short", locale=locale())


def moment(at: datetime | None, zone: ZoneInfo) -> str:
    """`3 Mar 2026, 14:05`."""
    return NOTHING if at is None else f"{day(at, zone)}, {clock(at, zone)}"


def to_the_second(at: datetime, zone: ZoneInfo) -> str:
    """`3 Mar 2026, 14:05:09`."""
    time = format_time(at.astimezone(zone).time(), "medium", locale=locale())
    return f"{day(at, zone)}, {time}"


def ago(at: datetime | None, now: datetime, zone: ZoneInfo) -> str:
    """How long ago, up to a week; the day if it is longer."""
    if at is None:
        return NOTHING
    passed = max(now - at, timedelta(0))
    if passed < timedelta(minutes=1):
        return wording.JUST_NOW
    if passed >= timedelta(days=7):
        return day(at, zone)
    unit = next(unit for unit in _UNITS if passed >= unit)
    whole = -(passed // unit) * unit
    return format_timedelta(whole, threshold=1, add_direction=True, locale=locale())


_UNITS = (timedelta(days=1), timedelta(hours=1), timedelta(minutes=1))


def day_heading(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """`Today`, `Yesterday`, or the day."""
    local, today = at.astimezone(zone).date(), now.astimezone(zone).date()
    if local == today:
        return wording.TODAY
    if local == today - timedelta(days=1):
        return wording.YESTERDAY
    return format_date(local, "full", locale=locale())


def money(amount: Decimal | None, currency: str | None) -> str:
    """`€1,234.50`, `7.00 XAU` for a currency without a sign; without a currency the number alone."""
    if amount is None:
        return NOTHING
    if currency is None or currency not in locale().currency_symbols:
        number = format_decimal(amount, "#,##0.00", locale=locale())
        return f"{number} {currency}" if currency else number
    return format_currency(amount, currency, locale=locale())


def decimal_mark() -> DecimalMark:
    """What the locale writes before decimals."""
    return "," if get_decimal_symbol(locale()) == "," else "."


def count(number: int) -> str:
    return format_decimal(number, locale=locale())


def short_count(number: int) -> str:
    """`950`, `12K`, where there is little room."""
    return count(number) if number < 1_000 else format_compact_decimal(number, locale=locale())


def counted(number: int, one: str, several: str = "") -> str:
    """`1,204 contacts`, `1 contact`."""
    return f"{count(number)} {wording.plural(number, one, several)}"


def number(number: float) -> str:
    """`1,234.5`, with as many decimals as it has."""
    return format_decimal(number, "#,##0.######", locale=locale())


def decimal(number: float) -> str:
    """`36.5` and `36`, without thousands separators: the number may be a year or a code."""
    return format_decimal(number, "0.######", locale=locale())


def size(bytes_: int) -> str:
    """`3.4 MB`, of a file."""
    amount, unit = float(bytes_), 0
    while amount >= 999.5 and unit < len(_SIZES) - 1:
        amount, unit = amount / 1_000, unit + 1
    return f"{number(round(amount, 1 if unit and amount < 100 else 0))}\u00a0{_SIZES[unit]}"


_SIZES = ("bytes", "kB", "MB", "GB")


def percent(share: float) -> str:
    """`12%`, of a share between 0 and 1."""
    return format_percent(share, locale=locale())


def signed(points: int) -> str:
    """A number with its sign, the minus as wide as the plus."""
    return f"+{count(points)}" if points >= 0 else f"{MINUS}{count(abs(points))}"


def points(number: int) -> str:
    """`+5 points`, `+1 point`."""
    return f"{signed(number)} {wording.plural(abs(number), 'point')}"


def quantity(number: Decimal) -> str:
    """`2`, not `2.000`."""
    return format_decimal(number.normalize(), "#,##0.######", locale=locale())


def date_entry() -> str:
    """The format of a date input: `DD/MM/YYYY`, in the order of the locale."""
    order = re.sub(r"[^yMd]", "", locale().date_formats["short"].pattern)
    first = order[:1]
    return {"d": "DD/MM/YYYY", "M": "MM/DD/YYYY"}.get(first, "YYYY/MM/DD")


def _date(skeleton: str, at: date) -> str:
    return format_skeleton(skeleton, at, locale=locale())
