"""Several emails or phones in one cell: the first that can be read identifies, the others are kept aside."""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.domain.fields import CUSTOM
from engine.domain.identity.identities import IdentityKind
from engine.domain.rulebook import Ruleset

_SEPARATORS = re.compile(r":::|[;,|\n\r]|\s/\s")

MOST = 20
"""Values of a cell that are read."""

_FIELDS: Mapping[IdentityKind, tuple[str, ...]] = {
    IdentityKind.EMAIL: ("further_emails", "other_emails", "more_emails", "emails", "secondary_emails"),
    IdentityKind.PHONE: ("further_phones", "other_phones", "more_phones", "phones", "secondary_phones"),
}
"""The ids of list fields that keep the others, if an account has one of them."""


def values_in(cell: str) -> list[str]:
    """Return the values of a cell; a cell without separators has one."""
    parts = (part.strip() for part in _SEPARATORS.split(cell))
    return list(dict.fromkeys(part for part in parts if part))[:MOST]


def field_for(kind: IdentityKind, ruleset: Ruleset) -> str | None:
    """Return the target that keeps further values of a kind; None if no list field is there for them."""
    known = (ruleset.fields.get(id_) for id_ in _FIELDS.get(kind, ()))
    return next((CUSTOM + one.id for one in known if one is not None and one.type == "list"), None)
