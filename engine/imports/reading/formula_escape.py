"""Formulas in the cells of files that spreadsheets open: escaped on export, unescaped on import."""

from __future__ import annotations

import re

FORMULA = r"^'*[=+\-@\t\r\n]|^'+[0-9][0-9A-Z -]*$"
"""Matches what a spreadsheet runs as a formula, and what looks like an escaped cell."""

PLAIN = r"^[+\-][0-9]+(\.[0-9]+)?$"
"""Matches a signed number or an international phone, which is no formula."""

_FORMULA, _PLAIN = re.compile(FORMULA), re.compile(PLAIN)
_ESCAPED = re.compile(r"'+[=+\-@\t\r\n]|'+[0-9][0-9A-Z -]*\Z")


def escape_formula(cell: object) -> str:
    """Return a cell that no spreadsheet runs as a formula; numbers and international phones are unchanged."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if _FORMULA.match(text) and not _PLAIN.fullmatch(text) else text


def unescape_formula(cell: str) -> str:
    """Return a cell without the apostrophe by which it is escaped, or by which a tool keeps a number text.

    Shopify writes `'6940095185044`, `'+34600111222` and `'1234AB`.
    """
    return cell[1:] if _ESCAPED.match(cell) else cell
