"""The country of a row, by which its national phone numbers are read: an ISO code, or a name.

Names are read in English, Spanish and other languages of Europe and Asia, as Unicode's CLDR has them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache

from babel import Locale
from babel.core import get_global

from engine.domain.identity.normalisation import country_code
from engine.imports.mapping.headings import plain
from engine.imports.mapping.known_headings import NAMES

TARGET = "custom.country"

MAX_NAME = 100
"""Characters of a country's name; a longer cell holds something else."""

_HEADINGS = frozenset(
    {
        *NAMES[TARGET], "country name", "country iso", "iso country", "country iso code", "nation",
        "phone country", "phone country code", "address country", "mailing country", "home country",
        "shipping country", "customer country", "user country", "country id", "pais facturacion",
        "pais de facturacion", "pais envio", "pays", "land", "paese", "nazione", "kraj", "zeme",
    }
)  # fmt: skip
"""Headings in the form of `headings.plain`; the most usual ones come first (see `country_column`)."""

_OTHER_NAMES: Mapping[str, str] = {
    "uk": "GB", "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB",
    "northern ireland": "GB", "inglaterra": "GB", "gran bretana": "GB", "usa": "US",
    "united states of america": "US", "eeuu": "US", "ee uu": "US", "estados unidos de america": "US",
    "america": "US", "holland": "NL", "holanda": "NL", "the netherlands": "NL", "czech republic": "CZ",
    "republica checa": "CZ", "ceska republika": "CZ", "turkey": "TR", "south korea": "KR",
    "korea": "KR", "republic of korea": "KR", "russian federation": "RU", "republic of ireland": "IE",
    "deutschland": "DE", "slovak republic": "SK", "macedonia": "MK", "espana peninsular": "ES",
}  # fmt: skip
"""Usual names besides those of the CLDR, in the form of `_bare`."""

_LANGUAGES = ("en", "es")
_LOCAL_LANGUAGES = (
    "ca", "eu", "gl", "pt", "fr", "it", "de", "nl", "pl", "cs", "sk", "hu", "ro", "bg", "hr", "sr", "sl",
    "el", "tr", "ru", "uk", "lt", "lv", "et", "fi", "sv", "nb", "da", "is", "ga", "mt", "ja", "ko", "zh",
    "zh_Hant", "ar", "he",
)  # fmt: skip
"""The languages whose names are looked up where the first two have none."""


def country_column(headings: Sequence[str], columns: Mapping[str, str]) -> str | None:
    """Return the heading of the column that holds the country: the one mapped to it, else by its heading."""
    mapped = next((heading for heading, target in columns.items() if target == TARGET), None)
    if mapped is not None:
        return mapped
    known = {plain(heading): heading for heading in reversed(headings) if plain(heading) in _HEADINGS}
    ranked = [*NAMES[TARGET], *sorted(_HEADINGS)]
    return next((known[name] for name in ranked if name in known), None)


@lru_cache(maxsize=1_024)
def country_of(cell: str) -> str | None:
    """Return the ISO 3166 code of a country by its code of two or three letters or its name.

    Additions count for nothing: `United States (US)`, `España - Península`.  None if there is no such
    country, or it has no phone numbers.
    """
    if len(cell) > MAX_NAME:
        return None
    known = {_known(cell)} - {None} or {_known(part) for part in re.split(r"[(),/]| - ", cell)} - {None}
    return known.pop() if len(known) == 1 else None


def _known(name: str) -> str | None:
    found = _by_code(name.strip().upper()) or _by_name(_bare(name))
    return found if found is not None and country_code(found) else None


def _by_code(code: str) -> str | None:
    """The country of a code; those of three letters are aliases in the CLDR."""
    if len(code) == 2 and country_code(code):
        return code
    found: Sequence[str] = get_global("territory_aliases").get(code, ()) if len(code) in (2, 3) else ()
    return str(found[0]) if len(found) == 1 else None


def _by_name(name: str) -> str | None:
    known = _OTHER_NAMES.get(name) or _names(_LANGUAGES).get(name)
    return known or _names(_LOCAL_LANGUAGES).get(name)


@lru_cache(maxsize=2)
def _names(languages: tuple[str, ...]) -> Mapping[str, str]:
    """The codes of countries by their names in some languages, the first language last."""
    found: dict[str, str] = {}
    for language in reversed(languages):
        territories = Locale.parse(language).territories
        found |= {_bare(name): code for code, name in territories.items() if len(code) == 2}
    return found


def _bare(name: str) -> str:
    """A name without case, accents and punctuation, in any script."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    kept = (sign if sign.isalnum() else " " for sign in letters if not unicodedata.combining(sign))
    return " ".join("".join(kept).split())
