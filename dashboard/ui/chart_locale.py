"""Vega's locale for the account's locale."""

from __future__ import annotations

import re
from typing import Any

from babel import Locale

from dashboard import formats

_DIRECTIVES = {
    "d": "%-d",
    "dd": "%d",
    "M": "%-m",
    "MM": "%m",
    "MMM": "%b",
    "LLL": "%b",
    "MMMM": "%B",
    "LLLL": "%B",
}
_PARTS = re.compile(r"'([^']*)'|(d+|M+|L+)")


def axis_day() -> str:
    """The format of a day on an axis, `%-d %b` or `%b %-d`."""
    pattern = formats.locale().datetime_skeletons["MMMd"].pattern
    return _PARTS.sub(lambda part: part[1] if part[2] is None else _DIRECTIVES[part[2]], pattern)


def chart_locale() -> dict[str, Any]:
    """The `locale` of a chart's configuration, in d3's format."""
    spoken = formats.locale()
    return {"number": _numbers(spoken), "time": _times(spoken)}


def _numbers(spoken: Locale) -> dict[str, Any]:
    symbols = spoken.number_symbols["latn"]
    first, further = spoken.decimal_formats[None].grouping
    return {
        "decimal": symbols["decimal"],
        "thousands": symbols["group"],
        "grouping": [first, *[further] * 6],
        "currency": ["", ""],
        "minus": formats.MINUS,
    }


def _times(spoken: Locale) -> dict[str, Any]:
    months, days = spoken.months["format"], spoken.days["format"]
    return {
        "dateTime": "%x, %X",
        "date": f"{axis_day()} %Y",
        "time": "%H:%M",
        "periods": ["AM", "PM"],
        "days": _from_sunday(days["wide"]),
        "shortDays": _from_sunday(days["abbreviated"]),
        "months": [months["wide"][number] for number in range(1, 13)],
        "shortMonths": [months["abbreviated"][number] for number in range(1, 13)],
    }


def _from_sunday(days: dict[int, str]) -> list[str]:
    """d3 begins with Sunday, Babel with Monday."""
    return [days[6], *(days[number] for number in range(6))]
