"""Problems of a file or of its rows, in words by which the user can fix them."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import Invalid


class UnreadableFile(Invalid):
    """A file that cannot be read."""


@dataclass(frozen=True)
class Problem:
    """A problem at a line of a file, counted from 1 as editors and spreadsheets do.

    Parameters:
      kind: One of `KINDS`, by which problems are counted.
      column: The heading of the cell, if the problem is one cell's.
      refuses: Whether the row is refused; a mere notice does not.
    """

    line: int
    kind: str
    message: str
    column: str = ""
    refuses: bool = True


ERASED = "erased"
"""The kind of a row about a person who was erased: none of its cells may be stored."""

KINDS = {
    "ragged": "more cells than headings",
    "short": "fewer cells than headings",
    "quote": "a quotation mark that is never closed",
    "nul": "NUL bytes",
    "encoding": "characters that cannot be read",
    "too_large": "a cell or line that is too large",
    "heading": "headings",
    "empty": "no rows",
    "identity": "no id, email or phone",
    "email": "no email address",
    "phone": "no phone number",
    "external_id": "no external id",
    "value": "a value that does not fit its field",
    "option": "a value that its field does not offer",
    "consent": "a subscription that cannot be read",
    "segment": "a segment that contacts cannot be put into",
    "repeated": "a contact that an earlier line names",
    "two_contacts": "two different contacts in one row",
    "erased": "an erased contact",
    "exists": "there already (only new ones are created)",
    "unknown": "not there yet (only known ones are changed)",
}
"""The label of each kind of problem."""
