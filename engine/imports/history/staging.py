"""The rows of a file of orders or activities, put together by order and sorted by customer, on disk.

An export lists its newest orders first, and may scatter the rows of an order.  Imported in that order, a
contact would be folded again for each of its orders; sorted, it is folded once for all of them.  The sort
is SQLite's, in a temporary file that has no name and vanishes with its process: memory stays flat however
large the file is.  A worker that takes over reads the file again and sorts it alike, so that the number of
groups before a place is all it needs to know.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, islice
from typing import Any

import msgspec

from engine.errors import WorkStopped
from engine.imports.history.entry import RowGroup
from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.reading.formats import Opener
from engine.imports.reading.formula_escape import unescape_formula
from engine.imports.reading.problems import UnreadableFile
from engine.imports.reading.table import Row, read_table

INSERTED_AT_ONCE = 2_000
"""Groups of one insert."""

CACHE_KB = 32 * 1024
"""Memory of SQLite's page cache; the rest is on disk."""

OPERATIONS = 200_000
"""Steps of SQLite's machine between two checks for a stop, some tens of milliseconds."""

MAX_ROWS_OF_ORDER = 2_000
"""Rows that are put together as one order; the file is refused if one has more."""

ALONE = "\0"
"""The prefix of the number of a row that belongs to no order."""

GoOn = Callable[[], bool]
"""Returns false once the work is stopped; called every few thousand rows."""

_CUSTOMER = ("external_id", "email", "mobile_phone")


class StagedRows:
    """The rows of a file by entry.  Raises UnreadableFile, and WorkStopped once `go_on` is false."""

    def __init__(self, open_: Opener, settings: ImportSettings, *, go_on: GoOn) -> None:
        self._go_on = go_on
        self._stopped = False
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{CACHE_KB}"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute("CREATE TABLE staged (number TEXT, customer TEXT, line INTEGER, rows BLOB)")
        self._db.set_progress_handler(self._interrupts, OPERATIONS)
        self._db.execute("BEGIN")
        self._insert(open_, settings)
        self._join_scattered()

    def count(self) -> int:
        """Return the number of entries."""
        return int(self._query("SELECT count(*) FROM staged")[0][0])

    def by_customer(self, after: int = 0) -> Iterator[RowGroup]:
        """Yield the entries after so many, those of a customer together."""
        yield from self._sorted("customer, line", after)

    def by_line(self) -> Iterator[RowGroup]:
        """Yield the entries in the order of the file."""
        yield from self._sorted("line", 0)

    def customer_of(self, group: RowGroup) -> str:
        """Return what the entries of a customer have in common."""
        return self._customer(group.rows)

    def _sorted(self, order: str, after: int) -> Iterator[RowGroup]:
        query = f"SELECT rows FROM staged ORDER BY {order} LIMIT -1 OFFSET ?"
        try:
            for position, (rows,) in enumerate(self._db.execute(query, (after,)), start=after + 1):
                yield RowGroup(position, _DECODER.decode(rows))
        except sqlite3.OperationalError as error:
            raise self._error(error) from None

    # Reading the file

    def _insert(self, open_: Opener, settings: ImportSettings) -> None:
        """Insert the rows; those of an order that follow each other as one group."""
        table = read_table(open_, settings.format)
        positions = {
            target: table.headings.index(heading)
            for heading, target in settings.columns.items()
            if heading in table.headings
        }
        self._number_at = positions.get("order_id") if settings.kind == "orders" else None
        self._customer_at = [positions[target] for target in _CUSTOMER if target in positions]
        groups = (
            list(islice(rows, MAX_ROWS_OF_ORDER + 1)) for _, rows in groupby(table.rows, key=self._number)
        )
        staged = (self._staged(rows) for rows in groups)
        insert = "INSERT INTO staged VALUES (?, ?, ?, ?)"
        while batch := list(islice(staged, INSERTED_AT_ONCE)):
            if not self._go_on():
                raise WorkStopped("the import was stopped")
            self._query(insert, batch)

    def _staged(self, rows: list[Row]) -> tuple[str, str, int, bytes]:
        _refuse_many(len(rows), self._number(rows[0]))
        return self._number(rows[0]), self._customer(rows), rows[0].line, _ENCODER.encode(rows)

    def _number(self, row: Row) -> str:
        """The number of a row's order; of any other row a number of its own."""
        at = self._number_at
        if at is None or (row.problem is not None and row.problem.refuses) or at >= len(row.cells):
            return f"{ALONE}{row.line}"
        return unescape_formula((row.cells[at] or "").strip()) or f"{ALONE}{row.line}"

    def _customer(self, rows: Sequence[Row]) -> str:
        for at in self._customer_at:
            for row in rows:
                cell = (row.cells[at] or "").strip() if at < len(row.cells) else ""
                if cell:
                    return cell.lower()
        return ""

    def _join_scattered(self) -> None:
        """Put together the groups of an order whose rows do not follow each other."""
        self._query("CREATE INDEX by_number ON staged (number)")
        after = ""
        while scattered := self._query(_SCATTERED, (after, INSERTED_AT_ONCE)):
            for number, parts in scattered:
                _refuse_many(parts, number)
                self._join(number)
            after = scattered[-1][0]

    def _join(self, number: str) -> None:
        parts = self._query("SELECT rows FROM staged WHERE number = ? ORDER BY line", (number,))
        rows = [row for (encoded,) in parts for row in _DECODER.decode(encoded)]
        self._query("DELETE FROM staged WHERE number = ?", (number,))
        self._query("INSERT INTO staged VALUES (?, ?, ?, ?)", self._staged(rows))

    # SQLite

    def _query(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        try:
            if values and isinstance(values, list):
                self._db.executemany(sql, values)
                return []
            return self._db.execute(sql, values).fetchall()
        except sqlite3.OperationalError as error:
            raise self._error(error) from None

    def _interrupts(self) -> int:
        """Interrupt a query once the work is stopped."""
        self._stopped = self._stopped or not self._go_on()
        return 1 if self._stopped else 0

    def _error(self, error: sqlite3.OperationalError) -> Exception:
        if self._stopped:
            return WorkStopped("the import was stopped")
        return UnreadableFile(f"the file could not be sorted on disk: {error}")


_SCATTERED = (
    "SELECT number, count(*) FROM staged WHERE number > ? "
    "GROUP BY number HAVING count(*) > 1 ORDER BY number LIMIT ?"
)


def _refuse_many(rows: int, number: str) -> None:
    if rows > MAX_ROWS_OF_ORDER:
        raise UnreadableFile(
            f"more than {MAX_ROWS_OF_ORDER:,} rows have the order number {number[:40]!r}: is another column "
            "that of the order number?"
        )


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(list[Row])
