"""Regular expressions in MongoDB: it gives a whole query up over one text that takes it too long.

Rules are compiled so that a pattern means the same in MongoDB and here, where each runs in
linear time.  In MongoDB `.*a.*b` over a thousand letters is enough for it to give up; a
visitor can send such a text.  Whoever asks MongoDB has to know what to do then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.errors import OperationFailure

from engine.errors import ContactSheetsError

_GAVE_UP = 51156
"""What MongoDB calls it when a regular expression could not be evaluated."""


class RegexTooComplex(ContactSheetsError):
    """MongoDB cannot tell for one of the texts whether it matches."""

    def __init__(self) -> None:
        super().__init__(
            "some contact has a text on which MongoDB gives up to try this `matches`: "
            "write it with fewer `*` and `+`, or make a segment of it"
        )


@contextmanager
def regex_errors() -> Iterator[None]:
    """Raise RegexTooComplex if MongoDB gives up within the block."""
    try:
        yield
    except OperationFailure as error:
        if error.code != _GAVE_UP:
            raise
        raise RegexTooComplex from None
