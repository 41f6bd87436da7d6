"""The columns that an import would drop though they matter: the user has to decide on each before it starts.

They say who must not be written to (`opt_out_columns`), or hold the email addresses of a file whose contacts
would be made without one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.domain.rulebook import Ruleset
from engine.imports.mapping import opt_out_columns
from engine.imports.mapping.columns import REFUSED_HEADINGS
from engine.imports.mapping.headings import plain
from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.mapping.presets.registry import is_explained
from engine.imports.mapping.value_guesses import filled_cells, holds_addresses
from engine.imports.reading.table import Row


@dataclass(frozen=True)
class UndecidedColumn:
    """A column that is not imported, and what it seems to hold, in words: `column 'X' seems to …`."""

    heading: str
    seems: str

    @property
    def problem(self) -> str:
        return f"column {self.heading!r} seems to {self.seems}, and is not imported"


def undecided(
    headings: Sequence[str], sample: Sequence[Row], settings: ImportSettings, ruleset: Ruleset
) -> list[UndecidedColumn]:
    """Return the columns that stop an import; `sample` are the first rows of the file."""
    opt_outs = opt_out_columns.undecided(headings, sample, settings, ruleset)
    found = [UndecidedColumn(heading, opt_out_columns.SEEMS) for heading in opt_outs]
    if settings.kind == "activities" or "email" in settings.columns.values():
        return found
    addresses = [one for one in address_columns(headings, sample, settings) if one not in opt_outs]
    return [*found, *(UndecidedColumn(heading, "hold email addresses") for heading in addresses)]


def address_columns(headings: Sequence[str], sample: Sequence[Row], settings: ImportSettings) -> list[str]:
    """Return the columns of email addresses that are not imported, and that the user did not decide on."""
    cells = [row.cells for row in sample]
    return [
        heading
        for index, heading in enumerate(headings)
        if not settings.columns.get(heading)
        and heading not in settings.dropped_opt_outs
        and not is_explained(settings.preset, heading)
        and plain(heading) not in REFUSED_HEADINGS
        and holds_addresses(filled_cells(cells, index))
    ]
