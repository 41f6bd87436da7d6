"""Values that say nothing: null, blank or invisible text, empty lists and objects."""

from __future__ import annotations

import re
from typing import Any

_INVISIBLE_CLASS = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\U0001d173-\U0001d17a\U000e0001-\U000e007f\U000e0100-\U000e01ef"
)
"""Characters without a shape: zero-width spaces and joiners, byte order and direction marks, fillers."""

_INVISIBLE = re.compile(f"[{_INVISIBLE_CLASS}]+")
_ALL_BLANK = re.compile(rf"[\s{_INVISIBLE_CLASS}]*")


def visible(text: str) -> str:
    """The text without invisible characters and outer white space."""
    return text.strip() if text.isascii() else _INVISIBLE.sub("", text).strip()


def trimmed(text: str) -> str:
    """The text without white space and invisible characters at its ends; those within it stay."""
    if text.isascii():
        return text.strip()
    first = _ALL_BLANK.match(text)
    last = _ALL_BLANK.match(text[::-1])
    start, end = first.end() if first else 0, len(text) - (last.end() if last else 0)
    return text[start:end] if start < end else ""


def is_blank(value: Any) -> bool:
    """Whether a value is absent, however it is spelt: `null`, `""`, `[]`, `{}`, white space, or nested ones.

    False and nought are values.
    """
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, list | dict):
            pending.extend(item.values() if isinstance(item, dict) else item)
        elif not (item is None or (isinstance(item, str) and not visible(item))):
            return False
    return True
