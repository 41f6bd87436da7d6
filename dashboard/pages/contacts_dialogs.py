"""The dialogs that open over the list of contacts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard.components import transfer
from dashboard.components.asking import answered, asked
from dashboard.components.deleting import delete_contact
from dashboard.components.new_contact import new_contact
from engine.access.accounts import CurrentUser
from engine.core.activities import ContactId

NEW, IMPORT, EXPORT, HISTORY = "new", "import", "export", "history"
DELETE = "delete"


def open_dialog(user: CurrentUser) -> None:
    """Show the dialog that was asked for, if any; there is room for one at a time."""
    found = asked()
    if found is not None and found.dialog in _DIALOGS:
        _DIALOGS[found.dialog](user, found.about)


@st.dialog("New contact", width="medium", on_dismiss=answered)
def _new(user: CurrentUser, _about: None) -> None:
    new_contact(user)


@st.dialog("Import", on_dismiss=answered)
def _import(_user: CurrentUser, _about: None) -> None:
    transfer.importing()


@st.dialog("Export", on_dismiss=answered)
def _export(_user: CurrentUser, _about: None) -> None:
    transfer.exporting()


@st.dialog("History of imports and exports", on_dismiss=answered)
def _history(_user: CurrentUser, _about: None) -> None:
    transfer.history()


@st.dialog("Delete this contact?", on_dismiss=answered)
def _delete(user: CurrentUser, about: ContactId) -> None:
    delete_contact(user, about)


_DIALOGS: dict[str, Callable[[CurrentUser, Any], None]] = {
    NEW: _new,
    IMPORT: _import,
    EXPORT: _export,
    HISTORY: _history,
    DELETE: _delete,
}
