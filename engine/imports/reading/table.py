"""Read a file of any format as a table: headings, and rows with their line and their problem."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain, islice

from engine.errors import WorkStopped
from engine.imports.reading import delimited, parquet_files, workbooks
from engine.imports.reading.delimited import MAX_CELL, Record
from engine.imports.reading.formats import Format, Opener, decompressed
from engine.imports.reading.problems import Problem, UnreadableFile

MAX_COLUMNS = 1_000
"""Columns of a file; with more it is no list of contacts."""

AHEAD = 500
"""Rows by which it is decided whether a last column without a heading holds anything."""

CHECK_EVERY = 2_000
"""Rows between two checks for a stop."""

DAMAGED = "\ufffd"
"""The replacement of bytes that are no text in the encoding of the file."""


@dataclass(frozen=True)
class Row:
    """A row of a file, and its problem, if it has one.

    `cells` has one cell for each heading, None where the row ends before it.
    """

    line: int
    cells: tuple[str | None, ...]
    problem: Problem | None = None


@dataclass
class Table:
    """A file's headings, each unique, and its rows, read lazily; `notices` are about the whole file."""

    headings: tuple[str, ...]
    rows: Iterator[Row]
    notices: list[Problem] = field(default_factory=list)


def read_table(open_: Opener, format_: Format) -> Table:
    """Open a file as a table.  Raises UnreadableFile, now or while its rows are read."""
    header_row = format_.header_row if format_.header else 0
    found: Iterator[Record] = (record for record in _records(open_, format_) if record[0] >= header_row)
    first = next(found, None)
    if first is None:
        where = f" in line {header_row} or below" if header_row else ""
        raise UnreadableFile(f"the file has no rows{where}")
    line, cells, problem = first
    if problem is not None:
        raise UnreadableFile(f"line {line}: {problem.message}")
    ahead = list(islice(found, AHEAD)) if cells and not cells[-1].strip() else []
    widest = max((_width(row) for _, row, trouble in ahead if trouble is None), default=0)
    headed = len(cells)
    while cells and not cells[-1].strip() and len(cells) > widest:
        cells = cells[:-1]
    found = chain(ahead, found)
    if len(cells) > MAX_COLUMNS:
        raise UnreadableFile(
            f"the first row has {len(cells):,} cells, and at most {MAX_COLUMNS:,} columns are read: "
            "is the separator right?"
        )
    if not format_.header:
        headings = tuple(f"Column {number}" for number in range(1, len(cells) + 1))
        return Table(headings, _rows(chain([first], found), len(headings), headed))
    headings, notices = unique_headings(cells, line=line)
    return Table(headings, _rows(found, len(headings), headed), notices)


def count_rows(open_: Opener, format_: Format, *, go_on: Callable[[], bool]) -> int:
    """Return how many rows a file has.  Raises UnreadableFile, and WorkStopped once `go_on` is false."""
    rows = 0
    for _ in read_table(open_, format_).rows:
        rows += 1
        if rows % CHECK_EVERY == 0 and not go_on():
            raise WorkStopped("the import was stopped")
    return rows


def unique_headings(cells: list[str], *, line: int) -> tuple[tuple[str, ...], list[Problem]]:
    """Return headings that are unique and not empty, with a notice for each that had to be changed."""
    notices = []
    seen: Counter[str] = Counter()
    headings = []
    for number, cell in enumerate(cells, start=1):
        heading = " ".join(cell.replace(DAMAGED, "?").replace("\0", "").split())[:200]
        if not heading:
            heading = f"Column {number}"
            notices.append(
                Problem(line, "heading", f"column {number} has no heading", heading, refuses=False)
            )
        seen[heading.lower()] += 1
        if seen[heading.lower()] > 1:
            again = f"{heading} ({seen[heading.lower()]})"
            what = f"the heading {heading!r} is there more than once; this one is called {again!r}"
            notices.append(Problem(line, "heading", what, again, refuses=False))
            heading = again
        headings.append(heading)
    return tuple(headings), notices


def _records(open_: Opener, format_: Format) -> Iterator[Record]:
    if format_.kind == "workbook":
        yield from workbooks.records(open_, format_.sheet)
        return
    if format_.kind == "parquet":
        yield from parquet_files.records(open_)
        return
    with closing(decompressed(open_)) as stream:
        yield from delimited.records(stream, format_)


def _width(cells: list[str]) -> int:
    """The number of cells up to the last one that is filled."""
    return max((number for number, cell in enumerate(cells, start=1) if cell.strip()), default=0)


def _rows(found: Iterator[Record], columns: int, headed: int) -> Iterator[Row]:
    """The rows of a table; cells up to `headed` stand under headings that are blank."""
    for line, cells, problem in found:
        row_problem = problem if problem is not None else _problem(line, cells, columns, headed)
        missing = columns - len(cells)
        fitting = (*cells, *[None] * missing) if missing > 0 else tuple(cells)
        while len(fitting) > columns and not (fitting[-1] or "").strip():
            fitting = fitting[:-1]
        if row_problem is not None and row_problem.kind == "no_heading":
            fitting = fitting[:columns]
        yield Row(line, fitting, row_problem)


def _problem(line: int, cells: list[str], columns: int, headed: int) -> Problem | None:
    """The problem of a row that does not depend on the meaning of its cells."""
    width = _width(cells) if len(cells) > columns else 0
    if width > max(columns, headed):
        what = f"the row has {len(cells)} cells for {columns} headings: is a separator in a cell unquoted?"
        return Problem(line, "ragged", what)
    joined = "".join(cells)
    if "\0" in joined:
        return Problem(line, "nul", "the row has NUL bytes: the file was damaged or is no text")
    if DAMAGED in joined:
        what = "the row has characters that cannot be read: choose another encoding, or fix the file"
        return Problem(line, "encoding", what)
    if len(joined) > MAX_CELL and max(map(len, cells)) > MAX_CELL:
        return Problem(line, "too_large", f"a cell has over {MAX_CELL:,} characters")
    if width > columns:
        what = "a cell under a heading that is blank is left out"
        return Problem(line, "no_heading", what, refuses=False)
    if len(cells) < columns:
        what = f"the row ends after {len(cells)} of {columns} cells; the others are left out"
        return Problem(line, "short", what, refuses=False)
    return None
