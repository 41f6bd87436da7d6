"""What a column holds by its values, where its heading alone does not say it.

Email addresses, states of a subscription, opt-outs and suppressions are recognised; the columns of
opt-outs by their heading and their values together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from engine.imports.mapping import suppressions
from engine.imports.mapping.cell_format import InvalidValue
from engine.imports.mapping.consents import read_opt_out
from engine.imports.mapping.dates import ANY_DAY, read_date
from engine.imports.mapping.headings import plain
from engine.imports.mapping.opt_out_words import OF_ANOTHER_CHANNEL, OPT_OUT, UNREACHABLE, WITHDRAWN
from engine.imports.mapping.state_words import ALL_WORDS, CLEAR_NO, CLEAR_YES, state_word
from engine.imports.mapping.values import is_blank

Sample = Sequence[Sequence[str | None]]

EMAIL_SHARE = 0.8
"""The share of email addresses in a column that is taken for one of them."""

_ADDRESS = re.compile(r"[^\s@,;<>()]+@[^\s@]+\.[^\s@]+")

_STATUS = re.compile(
    r"\b(status|state|estado|etat|statut|stato|situacao|consent|subscription|subscriber|list|newsletter)\b"
)
"""Headings of columns whose values can be states of a subscription."""

_OF_A_COUNT = re.compile(r"\b(soft|temporary|temporal(es)?|blandos?|count|number|rate|total|score)\b")
"""Headings of bounces that are no state of the address."""

_WORDS_OF_THE_SUBSCRIPTION = CLEAR_YES | CLEAR_NO | {"bounced", "cleaned", "rebotado", "rebotada"}


def is_address(cell: str) -> bool:
    """Return whether a cell looks like an email address."""
    return _ADDRESS.fullmatch(cell.strip()) is not None


def holds_addresses(cells: Sequence[str]) -> bool:
    """Return whether most of the filled cells of a column are email addresses."""
    return bool(cells) and sum(map(is_address, cells)) >= EMAIL_SHARE * len(cells)


def filled_cells(sample: Sample, index: int) -> list[str]:
    """Return the cells of a column that have a value."""
    cells = (row[index] for row in sample if index < len(row))
    return [cell for cell in cells if cell is not None and not is_blank(cell)]


def status_target(heading: str, cells: Sequence[str]) -> str | None:
    """Return the subscription of which a column has states: all known words, and one of a subscription alone.

    `Active` and `inactive` alone are states of a customer.
    """
    name = plain(heading)
    if OF_ANOTHER_CHANNEL.search(name) or not _has_states(heading, cells):
        return None
    return "sms" if "sms" in name.split() else "newsletter"


def _has_states(heading: str, cells: Sequence[str]) -> bool:
    words = set(map(state_word, cells))
    clear = words & _WORDS_OF_THE_SUBSCRIPTION
    return (
        bool(clear)
        and words <= ALL_WORDS
        and (_STATUS.search(plain(heading)) is not None or words & CLEAR_YES != set())
    )


def opt_out_target(heading: str, cells: Sequence[str]) -> str | None:
    """Return what a column of opt-outs or suppressions of emails fills, by its heading and its values."""
    name = plain(heading)
    if OF_ANOTHER_CHANNEL.search(name) or not cells:
        return None
    channel = "sms" if "sms" in name.split() else "newsletter"
    if UNREACHABLE.search(name):
        if _OF_A_COUNT.search(name):
            return None
        is_read = channel == "newsletter" and all(
            _can(lambda c: suppressions.read_suppression(c, heading), cells)
        )
        return suppressions.TARGET if is_read else None
    if not (OPT_OUT.search(name) or WITHDRAWN.search(name)):
        return None
    if all(_can(read_opt_out, cells)):
        return f"{channel}_out"
    is_day = all(len(cell) > 1 for cell in cells) and all(_can(_read_day, cells))
    return f"{channel}_ended_at" if is_day else None


def _read_day(cell: str) -> object:
    try:
        return read_date(cell, "dmy", today=ANY_DAY)
    except InvalidValue:
        return read_date(cell, "mdy", today=ANY_DAY)


def _can(read: Callable[[str], object], cells: Sequence[str]) -> Iterator[bool]:
    for cell in cells:
        try:
            read(cell)
        except InvalidValue:
            yield False
        else:
            yield True
