"""Cells of files that spreadsheets open: made harmless when written, and as they were when read."""

from __future__ import annotations

import re

RUNS = r"^'*[=+\-@\t\r\n]|^'+[0-9][0-9A-Z -]*$"
"""What a spreadsheet would run as a formula, and what looks like a cell that was made text."""

PLAIN = r"^[+\-][0-9]+(\.[0-9]+)?$"
"""A number with its sign, or an international phone: no formula."""

_RUNS, _PLAIN = re.compile(RUNS), re.compile(PLAIN)
_HARMLESS = re.compile(r"'+[=+\-@\t\r\n]|'+[0-9][0-9A-Z -]*\Z")


def harmless(cell: object) -> str:
    """A cell that no spreadsheet runs as a formula; a number and an international phone stay as they are."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if _RUNS.match(text) and not _PLAIN.fullmatch(text) else text


def unharmed(cell: str) -> str:
    """A cell without the apostrophe that `harmless` put before it, or another tool before a number
    that is to stay text: Shopify writes `'6940095185044`, `'+34600111222` and `'1234AB`."""
    return cell[1:] if _HARMLESS.match(cell) else cell
