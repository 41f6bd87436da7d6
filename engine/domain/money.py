"""Reading amounts: the one place that turns a number or text into money.

Numbers are exact.  Text is read in the notations of the world (`12,50`, `1.234,56 €`, `1,234.50`,
`1 234,50`, `CHF 1'234.50`); a single point or comma before three digits is ambiguous, and is read by
the account's locale.  What is unreadable is marked, never guessed.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal, InvalidOperation
from typing import Any, Literal

import msgspec

from engine.domain.currencies import meant_by
from engine.domain.identity.blanks import is_blank

DecimalMark = Literal[".", ","]

MAX_DIGITS = 15
"""Digits before the point of an amount; a larger one is a sender's mistake."""

MAX_LENGTH = 80
"""Characters of an amount as text."""

_STORABLE = 34
"""Digits of a Decimal128: an amount of more is read to as many."""

_PRECISION = Context(prec=_STORABLE, traps=[])

_LONGEST_QUOTE = 40
"""Characters of what could not be read that are kept to be shown."""


class Written(msgspec.Struct, frozen=True):
    """An amount as it was written: a number, and the currency's code or sign if one is beside it."""

    number: Decimal
    mark: str = ""


class Unreadable(msgspec.Struct, frozen=True):
    """What was sent for an amount and cannot be read."""

    text: str


def read(value: Any, decimal_mark: DecimalMark = ".") -> Written | Unreadable | None:
    """Read an amount; unset for a blank.  `decimal_mark` is that of the account's locale."""
    if is_blank(value):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return quoted(value)
    found = _read_text(value, decimal_mark) if isinstance(value, str) else Written(_exact(value))
    if found is None or not found.number.is_finite() or found.number.adjusted() >= MAX_DIGITS:
        return quoted(value)
    return Written(_PRECISION.plus(found.number), found.mark)


def _exact(value: float | Decimal) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def quoted(value: Any) -> Unreadable:
    """What cannot be read, as it is shown."""
    text = " ".join(str(value)[: 2 * _LONGEST_QUOTE].split())
    return Unreadable(text if len(text) <= _LONGEST_QUOTE else f"{text[: _LONGEST_QUOTE - 1]}…")


def number(value: Any, decimal_mark: DecimalMark = ".") -> Decimal | None:
    """The number of an amount, whatever its currency; unset for what is none."""
    found = read(value, decimal_mark)
    return found.number if isinstance(found, Written) else None


def storable_number(text: str, decimal_mark: DecimalMark | None) -> Decimal | None:
    """The number that a text says without a currency, as MongoDB can keep it exactly; else unset.

    Without a decimal mark only a plain number is one, with a point.
    """
    found = _read_text(text, decimal_mark or ".") if decimal_mark or _PLAIN.fullmatch(text.strip()) else None
    if found is None or found.mark or found.number.adjusted() >= MAX_DIGITS:
        return None
    return found.number if len(found.number.as_tuple().digits) <= _STORABLE else None


_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:\.\d+)?[eE][+-]?\d{1,3}")
_PARTS = re.compile(
    r"(?P<sign>[+-]?)\s*(?P<before>(?:[^\d\s.,'+-]{1,5}\.?)?)\s*(?P<inner>[+-]?)\s*"
    r"(?P<digits>[.,]?\d[\d.,'\s]*?)\s*(?P<after>(?:[^\d\s.,'+-]{1,5}\.?)?)"
)
_SPACED = re.compile(r"\d{1,3}(?:[\s']\d{3})+(?:[.,]\d*)?")
_TYPOGRAPHIC = str.maketrans({"\N{MINUS SIGN}": "-", "\N{RIGHT SINGLE QUOTATION MARK}": "'"})


def _read_text(text: str, decimal_mark: DecimalMark) -> Written | None:
    written = text.strip().translate(_TYPOGRAPHIC)
    if len(written) > MAX_LENGTH:
        return None
    if _SCIENTIFIC.fullmatch(written):
        return Written(Decimal(written))
    parts = _PARTS.fullmatch(written)
    if parts is None or (parts["sign"] and parts["inner"]) or (parts["before"] and parts["after"]):
        return None
    mark = parts["before"] or parts["after"]
    if mark and not meant_by(mark):
        return None
    plain = _plain(parts["digits"], decimal_mark)
    if plain is None:
        return None
    try:
        found = Decimal(plain)
    except InvalidOperation:
        return None
    negative = (parts["sign"] or parts["inner"]) == "-"
    return Written(found.copy_negate() if negative else found, mark)


def _plain(digits: str, decimal_mark: DecimalMark) -> str | None:
    """The digits in Python's notation; unset if their groups make no number."""
    if _SPACED.fullmatch(digits):
        return re.sub(r"[\s']", "", digits).replace(",", ".")
    if re.search(r"[\s']", digits):
        return None
    decimal = decimal_mark_of(digits) or decimal_mark
    group = "," if decimal == "." else "."
    whole, point, fraction = digits.partition(decimal)
    if not re.fullmatch(rf"\d*|\d{{1,3}}(?:\{group}\d{{2,3}})*\{group}\d{{3}}", whole):
        return None
    if not re.fullmatch(r"\d*", fraction):
        return None
    return whole.replace(group, "") + ("." if point else "") + fraction


def decimal_mark_of(digits: str) -> DecimalMark | None:
    """The decimal mark of a number, if the number itself tells."""
    comma, point = digits.rfind(","), digits.rfind(".")
    if comma >= 0 and point >= 0:
        return "," if comma > point else "."
    mark: DecimalMark = "," if comma >= 0 else "."
    if digits.count(mark) != 1:  # none, or several thousands separators: the other one is the decimal mark
        return None if digits.count(mark) == 0 else ("." if mark == "," else ",")
    before, _, behind = digits.partition(mark)
    before = before.lstrip("+-")
    ambiguous = len(behind) == 3 and before.isdigit() and len(before) <= 3 and not before.startswith("0")
    return None if ambiguous else mark
