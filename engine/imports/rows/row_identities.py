"""The identities of a row of contacts: its email, phone and external id, of several in a cell the first."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from engine.domain.identity.identities import IDENTIFYING, IdentityKind
from engine.domain.identity.normalisation import normalise
from engine.errors import InvalidIdentity
from engine.imports.mapping.cell_format import InvalidValue
from engine.imports.mapping.cells import Cells
from engine.imports.mapping.phones import read_phone
from engine.imports.mapping.several_values import values_in
from engine.imports.mapping.values import is_blank
from engine.imports.reading.formula_escape import unescape_formula
from engine.imports.reading.problems import Problem

ReadIdentity = tuple[str, list[str]]
"""An identity, and the values of its cell as typed, its own first."""


@dataclass(frozen=True)
class IdentityReader:
    """Reads the identities of the rows of one file.

    Parameters:
      region: The account's, for national phone numbers.
      country: The heading of the column with the country of a row; None if there is none.
      phones_lack_plus: Whether phone numbers are international ones without their plus.
    """

    region: str
    country: str | None = None
    phones_lack_plus: bool = False

    def read(self, cells: Cells, problems: list[Problem]) -> dict[IdentityKind, ReadIdentity]:
        """The identities of a row, each with the values of its cell as typed, its own first."""
        found: dict[IdentityKind, ReadIdentity] = {}
        for kind in IDENTIFYING:
            name = kind.contact_field
            cell = cells.of(name)
            if cell is None or is_blank(cell, identity=True):
                continue
            typed = unescape_formula(cell.strip())
            try:
                found[kind] = self._identity(kind, typed, cells), [typed]
            except (InvalidIdentity, InvalidValue) as error:
                one_of_several = self._one_of(kind, typed, cells)
                if one_of_several is not None:
                    found[kind] = one_of_several
                    continue
                reason = error.reason if isinstance(error, InvalidIdentity) else str(error)
                problems.append(cells.problem(kind.event_field, name, reason))
        return found

    def _one_of(self, kind: IdentityKind, typed: str, cells: Cells) -> ReadIdentity | None:
        """The first identity of a cell with several; None if it has none that can be read."""
        parts = [] if kind is IdentityKind.EXTERNAL_ID else values_in(typed)
        for part in parts if len(parts) > 1 else ():
            with suppress(InvalidIdentity, InvalidValue):
                return self._identity(kind, part, cells), [part, *(one for one in parts if one != part)]
        return None

    def _identity(self, kind: IdentityKind, typed: str, cells: Cells) -> str:
        if kind is not IdentityKind.PHONE:
            return normalise(kind, typed, region=self.region)
        country = None if self.country is None else cells.under(self.country)
        if self.phones_lack_plus and typed.isdecimal():
            with suppress(InvalidIdentity):
                return read_phone(f"+{typed}", region=self.region)
        return read_phone(typed, region=self.region, country=country)
