"""The list of contacts: a table on a wide screen, cards on a phone.

A row links to the contact's sheet, a heading to the list in another order.  Rows are
selected in the browser; the script receives the selection together with the chosen action.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from dashboard import formats
from dashboard.listing.contact_columns import Column, Reading, name_of
from dashboard.listing.list_address import ListAddress
from dashboard.ui.browser_component import browser_component
from engine.contacts.contact_rows import ContactRow
from engine.contacts.listing.listing import ContactPage, Listing, Total
from engine.domain.activities import ContactId

MAX_TICKED = 10_000
"""Rows that can be selected one by one; beyond that, all that match are selected."""


@dataclass(frozen=True)
class Action:
    """An action on selected contacts.

    `tone` is `danger` if it removes something.  With `exactly`, it is offered only while so many
    contacts are selected one by one.
    """

    id: str
    label: str
    tone: str = ""
    exactly: int | None = None


@dataclass(frozen=True)
class ChosenContacts:
    """The selection when an action was chosen: contacts, or all in the list `but` some."""

    action: str
    ids: tuple[ContactId, ...]
    all: bool
    but: tuple[ContactId, ...] = ()


@dataclass(frozen=True)
class Handlers:
    """The actions of the list and their callbacks.

    Parameters:
      actions: The actions on selected rows; without any, rows cannot be selected.
      act: Called with the selection.
      remove: Called with a contact to delete; unset if the user may not delete.
    """

    actions: Sequence[Action] = ()
    act: Callable[[ChosenContacts], None] | None = None
    remove: Callable[[ContactId], None] | None = None


READ_ONLY = Handlers()


def contact_list(
    page: ContactPage,
    *,
    columns: Sequence[Column],
    address: ListAddress,
    reading: Reading,
    key: str,
    handlers: Handlers = READ_ONLY,
    generation: int = 0,
) -> None:
    """Show a page of a list.  The selection is kept on its other pages, until `generation` changes."""

    def act() -> None:
        data = st.session_state[key].get("act")
        if data is not None and handlers.act is not None:
            handlers.act(_ticked(data))

    def remove() -> None:
        data = st.session_state[key].get("remove")
        if data is not None and handlers.remove is not None:
            handlers.remove(ContactId(str(data["id"])))

    data = {
        "label": "Contacts",
        "scope": f"{_scope(address.whole)} {generation}",
        "columns": [_heading(column, address) for column in columns],
        "rows": [_row(row, columns, address, reading) for row in page.rows],
        "selectable": bool(handlers.actions),
        "deletable": handlers.remove is not None,
        "actions": [
            {"id": a.id, "label": a.label, "tone": a.tone, "exactly": a.exactly} for a in handlers.actions
        ],
        "total": _total(page),
        "locale": str(formats.locale()).replace("_", "-"),
    }
    browser_component(__file__, "contact_list", html='<div class="list"></div>', elements=True)(
        key=key, data=data, on_act_change=act, on_remove_change=remove
    )


def counted(total: Total) -> str:
    """`312`, or `over 1,000` where an exact count would be slow."""
    return formats.count(total.count) if total.exact else f"over {formats.count(total.count)}"


def _total(page: ContactPage) -> dict[str, object]:
    """The total as text, as a number if it is exact, and whether there are more pages."""
    total = page.total
    number = total.count if total.exact else None
    return {"words": counted(total), "number": number, "more": total.count > len(page.rows)}


def _ticked(data: Any) -> ChosenContacts:
    ids, but = (tuple(ContactId(str(id_)) for id_ in data[name][:MAX_TICKED]) for name in ("ids", "but"))
    return ChosenContacts(str(data["action"]), ids, bool(data["all"]), but)


def _scope(listing: Listing) -> str:
    """The filters and search that a selection belongs to, in any order."""
    data = listing.in_address()
    return f"{data.get('q')} {data.get('where')}"


def _heading(column: Column, address: ListAddress) -> dict[str, object]:
    data = {"id": column.id, "label": column.label, "css": column.css, "width": column.width}
    if column.sort is None:
        return {**data, "sort": None, "phone": column.phone}
    sorted_ = address.listing.sort == column.sort
    way = "descending" if address.listing.descending else "ascending"
    sort = {"href": address.sorted_by(column.sort), "direction": way if sorted_ else "none"}
    return {**data, "sort": sort, "phone": column.phone}


def _row(
    row: ContactRow, columns: Sequence[Column], address: ListAddress, reading: Reading
) -> dict[str, object]:
    cells = [column.cell(row, reading) for column in columns]
    return {
        "id": row.id,
        "name": name_of(row),
        "href": address.sheet(row.id),
        "cells": [{"text": cell.text, "tone": cell.tone} for cell in cells],
    }
