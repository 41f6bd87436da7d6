"""What a field that is made of a column would be called, and of what type, as the column looks."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date

from engine.imports.mapping.values import (
    InvalidValue,
    Reading,
    date_order,
    decimal_mark,
    is_blank,
    read_boolean,
    read_date,
    read_number,
)

_CODE = re.compile(r"[+-]?0\d+")
"""Digits that a number would lose: a postcode, a phone."""

LONGEST_NUMBER = 15
"""Digits that a number can have without losing some."""

LONGEST_LABEL = 80
"""Characters that a field's name may have."""


def proposed_label(heading: str) -> str:
    """What a field is called that is made of a column with this heading."""
    return " ".join(heading.replace("_", " ").split())[:LONGEST_LABEL]


def proposed_type(cells: Sequence[str | None], *, today: date) -> str:
    """The type of a custom field that would keep all these values; text if no other does."""
    said = [cell.strip() for cell in cells if not is_blank(cell) and cell is not None]
    if not said:
        return "text"
    order, mark = date_order(said), decimal_mark(said)
    reading = Reading(
        order if isinstance(order, str) else "dmy", mark if isinstance(mark, str) else None
    )  # in doubt either: it is only asked whether they are some
    tries: tuple[tuple[str, Callable[[str], object]], ...] = (
        ("boolean", _as_word),
        ("number", lambda cell: _as_number(cell, reading)),
        ("date", lambda cell: read_date(cell, reading.dates, today=today)),
    )
    return next((type_ for type_, read in tries if _all(read, said)), "text")


def _all(read: Callable[[str], object], cells: Sequence[str]) -> bool:
    try:
        for cell in cells:
            read(cell)
    except InvalidValue:
        return False
    return True


def _as_word(cell: str) -> bool:
    """Yes or no in letters: digits alone may be a count."""
    if cell.isdecimal():
        raise InvalidValue(cell)
    return read_boolean(cell)


def _as_number(cell: str, reading: Reading) -> str:
    if _CODE.fullmatch(cell) or sum(map(str.isdigit, cell)) > LONGEST_NUMBER:
        raise InvalidValue(cell)
    return read_number(cell, reading.decimals)
