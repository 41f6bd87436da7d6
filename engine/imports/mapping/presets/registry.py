"""All presets, and which of them recognises a file."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from engine.imports.mapping.headings import plain
from engine.imports.mapping.presets.address_books import ADDRESS_BOOKS
from engine.imports.mapping.presets.crms import CRMS
from engine.imports.mapping.presets.mailing_tools import MAILING_TOOLS
from engine.imports.mapping.presets.preset import Preset
from engine.imports.mapping.presets.shops import SHOPS

NONE = "none"
"""The choice of no preset: columns are matched by their headings and values alone."""

PRESETS: Mapping[str, Preset] = {one.id: one for one in (*MAILING_TOOLS, *CRMS, *SHOPS, *ADDRESS_BOOKS)}
"""By their id, in the order in which they are tried."""


def recognised(headings: Collection[str], name: str) -> Preset | None:
    """Return the preset of a file with these plain headings and this name; None if there is none."""
    found = set(headings)
    return next((preset for preset in PRESETS.values() if preset.recognises(found, name)), None)


def words_of(preset: str, headings: Collection[str]) -> dict[str, Mapping[str, str]]:
    """Return what the words of a file's columns mean by a preset, by heading."""
    known = PRESETS[preset].words if preset in PRESETS else {}
    return {heading: known[plain(heading)] for heading in headings if plain(heading) in known}


def is_explained(preset: str, heading: str) -> bool:
    """Return whether a preset knows of a column that it is left out, and does not say who refused."""
    return preset in PRESETS and PRESETS[preset].columns.get(plain(heading)) == ""
