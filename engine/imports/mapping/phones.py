"""Cells as phone numbers, read with the country of their row."""

from __future__ import annotations

from engine.domain.identity.normalisation import normalise_phone, normalise_phone_of
from engine.imports.mapping.cell_format import InvalidValue
from engine.imports.mapping.countries import country_of
from engine.imports.mapping.numbers import ROUNDED
from engine.imports.mapping.values import is_blank


def read_phone(cell: str, *, region: str, country: str | None = None) -> str:
    """Return a phone number as E.164, read with the country of its row, else with the account's region.

    Raises InvalidValue if a spreadsheet has rounded it or the country is unknown, and InvalidIdentity.
    """
    if ROUNDED.fullmatch(cell.strip()):
        raise InvalidValue(
            f"a spreadsheet has rounded this number to {cell.strip()}, its digits are lost: in the original, "
            "give the column the format Text, or take the file as the other tool exported it"
        )
    if country is None or is_blank(country, identity=True):
        return normalise_phone_of(cell.strip(), region=region)
    found = country_of(country)
    if found is not None:
        return normalise_phone_of(cell.strip(), region=found)
    if not cell.strip().startswith("+"):
        raise InvalidValue(f"the country {country.strip()[:40]!r} is unknown: write the number as +…")
    return normalise_phone(cell.strip(), region=region)
