"""Rows of a CSV or TSV file, streamed in constant memory.

A problem of a row is reported at its line, and reading goes on with the next: a stray quotation mark does
not swallow its neighbours.
"""

from __future__ import annotations

import csv
import io
import zlib
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

from engine.errors import LimitExceeded
from engine.imports.reading.formats import Format, is_separator_line
from engine.imports.reading.problems import Problem, UnreadableFile
from engine.imports.reading.quoting import AFTER_CLOSING, NOT_CLOSED, Quoting, StrayMark

MAX_CELL = 1_000_000
"""Characters of one cell, whatever column it is in."""

MAX_RECORD = 4_000_000
"""Characters of one row."""

MAX_RECORD_LINES = 2_000
"""Lines that one row may span, in quotation marks."""

FREE_REREADS, REREADS_PER_LINE, FEW_LINES = 50_000, 10, 50
"""So many lines may be read again because a mark was not closed, and so many more for each line of the file;
then a row may span few lines alone.  In a file of stray marks each would be looked for to the limit."""

MAX_BYTES = 4 * 1024**3
"""Bytes of a file once it is decompressed."""

Record = tuple[int, list[str], Problem | None]
"""A row's first line, its cells, and its problem as a whole, if it has one."""


class _RowTooLarge(LimitExceeded):
    """A row is longer than any real one."""

    def __init__(self) -> None:
        super().__init__(f"a row has over {MAX_RECORD:,} characters or {MAX_RECORD_LINES:,} lines")


def records(stream: BinaryIO, format_: Format) -> Iterator[Record]:
    """Yield the rows of a text file except blank ones.  Raises UnreadableFile."""
    csv.field_size_limit(MAX_RECORD)  # a limit of the whole process; MAX_CELL is stricter
    quoting = Quoting(format_.separator, format_.quote)
    lines = _Lines(stream, format_.encoding, quoting)
    reader = _reader(lines, format_)
    while True:
        lines.begin()
        problem = None
        try:
            cells = quoting.checked(next(reader), lines.taken)
        except StopIteration:
            return
        except (csv.Error, StrayMark, _RowTooLarge) as error:
            cells, problem = _skip_row(lines, error)
            reader = _reader(lines, format_)
        else:
            lines.note_width(cells)
        if problem is not None or any(cell.strip() for cell in cells):
            yield lines.first, cells, problem


def _reader(lines: _Lines, format_: Format) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=format_.separator, quotechar=format_.quote, strict=True)


def _skip_row(lines: _Lines, error: Exception) -> tuple[list[str], Problem]:
    """Skip the first line of a row, and continue with the next."""
    text = lines.push_back()
    if lines.overlong:
        return [], Problem(lines.first, "too_large", f"the line has over {MAX_RECORD:,} characters")
    return [text], Problem(lines.first, "quote", _reason(error))


def _reason(error: Exception) -> str:
    if isinstance(error, StrayMark):
        return str(error)
    if isinstance(error, _RowTooLarge) or "unexpected end" in str(error):
        return NOT_CLOSED
    return AFTER_CLOSING if "expected after" in str(error) else f"the line cannot be read: {error}"


class _Lines:
    """The lines of a text file; those of the present row can be pushed back.

    A row ends where a quotation mark of its first line would swallow a row: that raises StrayMark.
    """

    def __init__(self, stream: BinaryIO, encoding: str, quoting: Quoting) -> None:
        self._text = io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="")
        self._ahead: deque[str] = deque()
        self._quoting = quoting
        self._width = 0
        self.taken: list[str] = []
        self._size = 0
        self._read = 0
        self._reread = 0
        self._next = 1
        self.first = 1
        self.overlong = False

    def begin(self) -> None:
        """Start a new row."""
        self.first = self._next
        self.taken, self._size, self.overlong = [], 0, False

    def note_width(self, cells: list[str]) -> None:
        """Remember how many cells a row of one line has; the next ones probably have as many."""
        if len(self.taken) == 1:
            self._width = len(cells)

    def push_back(self) -> str:
        """Push back all lines of the present row except the first, which is returned."""
        self._ahead.extendleft(reversed(self.taken[1:]))
        self._reread += len(self.taken) - 1
        self._next = self.first + 1
        return self.taken[0].rstrip("\r\n") if self.taken else ""

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._ahead.popleft() if self._ahead else self._read_line()
        if not line:
            raise StopIteration
        if self._next == 1:
            line = line.removeprefix("\ufeff")  # of an encoding that does not take it off
        if self._next == 1 and is_separator_line(line):
            self._next = self.first = 2
            return next(self)
        self._next += 1
        self.taken.append(line)
        self._size += len(line)
        if self._size > MAX_RECORD or len(self.taken) > self._most_lines():
            raise _RowTooLarge
        if len(self.taken) > 1 and self._quoting.is_next_record(self.taken[0], line, self._width):
            raise StrayMark(NOT_CLOSED)
        return line

    def _most_lines(self) -> int:
        patient = self._reread < FREE_REREADS + REREADS_PER_LINE * self.first
        return MAX_RECORD_LINES if patient else FEW_LINES

    def _read_line(self) -> str:
        try:
            line = self._text.readline(MAX_RECORD + 1)
            self._read += len(line)
            if len(line) > MAX_RECORD and not line.endswith(("\n", "\r")):
                self.overlong = True
                self._skip_line()
        except (EOFError, OSError, zlib.error) as error:
            raise UnreadableFile(f"the file is damaged after line {self._next - 1:,}: {error}") from None
        if self._read > MAX_BYTES:
            raise UnreadableFile(f"the file is larger than {MAX_BYTES // 1024**3} GB once unpacked")
        return line

    def _skip_line(self) -> None:
        """Read on to the end of a line that is too long."""
        while (part := self._text.readline(MAX_RECORD)) and not part.endswith(("\n", "\r")):
            self._read += len(part)
            if self._read > MAX_BYTES:
                return
