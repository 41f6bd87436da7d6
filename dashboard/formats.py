"""How dates, money and counts are written, in one place."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

NOTHING = "\N{EN DASH}"


def day(at: datetime | None, zone: ZoneInfo) -> str:
    """`3 Mar 2026`, in the account's time zone."""
    if at is None:
        return NOTHING
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %Y}"


def short_day(day: date) -> str:
    """`3 Mar`, where the year is plain."""
    return f"{day.day} {day:%b}"


def clock(at: datetime, zone: ZoneInfo) -> str:
    """`14:05`, in the account's time zone."""
    return f"{at.astimezone(zone):%H:%M}"


def moment(at: datetime | None, zone: ZoneInfo) -> str:
    """`3 Mar 2026, 14:05`."""
    return NOTHING if at is None else f"{day(at, zone)}, {clock(at, zone)}"


def ago(at: datetime | None, now: datetime, zone: ZoneInfo) -> str:
    """How long ago in words, up to a week; the day beyond."""
    if at is None:
        return NOTHING
    passed = max(now - at, timedelta(0))
    if passed < timedelta(minutes=1):
        return "just now"
    if passed < timedelta(hours=1):
        return f"{int(passed.total_seconds() // 60)} min ago"
    if passed < timedelta(days=1):
        return f"{int(passed.total_seconds() // 3600)} h ago"
    if passed < timedelta(days=7):
        return f"{passed.days} day{'s' if passed.days > 1 else ''} ago"
    return day(at, zone)


def day_heading(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """`Today`, `Yesterday`, or the day."""
    local, today = at.astimezone(zone).date(), now.astimezone(zone).date()
    if local == today:
        return "Today"
    if local == today - timedelta(days=1):
        return "Yesterday"
    return f"{at.astimezone(zone):%A}, {day(at, zone)}"


def money(amount: Decimal | None, currency: str | None) -> str:
    """`1,234.50 EUR`; without a currency the number alone."""
    if amount is None:
        return NOTHING
    return f"{amount:,.2f} {currency}" if currency else f"{amount:,.2f}"


def count(number: int) -> str:
    return f"{number:,}"


def signed(points: int) -> str:
    """A number with its sign, the minus as wide as the plus."""
    return f"+{points:,}" if points >= 0 else f"\N{MINUS SIGN}{abs(points):,}"


def points(number: int) -> str:
    """`+5 points`, `+1 point`."""
    return f"{signed(number)} point{'' if abs(number) == 1 else 's'}"


def quantity(number: Decimal) -> str:
    """`2`, not `2.000`."""
    return f"{number.normalize():f}"
