"""The dialogs that save, edit and delete a view of the list of contacts."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st
import uuid_utils

from dashboard.listing.list_address import ALL, ListAddress
from dashboard.ui.dialog_state import close_dialog, confirm_buttons
from dashboard.ui.markup import joined, show, tag
from dashboard.ui.problems import show_errors
from dashboard.ui.router import go_to
from dashboard.ui.undo_bar import undo_bar
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts.listing import view_service
from engine.contacts.listing.listing import Listing
from engine.contacts.listing.view_service import MAX_NAME
from engine.contacts.listing.views import View

_DELETED = "views.deleted"
_ID = "views.new"


def present_address() -> ListAddress:
    """The list that is shown."""
    return ListAddress.read(st.query_params.to_dict(), page={})


def save_view(actor: Actor, present: View | None) -> None:
    """Ask for a name, and save the shown list as a view."""
    address = present_address()
    id_: str = st.session_state.setdefault(_ID, uuid_utils.uuid7().hex)
    show(tag("div", "Saves search, filters, sorting, columns and rows per page.", "cs-sub"))
    with st.form("views.save", border=False):
        name: str = st.text_input("Name", key="views.save.name", max_chars=MAX_NAME)
        shared = _sharing(actor, value=False, key="views.save.shared")
        sure = st.form_submit_button("Save", type="primary", key="views.save.sure")
    if sure:
        columns = address.columns or (() if present is None else present.columns)
        with show_errors():
            kept = view_service.save(
                actor,
                name,
                address.listing,
                columns=columns,
                size=address.size,
                shared=shared,
                id_=id_,
            )
            _done(ListAddress.of_view(kept))


def edit_view(actor: Actor, view: View) -> None:
    """Change a view's name and sharing."""
    with st.form("views.edit", border=False):
        name: str = st.text_input("Name", view.name, key="views.edit.name", max_chars=MAX_NAME)
        own = view.owner == actor.user.id
        shared = _sharing(actor, value=view.shared, key="views.edit.shared") if own else view.shared
        sure = st.form_submit_button("Save", type="primary", key="views.edit.sure")
    if sure:
        with show_errors():
            kept = view_service.change(actor, view, name=name, shared=shared)
            _done(replace(present_address(), view=kept.id))


def delete_view(actor: Actor, view: View) -> None:
    """Ask, and delete the view; its contacts are not affected."""
    whose = " for the whole team" if view.shared else ""
    words = f" will be deleted{whose}. Its contacts are not affected."
    show(tag("div", joined([tag("b", view.name), words]), "cs-confirm"))
    if confirm_buttons("Delete", key="views.delete", danger=True):
        with show_errors():
            view_service.delete(actor, view)
            st.session_state[_DELETED] = view
            _done(ListAddress(Listing(), view=ALL))


def just_deleted_view(actor: Actor) -> None:
    """Show the view that was deleted last, with Undo."""
    view: View | None = st.session_state.get(_DELETED)
    if view is None:
        return

    def undo() -> None:
        view_service.restore(actor, view)
        del st.session_state[_DELETED]
        _done(ListAddress.of_view(view))

    message = joined(["The view ", tag("b", view.name), " was deleted."])
    undo_bar(message, key=_DELETED, undo=undo, state=_DELETED)


def _sharing(actor: Actor, *, value: bool, key: str) -> bool:
    if not actor.may(Permission.EDIT_CONTACTS):
        return value
    return st.checkbox("Share with the team", value, key=key)


def _done(address: ListAddress) -> None:
    st.session_state.pop(_ID, None)
    close_dialog()
    go_to(address.here)
    st.rerun()
