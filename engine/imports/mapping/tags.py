"""Tags of other tools: what one cell has of them, and the static segments that they are here."""

from __future__ import annotations

from collections.abc import Mapping

from engine.imports.mapping.values import read_list

TARGET = "tags"
"""The target of a column of tags; several columns can have it."""

LABEL = "Tags, as static segments"

HEADINGS = (
    "tags", "tag", "labels", "label", "etiquetas", "etiqueta", "etiquettes", "schlagworte", "etichette",
    "group membership",
)  # fmt: skip

MAX_NAME = 80
"""Characters of a tag: those that the name of a segment can have."""

_OF_THE_TOOL = frozenset({"mycontacts", "starred", "my contacts"})
"""Groups that everybody in an address book is in."""


def read_tags(cell: str) -> list[str]:
    """Return the tags of a cell: `"VIP","Blog"`, `vip, swim`, `* myContacts ::: Friends`, a JSON array."""
    found = (" ".join(item.strip().removeprefix("* ").split()) for item in read_list(cell))
    named = (name[:MAX_NAME].strip() for name in found if name and name.lower() not in _OF_THE_TOOL)
    return list({name.casefold(): name for name in reversed(list(named))}.values())[::-1]


def divided(names: list[str], segments: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Return the ids of the static segments that tags are, and the tags that are none.

    `segments` has the ids by what a cell can call them (`columns.static_segments`).
    """
    known = [segments[name.lower()] for name in names if name.lower() in segments]
    return known, [name for name in names if name.lower() not in segments]
