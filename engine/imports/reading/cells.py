"""The cells of a row, by what they fill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.imports.reading.problems import Problem
from engine.imports.reading.table import Row


@dataclass(frozen=True)
class Cells:
    """The cells of a row: `places` says where each heading is, `headings` what fills a target."""

    row: Row
    places: Mapping[str, int]
    headings: Mapping[str, str]

    @property
    def line(self) -> int:
        return self.row.line

    def under(self, heading: str) -> str | None:
        """The cell in a column; unset where the row ends before it."""
        place = self.places[heading]
        return self.row.cells[place] if place < len(self.row.cells) else None

    def of(self, target: str) -> str | None:
        """The cell that fills a target; unset also if no column does."""
        heading = self.headings.get(target)
        return None if heading is None else self.under(heading)

    def fills(self, target: str) -> bool:
        """Whether a column fills a target."""
        return target in self.headings

    def problem(self, kind: str, target: str, message: str) -> Problem:
        """Something that is wrong with the cell that fills a target."""
        heading = self.headings[target]
        return Problem(self.line, kind, f"{heading}: {message}", heading)
