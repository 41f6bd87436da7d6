"""The cells of a row, by the target that their column fills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.imports.mapping.state_words import state_word
from engine.imports.mapping.values import is_blank
from engine.imports.reading.problems import Problem
from engine.imports.reading.table import Row


@dataclass(frozen=True)
class Cells:
    """The cells of a row.

    Parameters:
      positions: The position of each column, by its heading.
      columns: The headings of the columns that fill a target, by the target.
      words: What the words of a column mean, by its heading: a preset knows them (see `presets`).
    """

    row: Row
    positions: Mapping[str, int]
    columns: Mapping[str, Sequence[str]]
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def line(self) -> int:
        return self.row.line

    def under(self, heading: str) -> str | None:
        """Return the cell of a column; None if the row ends before it."""
        position = self.positions[heading]
        cell = self.row.cells[position] if position < len(self.row.cells) else None
        words = self.words.get(heading)
        return cell if cell is None or words is None else meaning(cell, words)

    def of(self, target: str) -> str | None:
        """Return the cell that fills a target; None if no column does, or the row ends before it."""
        return self.under(self.heading(target)) if target in self.columns else None

    def all_of(self, target: str) -> list[tuple[str, str]]:
        """Return the cells with a value that fill a target, each with its heading."""
        cells = ((heading, self.under(heading)) for heading in self.columns.get(target, ()))
        return [(heading, cell) for heading, cell in cells if cell is not None and not is_blank(cell)]

    def heading(self, target: str) -> str:
        """Return the heading of the first column that fills a target."""
        return self.columns[target][0]

    def fills(self, target: str) -> bool:
        """Return whether a column fills a target."""
        return target in self.columns

    def problem(self, kind: str, target: str, message: str) -> Problem:
        """Return a problem of the cell that fills a target."""
        heading = self.heading(target)
        return Problem(self.line, kind, f"{heading}: {message}", heading)


ANY_OTHER = "*"
"""The word of a column that stands for all others that are not blank."""


def meaning(cell: str, words: Mapping[str, str]) -> str:
    """Return what a cell means by the words of its column; a cell that has none means what it says."""
    if is_blank(cell):
        return cell
    return words.get(state_word(cell), words.get(ANY_OTHER, cell))
