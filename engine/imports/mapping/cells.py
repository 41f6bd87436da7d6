"""The cells of a row, by the target that their column fills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.imports.reading.problems import Problem
from engine.imports.reading.table import Row


@dataclass(frozen=True)
class Cells:
    """The cells of a row.

    Parameters:
      positions: The position of each column, by its heading.
      headings: The column that fills a target, by the target.
    """

    row: Row
    positions: Mapping[str, int]
    headings: Mapping[str, str]

    @property
    def line(self) -> int:
        return self.row.line

    def under(self, heading: str) -> str | None:
        """Return the cell of a column; None if the row ends before it."""
        position = self.positions[heading]
        return self.row.cells[position] if position < len(self.row.cells) else None

    def of(self, target: str) -> str | None:
        """Return the cell that fills a target; None if no column does, or the row ends before it."""
        heading = self.headings.get(target)
        return None if heading is None else self.under(heading)

    def fills(self, target: str) -> bool:
        """Return whether a column fills a target."""
        return target in self.headings

    def problem(self, kind: str, target: str, message: str) -> Problem:
        """Return a problem of the cell that fills a target."""
        heading = self.headings[target]
        return Problem(self.line, kind, f"{heading}: {message}", heading)
