"""What is wrong with a file, or with a row of it: said so that the person who has it can mend it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import ContactSheetsError


class UnreadableFile(ContactSheetsError):
    """A file of which not a single row can be read."""


@dataclass(frozen=True)
class Problem:
    """Something wrong at a line of a file, counted from 1 as an editor or spreadsheet does.

    `kind` is what problems are counted by, `column` the heading of the cell at fault, if it
    is one.  With `refuses` the row does not go in; else it goes in and this is to be known.
    """

    line: int
    kind: str
    message: str
    column: str = ""
    refuses: bool = True


ERASED = "erased"
"""The kind of a row about somebody who was erased: nothing of it is kept."""

KINDS = {
    "ragged": "more cells than headings",
    "short": "fewer cells than headings",
    "quote": "a quotation mark that is never closed",
    "nul": "NUL bytes",
    "encoding": "characters that cannot be read",
    "too_large": "a cell or line that is too large",
    "heading": "headings",
    "empty": "no rows",
    "identity": "nobody is named",
    "email": "no email address",
    "phone": "no phone number",
    "external_id": "no external id",
    "value": "a value that does not fit its field",
    "option": "a value that its field does not offer",
    "consent": "a subscription that cannot be read",
    "segment": "a segment that contacts cannot be put into",
    "repeated": "somebody whom an earlier line names",
    "two_contacts": "two different contacts in one row",
    "erased": "somebody who was erased",
    "exists": "there already (only new ones are created)",
    "unknown": "not there yet (only known ones are changed)",
}
"""What each kind of problem is called."""
