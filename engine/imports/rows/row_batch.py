"""A batch of rows of a file: parsed, matched with contacts, and decided."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.contacts.editing.edit_validation import COME_BACK
from engine.db import Db
from engine.domain.activities import ContactId
from engine.domain.document import Document
from engine.domain.identity.identities import Key
from engine.imports.mapping.import_settings import Mode
from engine.imports.reading.problems import ERASED, Problem
from engine.imports.reading.table import Row
from engine.imports.rows.duplicate_rows import SeenKeys
from engine.imports.rows.matching import match
from engine.imports.rows.parsed_row import ParsedRow, RefusedRow, RowParser
from engine.imports.rows.row_decision import Decision, decide
from engine.pipeline import tombstones


@dataclass(frozen=True)
class Refusal:
    """A row that is not imported, or not with all its cells, and why."""

    row: Row
    problems: tuple[Problem, ...]

    @property
    def line(self) -> int:
        return self.row.line


@dataclass(frozen=True)
class Accepted:
    """A row that is imported, with its values and what becomes of it."""

    row: Row
    parsed: ParsedRow
    decision: Decision

    @property
    def line(self) -> int:
        return self.parsed.line

    @property
    def left_out(self) -> Refusal | None:
        """The row with its cells that cannot be read and are left out; None if there are none."""
        problems = self.parsed.left_out
        return Refusal(self.row, problems) if problems else None


ParseResult = tuple[Row, ParsedRow | Refusal]
"""A row, with its values, or why it is refused whatever contacts there are."""


def parse_rows(rows: Sequence[Row], parser: RowParser, seen: SeenKeys) -> list[ParseResult]:
    """Parse rows, and refuse those that repeat a key of an earlier row; records their keys in `seen`."""
    parsed = [(row, _parse(row, parser)) for row in rows]
    earlier = seen.record((row.line, one.keys) for row, one in parsed if isinstance(one, ParsedRow))
    return [
        (row, one) if row.line not in earlier else (row, _repeated(row, earlier[row.line]))
        for row, one in parsed
    ]


def keys_of(parsed: Iterable[ParseResult]) -> set[Key]:
    """Return the keys by which rows identify their contacts."""
    return {key for _, one in parsed if isinstance(one, ParsedRow) for key in one.keys}


def decide_rows(
    db: Db, parsed: Sequence[ParseResult], contacts: Mapping[Key, Document], *, mode: Mode
) -> Iterator[Refusal | Accepted]:
    """Decide on rows, in their order; `contacts` are those that their keys lead to."""
    erased = tombstones.refused(db, keys_of(parsed) - contacts.keys())
    first_lines: dict[ContactId, int] = {}
    for row, one in parsed:
        if isinstance(one, Refusal):
            yield one
            continue
        if not erased.isdisjoint(one.keys):
            yield Refusal(row, (Problem(row.line, ERASED, f"this person was erased: {COME_BACK}"),))
            continue
        try:
            decision = decide(one, match(one, contacts), mode=mode)
            _refuse_same_contact(decision, first_lines)
        except RefusedRow as error:
            yield Refusal(row, error.problems)
        else:
            yield Accepted(row, one, decision)


def _parse(row: Row, parser: RowParser) -> ParsedRow | Refusal:
    try:
        return parser.parse(row)
    except RefusedRow as error:
        return Refusal(row, error.problems)


def _repeated(row: Row, earlier: int) -> Refusal:
    what = f"line {earlier:,} has the same email, phone or external ID and is imported"
    return Refusal(row, (Problem(row.line, "repeated", what),))


def _refuse_same_contact(decision: Decision, first_lines: dict[ContactId, int]) -> None:
    """Refuse a row about a contact that an earlier one of the same rows changes, by another key."""
    if decision.contact is None:
        return
    earlier = first_lines.setdefault(decision.contact, decision.line)
    if earlier != decision.line:
        what = f"line {earlier:,} is about the same contact and is imported"
        raise RefusedRow([Problem(decision.line, "repeated", what)])
