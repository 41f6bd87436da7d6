"""The cells of an entry, which may have several rows: each value once, wherever it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from engine.domain.money import DecimalMark, Unreadable, Written, read
from engine.domain.rulebook import Account
from engine.imports.mapping.cell_format import CellFormat, InvalidValue
from engine.imports.mapping.countries import country_column
from engine.imports.mapping.dates import read_date, start_of
from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.mapping.kinds import PACKED
from engine.imports.mapping.values import is_blank
from engine.imports.reading.formula_escape import unescape_formula
from engine.imports.reading.problems import Problem
from engine.imports.reading.table import Row
from engine.imports.rows.parsed_row import RefusedRow

CACHED = 20_000
"""Different amounts that are cached."""


class CellColumns:
    """The columns of a file: the position and the notation of each target."""

    def __init__(self, headings: Sequence[str], settings: ImportSettings, account: Account) -> None:
        positions = {heading: number for number, heading in enumerate(headings)}
        self.packed = [positions[heading] for heading, target in settings.columns.items() if target == PACKED]
        self.headings = {target: heading for heading, target in settings.columns.items() if target}
        self.positions = {target: positions[heading] for target, heading in self.headings.items()}
        self.readings = {
            target: settings.readings.get(heading, CellFormat()) for target, heading in self.headings.items()
        }
        country = country_column(headings, settings.columns)
        self.country = None if country is None else positions[country]
        self.account = account
        self._amounts: dict[tuple[str, str], Written | Unreadable | None] = {}

    def decimal_mark(self, target: str) -> DecimalMark:
        """The decimal mark of a column; in doubt that of the account's locale."""
        return self.readings[target].decimals or self.account.decimal_mark

    def amount(self, target: str, cell: str) -> Written | Unreadable | None:
        """The amount in a cell of a column; most columns have few different ones."""
        key = target, cell
        found = self._amounts.get(key)
        if found is None:
            found = read(unescape_formula(cell), self.decimal_mark(target))
            if len(self._amounts) < CACHED:
                self._amounts[key] = found
        return found


class GroupCells:
    """The rows of one entry."""

    def __init__(self, rows: Sequence[Row], columns: CellColumns, *, now: datetime) -> None:
        self.rows, self._columns, self._now = rows, columns, now

    @property
    def line(self) -> int:
        return self.rows[0].line

    def of(self, target: str) -> str | None:
        """Return the first cell of a target that is not blank; None if there is none."""
        return self._at(self._columns.positions.get(target))

    def country(self) -> str | None:
        """Return the first cell of the column of countries that is not blank; None if there is none."""
        return self._at(self._columns.country)

    def _at(self, position: int | None) -> str | None:
        if position is None:
            return None
        for row in self.rows:
            cell = row.cells[position] if position < len(row.cells) else None
            if cell and not is_blank(cell):
                return cell
        return None

    def in_row(self, row: Row, target: str) -> str | None:
        """Return a row's cell of a target; None if it has none."""
        position = self._columns.positions.get(target)
        return None if position is None or position >= len(row.cells) else row.cells[position]

    def packed(self) -> Iterator[str]:
        """Yield the cells of packed products, in the order of the columns; an order has them in one row."""
        cells = self.rows[0].cells
        for position in self._columns.packed:
            cell = cells[position] if position < len(cells) else None
            if cell and not is_blank(cell):
                yield unescape_formula(cell)

    def targets(self, prefix: str) -> Mapping[str, str]:
        """Return the targets with a prefix, by what comes after it."""
        return {
            target.removeprefix(prefix): target
            for target in self._columns.headings
            if target.startswith(prefix)
        }

    def moment(self, target: str) -> datetime | None:
        """Return the moment in a cell, in the account's time zone where it has none; None if blank.

        Raises RefusedRow for one that cannot be read, or is in the future.
        """
        cell = self.of(target)
        if cell is None:
            return None
        account = self._columns.account
        today = self._now.astimezone(account.time_zone).date()
        try:
            found = read_date(unescape_formula(cell), self._columns.readings[target].dates, today=today)
            at = start_of(found, account)
            if at is None or at > self._now:
                raise InvalidValue(f"{cell.strip()[:40]!r} is in the future")
        except InvalidValue as error:
            raise RefusedRow([self.problem("value", target, str(error))]) from None
        return at

    def amount(self, target: str, row: Row | None = None) -> Written | Unreadable | None:
        """Return the amount in a cell of any row, or of one; None if it is blank."""
        cell = self.of(target) if row is None else self.in_row(row, target)
        return None if not cell or is_blank(cell) else self._columns.amount(target, cell)

    # Problems

    def problem(self, kind: str, target: str, message: str) -> Problem:
        """Return a problem of the cell of a target."""
        heading = self._columns.headings[target]
        return Problem(self.line, kind, f"{heading}: {message}", heading)

    def row_problem(self, kind: str, message: str) -> Problem:
        """Return a problem of the entry as a whole."""
        return Problem(self.line, kind, message)

    def as_notice(self, problem: Problem) -> Problem:
        """Return a problem as a mere notice."""
        return problem.as_notice()
