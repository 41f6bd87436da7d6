"""Find the row of the headings: reports have a title and the like above it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

ROWS = 50
"""Rows among which the headings are looked for."""

_SHARE = 0.6
"""The share of the usual number of cells that a row of headings fills, and rows above it do not."""

NumberedRow = tuple[int, Sequence[str]]
"""A row with its line."""


def heading_row(rows: Sequence[NumberedRow]) -> tuple[int, bool]:
    """Return the line of the headings, 0 if they are in the first row, and whether there are headings.

    They are below the first row if that has fewer cells than they have, as a title does.
    """
    filled = [(line, cells) for line, row in rows if (cells := _filled(row))]
    if not filled:
        return 0, False
    usual = Counter(len(cells) for _, cells in filled).most_common(1)[0][0]
    for number, (line, cells) in enumerate(filled):
        if any("@" in cell for cell in cells):
            break
        is_wide = len(cells) >= max(2, _SHARE * usual)
        above = (len(others) for _, others in filled[:number])
        if is_wide and looks_like_header(cells) and all(one < _SHARE * len(cells) for one in above):
            has_rows = number + 1 < len(filled)
            return (line, True) if number and has_rows else (0, True)
    return 0, looks_like_header(filled[0][1])


def looks_like_header(cells: Sequence[str]) -> bool:
    """Return whether a row holds headings rather than the data of a contact."""
    filled = _filled(cells)
    return bool(filled) and not any("@" in cell or _is_number(cell) for cell in filled)


def _filled(cells: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in cells if cell.strip()]


def _is_number(cell: str) -> bool:
    return any(map(str.isdigit, cell)) and not any(map(str.isalpha, cell))
