"""Quotation marks of a text file, read strictly: a stray one is distinguished from one that encloses a cell.

Python's reader is lenient: of `1,"Ana,Madrid` it takes the next lines for a part of the name.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

from engine.errors import Invalid

NOT_CLOSED = 'a quotation mark is opened in this line and not closed: double it ("") or take it out'
AFTER_CLOSING = 'text follows a closing quotation mark: double the marks within a cell ("") or take them out'
WITHIN = (
    "a single quotation mark stands within a cell: enclose the cell in quotation marks and double it "
    '(""), or take it out'
)


class StrayMark(Invalid):
    """A quotation mark that encloses no cell."""


class Quoting:
    """The rules of quotation marks in a file, and which lines are records of their own.

    A pair of marks within a cell (`Ana "la jefa" Ruiz`, JSON) is text.
    """

    def __init__(self, separator: str, quote: str) -> None:
        self._separator, self._quote = separator, quote
        mark, divider = re.escape(quote), re.escape(separator)
        quoted = rf"{mark}[^{mark}]*+(?:{mark}{mark}[^{mark}]*+)*+{mark}"
        plain = rf"[^{mark}{divider}\r\n]"
        bare = rf"(?! *{mark}){plain}*+(?:{mark}{plain}*+{mark}{plain}*+)*+"
        cell = rf"(?:{quoted}|{bare})"
        end = r"(?:\r\n|\r|\n)?"
        self._record = re.compile(rf"{cell}(?:{divider}{cell})*+{end}")
        self._spaced = re.compile(rf" *{cell}(?:{divider} *{cell})*+{end}")

    def checked(self, cells: list[str], lines: Sequence[str]) -> list[str]:
        """Return the cells of a record that was read from some lines.  Raises StrayMark.

        An apostrophe that encloses cells may stand within others: `O'Hara`.
        """
        if self._quote != '"':
            return cells
        text = lines[0] if len(lines) == 1 else "".join(lines)
        if '"' not in text or self._record.fullmatch(text) is not None:
            return cells
        if len(lines) == 1 and self._spaced.fullmatch(text) is not None:  # `1, "Ana", "Madrid"`
            return next(csv.reader(lines, delimiter=self._separator, skipinitialspace=True))
        raise StrayMark(WITHIN)

    def is_next_record(self, first: str, line: str, width: int) -> bool:
        """Return whether a line within an open quotation mark is a record, not a part of a cell.

        It is one if it has `width` cells that look like those of `first`, the line with the mark: an email
        where that has one, or the same pattern in most cells, one of which holds a number (an id, a phone).
        """
        if width < 2 or line.count(self._separator) < width - 1:
            return False
        cells = self._cells(line)
        if len(cells) != width:
            return False
        begun = [cell.replace(self._quote, "") for cell in first.rstrip("\r\n").split(self._separator)]
        if len(begun) != width:
            begun = self._before_mark(first)
        both = ((a, b) for a, b in zip(begun, cells, strict=False) if a.strip() and b.strip())
        pairs = [(_pattern(a), _pattern(b)) for a, b in both]
        if any((a == "@") != (b == "@") for a, b in pairs):
            return False
        alike = [a for a, b in pairs if a == b]
        return "@" in alike or (len(alike) * 2 > len(pairs) and any("9" in one for one in alike))

    def _cells(self, line: str) -> list[str]:
        """The cells of a line alone; with a stray mark, as its separators divide it."""
        bare = line.rstrip("\r\n")
        if self._quote in bare and self._record.fullmatch(bare) is not None:
            return next(csv.reader([bare], delimiter=self._separator, quotechar=self._quote), [])
        return [cell.replace(self._quote, "") for cell in bare.split(self._separator)]

    def _before_mark(self, first: str) -> list[str]:
        """The cells of a line before its last mark that opens a cell."""
        begun = first.rpartition(self._quote)[0].split(self._separator)
        return [cell.replace(self._quote, "") for cell in begun[:-1]]


def _pattern(cell: str) -> str:
    """What a cell looks like: `@` for an address, `t` for words, `a-9` for `C-1001`."""
    text = cell.strip()
    if "@" in text and " " not in text:
        return "@"
    if not any(map(str.isdigit, text)):
        return "t"
    return re.sub(r"\d+", "9", re.sub(r"[^\W\d_]+", "a", text))
