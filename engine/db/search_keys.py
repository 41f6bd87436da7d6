"""The fields of a contact's document by which it is searched, filtered and sorted.

All of them follow from the rest of the document.  `facets` are fields of few values, each
stored explicitly (absence, too), in one small document: one wildcard index over it serves
all of them, and every status that an admin may declare.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from engine.domain.document import Document
from engine.domain.folding.profile import full_name

SEARCH_FIELDS = ("names", "sort_name", "facets")
"""The fields that `search_fields` computes."""

SOURCE_FIELDS = [
    "first_name", "last_name", "email", "mobile_phone", "external_id", "identified", "mail.address",
    "mobile.address", "mail.failing", "mobile.failing", "cart.state", "commerce.unclear", "statuses",
    "rfm.category", "rfm.code", "active_at", "last_seen",
]  # fmt: skip
"""The fields that they are computed from."""

AWAY_AFTER = timedelta(days=7)
"""A contact is `away` if the last that was done to it is so much later than its own last act, or
if it never acted: mails go out to it, and it does not come.  Then its places by `active_at` and
by `last_seen` say different things (see `engine.contacts.listing.inactive_order`)."""


def search_fields(document: Mapping[str, Any]) -> Document:
    """The fields that a contact is found by, out of its document."""
    made = {"names": search_words(document), "sort_name": sort_name(document), "facets": _facets(document)}
    return {name: value for name, value in made.items() if value}


MAX_NAME = 200
"""Letters of a name that are indexed."""

MAX_WORDS = 12
"""Words of a name that are indexed."""

_WORD = re.compile(r"[^\W_]+")


def search_words(document: Mapping[str, Any]) -> list[str]:
    """The search keys of a name, in plain letters: its end from each word on.

    `Ana de la Peña` is found by `pena` and by `de la pe`, as by `ana`.
    """
    name = searchable(_full_name(document))
    starts = [word.start() for word in _WORD.finditer(name)][:MAX_WORDS] or [0]
    return sorted({name[start:] for start in starts} - {""})


def searchable(text: str) -> str:
    """A name, or the beginning of one, as names are kept to be found by."""
    return " ".join(plain_letters(text).split())[:MAX_NAME]


def sort_name(document: Mapping[str, Any]) -> str | None:
    """The sort key of a contact by name; unset for an anonymous one.

    Accents do not count: `Álvaro` comes under `alvaro`.
    """
    others = (document.get(name) for name in ("email", "mobile_phone", "external_id"))
    name = _full_name(document) or next((str(other) for other in others if other), "")
    return plain_letters(name) if name else None


def plain_letters(text: str) -> str:
    """A text in small letters without accents."""
    small = text.casefold()
    if small.isascii():
        return small
    return "".join(c for c in unicodedata.normalize("NFKD", small) if not unicodedata.combining(c))


def _full_name(document: Mapping[str, Any]) -> str:
    return full_name(document.get("first_name"), document.get("last_name"))


def is_away(document: Mapping[str, Any]) -> bool:
    """Whether something was done to a contact long after it last acted by itself."""
    active, seen = document.get("active_at"), document.get("last_seen")
    return active is not None and (seen is None or active - seen >= AWAY_AFTER)


def _facets(document: Mapping[str, Any]) -> Document:
    facets = {
        "identified": document["identified"],
        "email": _has_address(document, "mail"),
        "mobile_phone": _has_address(document, "mobile"),
        "cart": (document.get("cart") or {}).get("state", "none"),
        "statuses": {machine: status["state"] for machine, status in document.get("statuses", {}).items()},
    }
    # Set only where true: no filter asks for the others, and each index entry costs a write.
    if is_away(document):
        facets["away"] = True
    if document.get("commerce", {}).get("unclear"):
        facets["unclear_orders"] = True
    for name, channel in (("email_failures", "mail"), ("mobile_failures", "mobile")):
        if failing := document.get(channel, {}).get("failing"):
            facets[name] = len(failing)
    if document.get("rfm"):
        facets |= {"rfm": document["rfm"]["category"], "rfm_code": document["rfm"]["code"]}
    return facets


def _has_address(document: Mapping[str, Any], channel: str) -> bool:
    return document.get(channel, {}).get("address") is not None
