"""Our own export of activities, recognised by its headings: it comes back in as what it was.

Headings are in the form of `headings.plain`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

HEADINGS: Mapping[str, tuple[str, ...]] = {
    "kept_id": ("activity id",),
    "happened_at": ("happened at",),
    "type": ("activity type",),
    "external_id": ("external id",),
    "email": ("email",),
    "mobile_phone": ("mobile phone",),
    "first_name": ("first name",),
    "last_name": ("last name",),
    "source": ("source",),
    "properties": ("properties",),
    "traits": ("traits",),
    "importable": ("can be imported",),
}
"""What an import fills by the columns of an export, each with its heading; it leaves out the others."""

SIGNATURE = frozenset({"activity id", "happened at", "activity type", "properties", "can be imported"})


def is_own_export(headings: Collection[str]) -> bool:
    """Return whether plain headings are those of an export of activities."""
    return SIGNATURE.issubset(headings)
