"""Whether the values of a column fit the target that its heading suggests.

`Birthday` may head days without a year, `SMS` phone numbers, `Consent` a sentence: guessed by the heading
alone, every row would be refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.domain.fields import CUSTOM, IDENTITY_FIELDS
from engine.domain.rulebook import Ruleset
from engine.imports.mapping import suppressions
from engine.imports.mapping.cell_format import InvalidValue
from engine.imports.mapping.columns import SEGMENTS, static_segments, type_of
from engine.imports.mapping.consents import read_opt_out, read_state
from engine.imports.mapping.dates import ANY_DAY, read_date
from engine.imports.mapping.kinds import PACKED
from engine.imports.mapping.numbers import read_number
from engine.imports.mapping.packed_items import read_items
from engine.imports.mapping.state_words import CLEAR_YES, state_word
from engine.imports.mapping.subscriptions import subscription
from engine.imports.mapping.values import is_blank, option, read_boolean, read_list
from engine.imports.reading.formula_escape import unescape_formula

MIN_SHARE = 0.5
"""The share of a column's values that must fit."""

MIN_PHONE_DIGITS = 6
"""Digits that a phone number has at least."""

CellReader = Callable[[str], object]
"""Reads a cell, or raises InvalidValue."""


def fits(target: str, cells: Iterable[str | None], ruleset: Ruleset) -> bool:
    """Return whether most values of a column can fill a target, or it has none.

    A column that says of anybody that they are subscribed is one of the subscription, not of the address.
    """
    read, identity = _reader(target, ruleset), target in IDENTITY_FIELDS
    filled = [cell for cell in cells if cell is not None and not is_blank(cell, identity=identity)]
    if read is None or not filled:
        return True
    if target == suppressions.TARGET and any(state_word(cell) in CLEAR_YES for cell in filled):
        return False
    return sum(_can_read(read, cell) for cell in filled) >= MIN_SHARE * len(filled)


def _reader(target: str, ruleset: Ruleset) -> CellReader | None:
    """The reader of values for a target; None if it accepts every value."""
    if target == "email":
        return _read_email
    if target == "mobile_phone":
        return _read_phone
    if subscription(target, ruleset) is not None:
        return read_state
    if target == suppressions.TARGET:
        return lambda cell: suppressions.read_suppressions(cell, "")
    if target == SEGMENTS:
        return _segment_reader(ruleset)
    if target == PACKED:
        return _read_packed
    type_ = type_of(target, ruleset)
    if type_ == "date":
        return lambda cell: read_date(cell, "dmy", today=ANY_DAY)
    if type_ == "number":
        return lambda cell: read_number(cell, None)
    if type_ == "boolean":
        return read_opt_out if target.endswith("_out") else read_boolean
    declared = ruleset.fields.get(target.removeprefix(CUSTOM))
    return (lambda cell: option(cell, declared)) if declared is not None and declared.options else None


def _segment_reader(ruleset: Ruleset) -> CellReader:
    """Accepts names of static segments: other tools have columns of segments that do not exist here."""
    known = static_segments(ruleset)

    def read(cell: str) -> None:
        if any(name.strip().lower() not in known for name in read_list(unescape_formula(cell))):
            raise InvalidValue(cell)

    return read


def _can_read(read: CellReader, cell: str) -> bool:
    try:
        read(cell)
    except InvalidValue:
        return False
    return True


def _read_email(cell: str) -> None:
    if "@" not in cell:
        raise InvalidValue(cell)


def _read_packed(cell: str) -> None:
    if not read_items(cell):
        raise InvalidValue(cell)


def _read_phone(cell: str) -> None:
    """Accept enough digits, or a number that a spreadsheet rounded."""
    if sum(map(str.isdigit, cell)) < MIN_PHONE_DIGITS and "e+" not in cell.lower():
        raise InvalidValue(cell)
