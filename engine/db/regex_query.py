"""Regular expressions in MongoDB: one text that takes too long to match fails the whole query.

A pattern means the same in MongoDB and in Python, where each runs in linear time.  MongoDB
backtracks: `.*a.*b` over a thousand letters is enough to fail, and a visitor can send such a
text.  Callers have to handle that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.errors import OperationFailure

from engine.errors import Invalid

_GAVE_UP = 51156
"""MongoDB's code for a regular expression that exceeded its limits."""


class RegexTooComplex(Invalid):
    """MongoDB exceeded its limits on one of the texts."""

    def __init__(self) -> None:
        super().__init__(
            "some contact has a text on which MongoDB gives up to try this `matches`: "
            "write it with fewer `*` and `+`, or make a segment of it"
        )


@contextmanager
def regex_errors() -> Iterator[None]:
    """Raise RegexTooComplex if a query within the block exceeds MongoDB's limits."""
    try:
        yield
    except OperationFailure as error:
        if error.code != _GAVE_UP:
            raise
        raise RegexTooComplex from None
