"""Cells as numbers, with a decimal comma or point, thousands separators and currencies."""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.domain.money import decimal_mark_of
from engine.imports.mapping.cell_format import Ambiguous, Decimals, InvalidValue

ROUNDED = re.compile(r"\+?\d(?:[.,]\d+)?[eE]\+\d+")
"""Matches a number in the scientific notation to which a spreadsheet rounds long ones."""


def detect_decimal_mark(cells: Iterable[str]) -> Decimals | Ambiguous | None:
    """Detect the decimal mark of a column; None if no number in it has a comma or point."""
    example, marks = "", set()
    for cell in cells:
        digits = _bare(cell)
        found = decimal_mark_of(digits)
        if found is not None:
            marks.add(found)
        elif "," in digits or "." in digits:
            example = example or cell.strip()
    if marks == {","}:
        return ","
    if marks == {"."}:
        return "."
    return Ambiguous("decimals", example) if example or marks else None


def read_number(cell: str, mark: Decimals | None) -> str:
    """Return a number in Python's notation, from one such as `1.234,50 €`.  Raises InvalidValue."""
    bare = _bare(cell)
    if ROUNDED.fullmatch(bare):
        return bare.replace(",", ".")
    decimal = decimal_mark_of(bare) or mark or "."
    thousands = "." if decimal == "," else ","
    written = bare.replace(thousands, "").replace("'", "").replace(decimal, ".")
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", written):
        raise InvalidValue(f"{cell.strip()[:40]!r} is no number")
    return written


def _bare(cell: str) -> str:
    """A number without currency, percent sign and spaces."""
    return re.sub(r"[\s\u00a0\u202f€$£¥%]|\b[A-Z]{3}\b", "", cell.strip())
