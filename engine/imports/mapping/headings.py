"""Headings of columns in the form in which they are compared."""

from __future__ import annotations

import re
import unicodedata

_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_OTHER = re.compile(r"[^a-z0-9]+")
_HINT = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}")
_LETTERS = str.maketrans(
    {
        "ß": "ss",
        "ł": "l",
        "Ł": "L",
        "ø": "o",
        "Ø": "O",
        "œ": "oe",
        "Œ": "OE",
        "æ": "ae",
        "Æ": "AE",
        "đ": "d",
        "\u0131": "i",
    }
)
"""Letters that Unicode does not take apart into a plain one and its accent."""


def plain(heading: str) -> str:
    """Return a heading in the form in which headings are compared: ASCII letters and digits, no case."""
    letters = unicodedata.normalize("NFKD", _HUMP.sub(" ", heading.translate(_LETTERS)))
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(_OTHER.sub(" ", bare.lower()).split())


def without_hint(heading: str) -> str:
    """Return a heading in that form without what stands in brackets: `Email (required)` is `email`."""
    return plain(_HINT.sub(" ", heading))
