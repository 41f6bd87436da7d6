"""Whether a column's values are what its heading promises: then alone a guess by the heading stands.

A heading says `Birthday` over days without a year, `SMS` over phone numbers, `Consent` over a
sentence.  Guessed by the heading alone each row would be refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from engine.domain.fields import CUSTOM, IDENTITY_FIELDS
from engine.domain.rulebook import Ruleset
from engine.imports.mapping.columns import CHANNELS, SEGMENTS, static_segments, type_of
from engine.imports.mapping.consents import said
from engine.imports.mapping.values import (
    InvalidValue,
    is_blank,
    option,
    read_boolean,
    read_date,
    read_list,
    read_number,
)
from engine.imports.reading.spreadsheets import unharmed

LEAST = 0.5
"""The share of a column's values that must be what its heading promises."""

SHORTEST_PHONE = 6
"""Digits without which something is no phone number."""

SOME_DAY = date(2000, 1, 1)
"""Any present will do to see whether something is a date."""

Reads = Callable[[str], object]


def fits(target: str, cells: Iterable[str | None], ruleset: Ruleset) -> bool:
    """Whether most values of a column can fill a target, or there are none."""
    reads = _reads(target, ruleset)
    identity = target in IDENTITY_FIELDS
    told = [cell for cell in cells if cell is not None and not is_blank(cell, identity=identity)]
    return reads is None or not told or sum(_can(reads, cell) for cell in told) >= LEAST * len(told)


def _reads(target: str, ruleset: Ruleset) -> Reads | None:
    """What reads a value for a target, or raises InvalidValue; unset where anything will do."""
    if target == "email":
        return _email
    if target == "mobile_phone":
        return _phone
    if target in CHANNELS:
        return said
    if target == SEGMENTS:
        return _names_of_segments(ruleset)
    type_ = type_of(target, ruleset)
    if type_ == "date":
        return lambda cell: read_date(cell, "dmy", today=SOME_DAY)
    if type_ == "number":
        return lambda cell: read_number(cell, None)
    if type_ == "boolean":
        return read_boolean
    declared = ruleset.fields.get(target.removeprefix(CUSTOM))
    return (lambda cell: option(cell, declared)) if declared is not None and declared.options else None


def _names_of_segments(ruleset: Ruleset) -> Reads:
    """Reads names of static segments: other tools have columns of their own segments."""
    known = static_segments(ruleset)

    def read(cell: str) -> None:
        if any(name.strip().lower() not in known for name in read_list(unharmed(cell))):
            raise InvalidValue(cell)

    return read


def _can(reads: Reads, cell: str) -> bool:
    try:
        reads(cell)
    except InvalidValue:
        return False
    return True


def _email(cell: str) -> None:
    if "@" not in cell:
        raise InvalidValue(cell)


def _phone(cell: str) -> None:
    """Many digits, rounded by a spreadsheet or not, and not many letters."""
    if sum(map(str.isdigit, cell)) < SHORTEST_PHONE and "e+" not in cell.lower():
        raise InvalidValue(cell)
