"""A summary of the contacts that a dialog is about: their names if few, else their number."""

from __future__ import annotations

from markupsafe import Markup

from dashboard import formats
from dashboard.listing.contact_columns import name_of
from dashboard.ui.markup import joined, tag
from engine.accounts.actor import Actor
from engine.contacts.bulk.selection import Selection
from engine.contacts.listing import list_service

NAMED = 3
"""Up to this many contacts are named; for more, only the number is shown."""


def selection_summary(actor: Actor, selection: Selection, number: int | None) -> Markup:
    """The names of the selected contacts, or their number; `number` is unset if counting took too long."""
    if number == 0:
        return Markup("The selected contacts no longer exist.")
    if selection.listing is None and len(selection.ids) <= NAMED:
        rows = list_service.rows(actor, selection.ids)
        return joined((tag("b", name_of(row)) for row in rows.values()), ", ")
    return tag("b", contacts_counted(number))


def contacts_counted(number: int | None) -> str:
    """`1,204 contacts`, or all in the list where the number is unknown."""
    return "all contacts in the list" if number is None else formats.counted(number, "contact")
