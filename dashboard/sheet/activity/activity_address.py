"""The timeline's filters in the sheet's address, so that a link shows the same activities."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from urllib.parse import quote, unquote

from engine.contacts.sheet.timelines import TimelineFilter

TYPES, FIRST, LAST, TEXT = "type", "from", "to", "find"
PARAMETERS = (TYPES, FIRST, LAST, TEXT)

MAX_TEXT = 200
"""Characters of a search."""


def read(parameters: Mapping[str, str]) -> TimelineFilter:
    """Read the filters from an address; invalid parts are ignored."""
    types = tuple(unquote(type_) for type_ in parameters.get(TYPES, "").split(",") if type_)
    return TimelineFilter(
        types, _day(parameters, FIRST), _day(parameters, LAST), parameters.get(TEXT, "")[:MAX_TEXT]
    )


def parameters(wanted: TimelineFilter) -> dict[str, str]:
    """The parameters for these filters, without empty ones."""
    found = {
        TYPES: ",".join(quote(type_, safe="") for type_ in wanted.types),
        FIRST: "" if wanted.first is None else wanted.first.isoformat(),
        LAST: "" if wanted.last is None else wanted.last.isoformat(),
        TEXT: wanted.text.strip()[:MAX_TEXT],
    }
    return {name: value for name, value in found.items() if value}


def _day(parameters: Mapping[str, str], name: str) -> date | None:
    try:
        return date.fromisoformat(parameters.get(name, ""))
    except ValueError:
        return None
