"""The settings of an import: the format of its file, the targets of its columns, the contacts that change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from engine.imports.mapping.cell_format import CellFormat
from engine.imports.mapping.columns import InvalidMapping
from engine.imports.mapping.consents import Statement
from engine.imports.mapping.kinds import ImportKind
from engine.imports.mapping.state_words import Suppression
from engine.imports.reading.formats import Format

Mode = Literal["create", "update", "both"]

BadCells = Literal["leave-out", "refuse"]

BAD_CELLS: Mapping[BadCells, str] = {
    "leave-out": "leave the cell out and import the row",
    "refuse": "refuse the row",
}
"""What becomes of a row with a cell that cannot be read."""

MODES: Mapping[Mode, str] = {
    "both": "create and update contacts",
    "create": "create new contacts only",
    "update": "update existing contacts only",
}


@dataclass(frozen=True)
class ImportSettings:
    """The settings of an import.

    Parameters:
      format: The format of the file.
      columns: The target of each imported column, by heading (see `columns.checked`).
      readings: How the cells of a column are written, where they are ambiguous.
      mode: Which contacts are changed.
      clear: The columns whose empty cells clear the field; in others they leave it.
      segment: The static segment that all contacts of the file are added to; empty: none.
      statements: The consents that hold for all contacts of the file.
      suppressed: What all addresses of the file are, if it is a list of addresses not to write to.
      kind: What the rows of the file are.
      activity_type: The type of all activities of the file; empty if a column has it.
      bad_cells: What becomes of a row of a contact with a cell that cannot be read.
      dropped_opt_outs: The columns that the user decided on, though they seem to hold opt-outs or addresses.
      preset: The id of the preset by which the columns were read; empty: none (see `presets`).
    """

    format: Format = field(default_factory=Format)
    columns: Mapping[str, str] = field(default_factory=dict)
    readings: Mapping[str, CellFormat] = field(default_factory=dict)
    mode: Mode = "both"
    clear: frozenset[str] = frozenset()
    segment: str = ""
    statements: tuple[Statement, ...] = ()
    suppressed: Suppression | None = None
    kind: ImportKind = "contacts"
    activity_type: str = ""
    dropped_opt_outs: frozenset[str] = frozenset()
    bad_cells: BadCells = "leave-out"
    preset: str = ""

    def validate_kind(self) -> None:
        """Raise InvalidMapping if the file has no contacts to put into a segment, to subscribe, or to refuse.

        Or if they are to be subscribed and not written to.
        """
        if self.kind != "contacts" and (self.segment or self.statements or self.suppressed):
            what = "a segment" if self.segment else "an opt-in" if self.statements else "a suppression"
            raise InvalidMapping([f"{what} is for the contacts of a file: only a file of contacts has it"])
        if self.kind != "contacts" and self.bad_cells == "refuse":
            raise InvalidMapping(["only a file of contacts has a choice for cells that cannot be read"])
        if self.suppressed and self.statements:
            raise InvalidMapping(["everyone in the file cannot have opted in and be suppressed: choose one"])

    def encode(self) -> str:
        """Return the settings as text: headings may be keys that MongoDB does not accept."""
        return msgspec.json.encode(self).decode()

    @staticmethod
    def decode(text: str) -> ImportSettings:
        """Read settings from their text."""
        return _DECODER.decode(text)


_DECODER = msgspec.json.Decoder(ImportSettings)
