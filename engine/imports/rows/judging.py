"""Rows judged a thousand at a time: read, matched with the contacts they name, and decided on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.database import Database

from engine.contacts.editing.edit_checks import COME_BACK
from engine.domain.activities import ContactId
from engine.domain.identities import Key
from engine.imports.reading import reading
from engine.imports.reading.formats import Format, Opener
from engine.imports.reading.problems import ERASED, Problem
from engine.imports.reading.reading import Row
from engine.imports.rows.deciding import Deciding, Decision
from engine.imports.rows.repeats import Names
from engine.imports.rows.wanted import Reader, RefusedRow, Wanted
from engine.pipeline import tombstones

Document = dict[str, Any]

LOOK_EVERY = 2_000
"""Rows between two questions whether to go on."""


class StoppedMeanwhile(Exception):
    """Nobody wants the file any more."""


@dataclass(frozen=True)
class Refusal:
    """A row that does not go in, and why."""

    row: Row
    problems: tuple[Problem, ...]

    @property
    def line(self) -> int:
        return self.row.line


@dataclass(frozen=True)
class Accepted:
    """A row that goes in, what it wants, and what that comes to."""

    wanted: Wanted
    decision: Decision

    @property
    def line(self) -> int:
        return self.wanted.line


Judged = Refusal | Accepted


def count(open_: Opener, format_: Format, *, go_on: Callable[[], bool]) -> int:
    """How many rows a file has; raise UnreadableFile, or StoppedMeanwhile once `go_on` says no."""
    rows = 0
    for _ in reading.read(open_, format_).rows:
        rows += 1
        if rows % LOOK_EVERY == 0 and not go_on():
            raise StoppedMeanwhile
    return rows


Read = tuple[Row, Wanted | Refusal]
"""A row, and what it wants, or why it does not go in whoever it is about."""


def read_all(rows: Sequence[Row], reader: Reader, names: Names) -> list[Read]:
    """What some rows want, of those whom no row before them has named; their names are noted."""
    read = [(row, _read(row, reader)) for row in rows]
    earlier = names.note((row.line, found.keys) for row, found in read if isinstance(found, Wanted))
    return [
        (row, found) if row.line not in earlier else (row, _repeated(row, earlier[row.line]))
        for row, found in read
    ]


def keys_of(read: Iterable[Read]) -> set[Key]:
    """All that rows name somebody by."""
    return {key for _, wanted in read if isinstance(wanted, Wanted) for key in wanted.keys}


def decide(
    db: Database[Document],
    read: Sequence[Read],
    holders: Mapping[Key, Document],
    deciding: Deciding,
    *,
    now: datetime,
) -> Iterator[Judged]:
    """Decide on rows that are read, in their order; `holders` are the contacts that their keys lead to."""
    erased = tombstones.refused(db, keys_of(read) - holders.keys())
    taken: dict[ContactId, int] = {}
    for row, wanted in read:
        if isinstance(wanted, Refusal):
            yield wanted
            continue
        if not erased.isdisjoint(wanted.keys):
            yield Refusal(row, (Problem(row.line, ERASED, f"this person was erased: {COME_BACK}"),))
            continue
        try:
            decision = deciding.decide(wanted, holders, now=now)
            _once(decision, taken)
        except RefusedRow as error:
            yield Refusal(row, error.problems)
        else:
            yield Accepted(wanted, decision)


def _read(row: Row, reader: Reader) -> Wanted | Refusal:
    try:
        return reader.read(row)
    except RefusedRow as error:
        return Refusal(row, error.problems)


def _repeated(row: Row, earlier: int) -> Refusal:
    what = f"line {earlier:,} has the same email, phone or external id already; that one goes in"
    return Refusal(row, (Problem(row.line, "repeated", what),))


def _once(decision: Decision, taken: dict[ContactId, int]) -> None:
    """Refuse a row about a contact that an earlier one of these rows changes."""
    if decision.contact is None:
        return
    earlier = taken.setdefault(decision.contact, decision.line)
    if earlier != decision.line:
        what = f"line {earlier:,} is about the same contact; that one goes in"
        raise RefusedRow([Problem(decision.line, "repeated", what)])
