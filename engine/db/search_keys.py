"""What a contact's document holds only so that it can be found, listed and sorted.

All of it follows from the rest of the document.  `facets` are what has few values, each
said outright (also that there is none), in one small document: one wildcard index over it
answers for every one of them, and for every status that an admin may declare.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

Document = dict[str, Any]

NAMES = ("names", "sort_name", "facets")
"""The fields that `findable` makes."""

READ = [
    "first_name", "last_name", "email", "mobile_phone", "external_id", "identified", "mail.address",
    "mobile.address", "cart.state", "statuses", "active_at", "last_seen",
]  # fmt: skip
"""The fields that it makes them of."""

AWAY_AFTER = timedelta(days=7)
"""A contact is `away` if the last that was done to it is so much later than its own last act, or
if it never acted: mails go out to it, and it does not come.  Then its places by `active_at` and
by `last_seen` say different things (see `engine.contacts.listing.inactive_order`)."""


def findable(document: Mapping[str, Any]) -> Document:
    """The fields that a contact is found by, out of its document."""
    made = {"names": search_words(document), "sort_name": sort_name(document), "facets": _facets(document)}
    return {name: value for name, value in made.items() if value}


LONGEST_NAME = 200
"""Letters of a name by which one finds."""

MOST_WORDS = 12
"""Words of a name by each of which one finds; nobody has more."""

_WORD = re.compile(r"[^\W_]+")


def search_words(document: Mapping[str, Any]) -> list[str]:
    """What a name is found by, in plain letters: from each of its words on to its end.

    `Ana de la Peña` is found by `pena` and by `de la pe`, as by `ana`.
    """
    called = as_searched(" ".join(_name_parts(document)))
    starts = [word.start() for word in _WORD.finditer(called)][:MOST_WORDS] or [0]
    return sorted({called[start:] for start in starts} - {""})


def as_searched(text: str) -> str:
    """A name, or the beginning of one, as names are kept to be found by."""
    return " ".join(plain_letters(text).split())[:LONGEST_NAME]


def sort_name(document: Mapping[str, Any]) -> str | None:
    """What a contact comes under in the order of names; unset for a stranger.

    Accents do not count: `Álvaro` comes under `alvaro`.
    """
    called = " ".join(_name_parts(document))
    others = (document.get(name) for name in ("email", "mobile_phone", "external_id"))
    called = called or next((str(other) for other in others if other), "")
    return plain_letters(called) if called else None


def plain_letters(text: str) -> str:
    """A text in small letters without accents."""
    small = text.casefold()
    if small.isascii():
        return small
    return "".join(c for c in unicodedata.normalize("NFKD", small) if not unicodedata.combining(c))


def _name_parts(document: Mapping[str, Any]) -> list[str]:
    return [part for name in ("first_name", "last_name") if (part := document.get(name))]


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
    # Said only of those who are: nobody asks for the others, and an index entry less is one less to write.
    return {**facets, "away": True} if is_away(document) else facets


def _has_address(document: Mapping[str, Any], channel: str) -> bool:
    return document.get(channel, {}).get("address") is not None
