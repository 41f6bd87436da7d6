"""Cells as values: what people and spreadsheets write, read as the field wants it.

What a cell says is settled here (which of 3/4/2026 is the day, whether a comma divides
decimals or thousands); what a field then takes is settled by the code that edits by hand use.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Literal

from engine.domain import profile
from engine.domain.normalisation import PLACEHOLDERS
from engine.domain.rulebook import CustomField

DateOrder = Literal["dmy", "mdy"]
"""Whether the day or the month comes first, where the year comes last."""

Decimals = Literal[",", "."]

_TRUE = frozenset({"true", "yes", "y", "1", "si", "sí", "s", "verdadero", "on", "x", "t", "cierto"})
_FALSE = frozenset({"false", "no", "n", "0", "falso", "off", "f"})

_ROUNDED = re.compile(r"\+?\d(?:[.,]\d+)?[eE]\+\d+")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]+(.+))?")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4}|\d{2})(?:,?[T ]+(.+))?")
_NAMED = re.compile(
    r"(?:(\d{1,2})\.?(?: de)? )?([^\W\d_]{3,})\.?(?: (\d{1,2}))?,?(?: de)? (\d{4})(?:,? (.+))?"
)
_CLOCK = re.compile(
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?"
    r"(?: ?([AaPp])\.? ?[Mm]\.?)?(?: ?(Z|UTC|GMT|[+-]\d{2}:?\d{2}))?"
)
_MONTHS = {
    "jan": 1, "ene": 1, "feb": 2, "mar": 3, "apr": 4, "abr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8,
    "ago": 8, "sep": 9, "set": 9, "oct": 10, "nov": 11, "dec": 12, "dic": 12,
}  # fmt: skip


class InvalidValue(Exception):
    """A cell that is not what its field wants; the message says what is, and what to do."""


@dataclass(frozen=True)
class Ambiguous:
    """What a column's cells do not tell: the order of dates, or what a comma or point divides."""

    what: Literal["dates", "decimals"]
    example: str


@dataclass(frozen=True)
class Reading:
    """How the cells of a column are read, where they could be read in two ways."""

    dates: DateOrder | None = None
    decimals: Decimals | None = None


def date_order(cells: Iterable[str]) -> DateOrder | Ambiguous | None:
    """The order of day and month in a column's dates; unset if none of them has the year last."""
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


def decimal_mark(cells: Iterable[str]) -> Decimals | Ambiguous | None:
    """What divides decimals in a column's numbers; unset if none of them has a comma or point."""
    example, marks = "", set()
    for cell in cells:
        digits = _bare(cell)
        found = _mark_of(digits)
        if found is not None:
            marks.add(found)
        elif "," in digits or "." in digits:
            example = example or cell.strip()
    if marks == {","}:
        return ","
    if marks == {"."}:
        return "."
    return Ambiguous("decimals", example) if example or marks else None


def read_date(cell: str, order: DateOrder | None, *, today: date) -> date | datetime:
    """The day, or the moment if the cell has a time; raise InvalidValue.

    A moment without a zone is naive.  A year of two digits is never after `today`.
    """
    text = " ".join(cell.split())
    day = _day(text, order, today=today)
    if day is None:
        raise InvalidValue(_no_date(text))
    numbers, clock = day
    try:
        found = date(*numbers)
    except ValueError:
        raise InvalidValue(f"{text[:40]!r}: there is no such day") from None
    return found if not clock else _moment(found, clock, text)


def read_number(cell: str, mark: Decimals | None) -> str:
    """A number as Python writes it, from one as people do (`1.234,50 €`); raise InvalidValue."""
    bare = _bare(cell)
    if _ROUNDED.fullmatch(bare):
        return bare.replace(",", ".")
    decimal = _mark_of(bare) or mark or "."
    thousands = "." if decimal == "," else ","
    written = bare.replace(thousands, "").replace("'", "").replace(decimal, ".")
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", written):
        raise InvalidValue(f"{cell.strip()[:40]!r} is no number")
    return written


def read_boolean(cell: str) -> bool:
    """Yes or no, in English or Spanish; raise InvalidValue."""
    word = cell.strip().lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise InvalidValue(f"{cell.strip()[:40]!r} is neither yes nor no; write yes, no, sí, 1 or 0")


def read_list(cell: str) -> list[str]:
    """Several values of one cell, divided by `|`, else by `;`, else by commas; or as JSON."""
    text = cell.strip()
    if text.startswith("["):
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if isinstance(found, list):
            return [str(item) for item in found]
    mark = next((mark for mark in "|;," if mark in text), "|")
    return [item.strip() for item in text.split(mark) if item.strip()]


def read_phone(cell: str) -> str:
    """A phone number as it was typed; raise InvalidValue if a spreadsheet has rounded it."""
    if _ROUNDED.fullmatch(cell.strip()):
        raise InvalidValue(
            f"a spreadsheet has rounded this number to {cell.strip()}, its digits are lost: in the original, "
            "give the column the format Text, or take the file as the other tool exported it"
        )
    return cell.strip()


def is_blank(cell: str | None, *, identity: bool = False) -> bool:
    """Whether a cell says nothing; where somebody is to be named, `null` and `n/a` say nothing, too."""
    if cell is None or not cell.strip():
        return True
    return identity and (cell.strip().lower() in PLACEHOLDERS or cell.strip().lower() in {"\\n", "#n/a"})


def field_value(cell: str, type_: str, reading: Reading, *, today: date) -> Any:
    """A cell as a field of a type keeps it; raise InvalidValue."""
    kept: Any = profile.converted(_written(cell, type_, reading, today=today), type_)
    if kept is None:
        wanted = f"at most {profile.MAX_TEXT:,} characters" if type_ in ("text", "list") else f"a {type_}"
        raise InvalidValue(f"{cell.strip()[:40]!r}: {wanted} is wanted")
    return kept


def option(kept: Any, field: CustomField) -> Any:
    """A value as the field's options write it; raise InvalidValue for one that is none of them."""
    if not field.options or kept in field.options:
        return kept
    same = [offered for offered in field.options if offered.lower() == str(kept).lower()]
    if len(same) == 1:
        return same[0]
    shown = ", ".join(field.options[:12]) + (" …" if len(field.options) > 12 else "")
    raise InvalidValue(f"{str(kept)[:40]!r} is not offered; one of {shown} is wanted")


def _written(cell: str, type_: str, reading: Reading, *, today: date) -> Any:
    if type_ == "date":
        found = read_date(cell, reading.dates, today=today)
        return (found.date() if isinstance(found, datetime) else found).isoformat()
    if type_ == "number":
        return float(read_number(cell, reading.decimals))
    if type_ == "boolean":
        return read_boolean(cell)
    return read_list(cell) if type_ == "list" else cell


# Dates

_Day = tuple[tuple[int, int, int], str]
"""Year, month and day as they are written, and the time of day behind them."""


def _day(text: str, order: DateOrder | None, *, today: date) -> _Day | None:
    if found := _YEAR_FIRST.fullmatch(text):
        return (int(found[1]), int(found[2]), int(found[3])), found[4] or ""
    if found := _YEAR_LAST.fullmatch(text):
        first, second = int(found[1]), int(found[3])
        month, day = (first, second) if _month_first(first, second, order) else (second, first)
        return (_year(found[4], today), month, day), found[5] or ""
    if found := _NAMED.fullmatch(text):
        named, numbered = _MONTHS.get(found[2][:3].lower()), found[1] or found[3]
        if named and numbered:
            return (int(found[4]), named, int(numbered)), found[5] or ""
    return None


def _month_first(first: int, second: int, order: DateOrder | None) -> bool:
    """A date that can be read in one way only is read so, whatever the column's order."""
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
    if found[4]:
        hour = hour % 12 + (12 if found[4] in "Pp" else 0)
    zone = {"Z": "+00:00", "UTC": "+00:00", "GMT": "+00:00"}.get(found[5] or "", found[5] or "")
    try:
        at = time(hour, int(found[2]), int(found[3] or 0))
        return datetime.fromisoformat(f"{day.isoformat()}T{at.isoformat()}{zone}")
    except ValueError:
        raise InvalidValue(f"{text[:40]!r}: there is no such time") from None


def _no_date(text: str) -> str:
    if re.fullmatch(r"[34]\d{4}(\.\d+)?", text):
        return f"{text!r} is how a spreadsheet keeps a date: give the column a date's format and export again"
    if re.fullmatch(r"\d{1,2}[-/.]\d{1,2}", text):
        return f"{text!r} lacks the year"
    return f"{text[:40]!r} is no date; write it as 2026-03-31"


# Numbers


def _bare(cell: str) -> str:
    """A number without currency, percent sign and spaces."""
    return re.sub(r"[\s\u00a0\u202f€$£¥%]|\b[A-Z]{3}\b", "", cell.strip())


def _mark_of(digits: str) -> Decimals | None:
    """What divides the decimals of one number, if that can be told."""
    comma, point = digits.rfind(","), digits.rfind(".")
    if comma >= 0 and point >= 0:
        return "," if comma > point else "."
    mark: Decimals = "," if comma >= 0 else "."
    if digits.count(mark) != 1:  # none, or thousands more than once: the other one divides decimals
        return None if digits.count(mark) == 0 else ("." if mark == "," else ",")
    before, _, behind = digits.partition(mark)
    thousands = len(behind) == 3 and before.lstrip("+-").isdigit() and len(before.lstrip("+-")) <= 3
    return None if thousands and not before.lstrip("+-").startswith("0") else mark
