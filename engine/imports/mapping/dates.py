"""Cells as dates and moments: in every usual notation, in the account's time zone where a cell has none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, time

from engine.domain.rulebook import Account
from engine.domain.statuses import moment_of
from engine.imports.mapping.cell_format import Ambiguous, DateOrder, InvalidValue

_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]+(.+))?")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4}|\d{2})(?:,?[T ]+(.+))?")
_NAMED = re.compile(
    r"(?:(\d{1,2})\.?(?: de)? )?([^\W\d_]{3,})\.?(?: (\d{1,2}))?,?(?: de)? (\d{4})(?:,? (.+))?"
)
_CLOCK = re.compile(
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?"
    r"(?: ?([AaPp])\.? ?[Mm]\.?)?(?: ?(Z|UTC|GMT|[+-]\d{2}:?\d{2}))?"
)
_MONTHS = {
    "jan": 1, "ene": 1, "feb": 2, "mar": 3, "apr": 4, "abr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8,
    "ago": 8, "sep": 9, "set": 9, "oct": 10, "nov": 11, "dec": 12, "dic": 12,
}  # fmt: skip

ANY_DAY = date(2000, 1, 1)
"""Any present day, where only whether a date can be read matters."""

_Day = tuple[tuple[int, int, int], str]
"""Year, month and day as they are written, and the time of day after them."""


def detect_date_order(cells: Iterable[str]) -> DateOrder | Ambiguous | None:
    """Detect the order of day and month in a column; None if no date in it has the year last."""
    example, orders = "", set()
    for cell in cells:
        found = _YEAR_LAST.fullmatch(cell.strip())
        if found is None:
            continue
        first, second = int(found[1]), int(found[3])
        example = example or cell.strip()
        if first > 12 >= second:
            orders.add("dmy")
        elif second > 12 >= first:
            orders.add("mdy")
    if orders == {"dmy"}:
        return "dmy"
    if orders == {"mdy"}:
        return "mdy"
    return Ambiguous("dates", example) if example else None


def read_date(cell: str, order: DateOrder | None, *, today: date) -> date | datetime:
    """Read a date, or a moment if the cell has a time of day.  Raises InvalidValue.

    A moment without a UTC offset is naive (`start_of` and `end_of` give it the account's time zone).  A
    year of two digits is never after `today`.
    """
    text = " ".join(cell.split())
    day = _day(text, order, today=today)
    if day is None:
        raise InvalidValue(_not_a_date(text))
    numbers, clock = day
    try:
        found = date(*numbers)
    except ValueError:
        raise InvalidValue(f"{text[:40]!r}: there is no such day") from None
    return found if not clock else _moment(found, clock, text)


def start_of(found: date | datetime, account: Account) -> datetime | None:
    """Return a moment, or the first one of a day, in the account's time zone; None if out of range."""
    return moment_of(found, account)


def end_of(found: date | datetime, account: Account, *, now: datetime) -> datetime | None:
    """Return a moment, or the last one of a day (`now` of today), in the account's time zone."""
    if isinstance(found, datetime):
        return moment_of(found, account)
    last = moment_of(datetime.combine(found, time.max), account)
    begun = moment_of(found, account)
    assert last is not None and begun is not None
    whole = last.replace(microsecond=999_000)
    return min(whole, now) if begun <= now else whole


def _day(text: str, order: DateOrder | None, *, today: date) -> _Day | None:
    if found := _YEAR_FIRST.fullmatch(text):
        return (int(found[1]), int(found[2]), int(found[3])), found[4] or ""
    if found := _YEAR_LAST.fullmatch(text):
        first, second = int(found[1]), int(found[3])
        month, day = (first, second) if _is_month_first(first, second, order) else (second, first)
        return (_year(found[4], today), month, day), found[5] or ""
    if found := _NAMED.fullmatch(text):
        named, numbered = _MONTHS.get(found[2][:3].lower()), found[1] or found[3]
        if named and numbered:
            return (int(found[4]), named, int(numbered)), found[5] or ""
    return None


def _is_month_first(first: int, second: int, order: DateOrder | None) -> bool:
    """A date that is unambiguous is read so, whatever the order of its column."""
    if first <= 12 < second <= 31:
        return True
    return order == "mdy" and first <= 12


def _year(digits: str, today: date) -> int:
    if len(digits) == 4:
        return int(digits)
    year = today.year - today.year % 100 + int(digits)
    return year if year <= today.year else year - 100


def _moment(day: date, clock: str, text: str) -> datetime:
    found = _CLOCK.fullmatch(clock)
    if found is None:
        raise InvalidValue(f"{text[:40]!r}: {clock[:20]!r} is no time of day")
    hour = int(found[1])
    if found[5]:
        hour = hour % 12 + (12 if found[5] in "Pp" else 0)
    offset = {"Z": "+00:00", "UTC": "+00:00", "GMT": "+00:00"}.get(found[6] or "", found[6] or "")
    try:
        milliseconds = int(f"{found[4] or ''}000"[:3])
        at = time(hour, int(found[2]), int(found[3] or 0), milliseconds * 1_000)
        return datetime.fromisoformat(f"{day.isoformat()}T{at.isoformat()}{offset}")
    except ValueError:
        raise InvalidValue(f"{text[:40]!r}: there is no such time") from None


def _not_a_date(text: str) -> str:
    if re.fullmatch(r"[34]\d{4}(\.\d+)?", text):
        return f"{text!r} is how a spreadsheet keeps a date: give the column a date's format and export again"
    if re.fullmatch(r"\d{1,2}[-/.]\d{1,2}", text):
        return f"{text!r} lacks the year"
    return f"{text[:40]!r} is no date; write it as 2026-03-31"
