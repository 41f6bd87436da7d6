"""Propose the name and the type of a custom field that is created from a column."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date

from engine.imports.mapping.cell_format import CellFormat, InvalidValue
from engine.imports.mapping.dates import detect_date_order, read_date
from engine.imports.mapping.numbers import detect_decimal_mark, read_number
from engine.imports.mapping.values import is_blank, read_boolean

_CODE = re.compile(r"[+-]?0\d+")
"""Matches digits of which a number would lose some: a postcode, a phone."""

LONGEST_NUMBER = 15
"""Digits that a number can have without losing precision."""

LONGEST_LABEL = 80
"""Characters of a field's name."""


def proposed_label(heading: str) -> str:
    """Propose the name of a field for a column with this heading."""
    return " ".join(heading.replace("_", " ").split())[:LONGEST_LABEL]


def proposed_type(cells: Sequence[str | None], *, today: date) -> str:
    """Propose the type that accepts all cells of a column; text if no other does."""
    filled = [cell.strip() for cell in cells if not is_blank(cell) and cell is not None]
    if not filled:
        return "text"
    order, mark = detect_date_order(filled), detect_decimal_mark(filled)
    format_ = CellFormat(
        order if isinstance(order, str) else "dmy", mark if isinstance(mark, str) else None
    )  # in doubt either: only whether the cells can be read matters
    tries: tuple[tuple[str, Callable[[str], object]], ...] = (
        ("boolean", _as_word),
        ("number", lambda cell: _as_number(cell, format_)),
        ("date", lambda cell: read_date(cell, format_.dates, today=today)),
    )
    return next((type_ for type_, read in tries if _all(read, filled)), "text")


def _all(read: Callable[[str], object], cells: Sequence[str]) -> bool:
    try:
        for cell in cells:
            read(cell)
    except InvalidValue:
        return False
    return True


def _as_word(cell: str) -> bool:
    """Read yes or no in letters: digits alone may be a count."""
    if cell.isdecimal():
        raise InvalidValue(cell)
    return read_boolean(cell)


def _as_number(cell: str, format_: CellFormat) -> str:
    if _CODE.fullmatch(cell) or sum(map(str.isdigit, cell)) > LONGEST_NUMBER:
        raise InvalidValue(cell)
    return read_number(cell, format_.decimals)
