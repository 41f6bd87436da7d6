"""Words for admins: what was meant, perhaps."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches


def did_you_mean(word: str, known: Collection[str]) -> str:
    """`, did you mean …?` if one of `known` is close to `word`; else what there is, if little."""
    close = get_close_matches(word, list(known), n=1)
    if close:
        return f", did you mean {close[0]!r}?"
    return f"; it can be {', '.join(sorted(known))}" if 0 < len(known) <= 8 else ""
