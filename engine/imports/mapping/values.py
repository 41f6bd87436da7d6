"""Cells as values of fields: what people and spreadsheets write, in the form in which a field stores it.

The notation of a cell is read here and in `dates` and `numbers` (is 3/4/2026 in March, is a comma a decimal
mark); which values a field accepts is decided by the code that edits by hand use, too.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from engine.domain.folding.field_values import MAX_TEXT, converted
from engine.domain.identity.blanks import visible
from engine.domain.identity.normalisation import is_placeholder
from engine.domain.rulebook import CustomField
from engine.imports.mapping.cell_format import CellFormat, InvalidValue
from engine.imports.mapping.dates import read_date
from engine.imports.mapping.numbers import read_number

_TRUE = frozenset(
    {
        "true", "yes", "y", "1", "si", "sí", "s", "verdadero", "on", "x", "t", "cierto", "oui", "vrai", "ja",
        "wahr", "sì", "vero", "sim", "verdadeiro", "tak", "waar",
    }
)  # fmt: skip
_FALSE = frozenset(
    {
        "false",
        "no",
        "n",
        "0",
        "falso",
        "off",
        "f",
        "non",
        "faux",
        "nein",
        "falsch",
        "não",
        "nao",
        "nee",
        "nie",
    }
)
_NO_VALUES = frozenset(
    {
        "[]", "{}", "NULL", "null", "(null)", "\\N", "n/a", "N/A", "#N/A", "#n/a", "NaN", "nan", "-", "--",
        "\u2013", "\u2014", "---", "----", "0000-00-00", "0000-00-00 00:00:00", "0.0.00", "0/0/00",
        "#NULL!", "#VALUE!", "#REF!", "#NAME?", "#DIV/0!",
    }
)  # fmt: skip
"""What databases, spreadsheets and people write for no value.  (Null with a capital is a surname.)"""


def read_boolean(cell: str) -> bool:
    """Read yes or no, in the languages of `state_words`.  Raises InvalidValue."""
    word = cell.strip().lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise InvalidValue(f"{cell.strip()[:40]!r} is neither yes nor no; write yes, no, sí, 1 or 0")


def read_list(cell: str) -> list[str]:
    """Read several values, separated by `:::`, else by `|`, by `;`, or by commas; or a JSON array.

    The quotation marks of values that all have them count for nothing.
    """
    text = cell.strip()
    if text.startswith("["):
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if isinstance(found, list):
            return [str(item) for item in found]
    mark = next((mark for mark in (":::", "|", ";", ",") if mark in text), "|")
    items = [item.strip() for item in text.split(mark) if item.strip()]
    if all(len(item) > 2 and item[0] == item[-1] == '"' for item in items):
        return [item[1:-1].strip() for item in items]
    return items


def is_blank(cell: str | None, *, identity: bool = False) -> bool:
    """Return whether a cell has no value: blank, `NULL`, `n/a`; of an identity also any placeholder."""
    text = "" if cell is None else visible(cell)
    return not text or text in _NO_VALUES or (identity and (text == "\\n" or is_placeholder(text)))


def field_value(cell: str, type_: str, format_: CellFormat, *, today: date, zone: ZoneInfo) -> Any:
    """Return a cell in the form in which a field of a type stores it.  Raises InvalidValue.

    A moment is its day in `zone`, the account's.
    """
    stored: Any = converted(_notation(cell, type_, format_, today=today), type_, zone)
    if stored is None:
        expected = f"at most {MAX_TEXT:,} characters" if type_ in ("text", "list") else f"a {type_}"
        raise InvalidValue(f"{cell.strip()[:40]!r}: {expected} is wanted")
    return stored


def option(value: Any, field: CustomField) -> Any:
    """Return a value in the spelling of the field's options.  Raises InvalidValue if it is none of them."""
    if not field.options or value in field.options:
        return value
    same = [offered for offered in field.options if offered.lower() == str(value).lower()]
    if len(same) == 1:
        return same[0]
    shown = ", ".join(field.options[:12]) + (" …" if len(field.options) > 12 else "")
    raise InvalidValue(f"{str(value)[:40]!r} is not offered; one of {shown} is wanted")


def _notation(cell: str, type_: str, format_: CellFormat, *, today: date) -> Any:
    """A cell in the notation that a field of a type accepts."""
    if type_ == "date":
        return read_date(cell, format_.dates, today=today).isoformat()
    if type_ == "number":
        return float(read_number(cell, format_.decimals))
    if type_ == "boolean":
        return read_boolean(cell)
    return read_list(cell) if type_ == "list" else cell
