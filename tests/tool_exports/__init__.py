"""Files in the form in which other tools export contacts, each with what must become of the people in it.

Headings, separators, quoting, encodings and the words for states are those that the tools document; the people are
invented, and each file has its own, so that all of them can be imported into one shop.
"""

from __future__ import annotations

from tests.tool_exports.address_books import ADDRESS_BOOKS
from tests.tool_exports.crms import CRMS
from tests.tool_exports.export import Person, ToolExport
from tests.tool_exports.mailing import MAILING
from tests.tool_exports.mailing_more import MORE_MAILING
from tests.tool_exports.shops import SHOPS

TOOL_EXPORTS: dict[str, ToolExport] = {
    one.title: one for one in (*MAILING, *MORE_MAILING, *CRMS, *SHOPS, *ADDRESS_BOOKS)
}
"""All of them, by their title."""

__all__ = ["TOOL_EXPORTS", "Person", "ToolExport"]
