"""Problems of a file or of its rows, in words by which the user can fix them."""

from __future__ import annotations

from dataclasses import dataclass, replace

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

    def as_notice(self) -> Problem:
        """Return the problem as one that does not refuse the row."""
        return replace(self, refuses=False)


ERASED = "erased"
"""The kind of a row about a person who was erased: none of its cells may be stored."""

CELL_KINDS = frozenset({"email", "phone", "external_id", "value", "option", "consent", "segment", "further"})
"""The kinds of a cell that cannot be read, and that is left out where the row is imported."""

KINDS = {
    "ragged": "more cells than headings",
    "short": "fewer cells than headings",
    "no_heading": "cell without a heading (left out)",
    "quote": "stray quotation mark",
    "nul": "NUL bytes",
    "encoding": "unreadable characters",
    "too_large": "cell or line too large",
    "heading": "headings",
    "empty": "no rows",
    "identity": "no external ID, email or phone",
    "email": "invalid email",
    "phone": "invalid phone number",
    "external_id": "invalid external ID",
    "value": "value that does not fit the field",
    "option": "value that is not one of the choices",
    "consent": "unreadable subscription",
    "segment": "segment that cannot be filled by an import",
    "tag": "tag that is no static segment (left out)",
    "further": "further emails or phones in a cell (left out)",
    "repeated": "duplicate of an earlier line",
    "two_contacts": "two different contacts in one row",
    "erased": "erased contact",
    "order": "order number or date missing",
    "contradiction": "rows of one order that contradict each other",
    "not_placed": "not an order yet, by its status (left out)",
    "status": "unknown status (the order counts)",
    "same_order": "further row of a refused order",
    "amount": "unreadable amount (the order counts, in no sum)",
    "type": "type of activity that cannot be imported",
    "without_effect": "activities without effect",
    "conflict": "other activity with the same ID",
    "exists": "existing contact (only new ones are created)",
    "unknown": "unknown contact (only existing ones are updated)",
}
"""The label of each kind of problem."""
