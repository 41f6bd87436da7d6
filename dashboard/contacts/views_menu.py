"""The menu of saved views over the list of contacts."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st
from markupsafe import Markup

from dashboard.listing.list_address import ALL, ListAddress
from dashboard.ui.dialog_state import open_dialog
from dashboard.ui.markup import escape_label, joined, link, show, tag
from dashboard.ui.problems import show_errors
from dashboard.ui.router import go_to
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts.listing import view_service
from engine.contacts.listing.listing import Listing
from engine.contacts.listing.views import View

SAVE, EDIT, DELETE = "save-view", "edit-view", "delete-view"
"""The dialogs that this menu opens (see `views_dialogs`)."""

EVERYBODY = "All contacts"
MAX_LABEL = 40
"""Characters of a view's name on the menu's button."""


def views_menu(actor: Actor, found: Iterable[View], present: View | None) -> None:
    """Show the menu, labelled with the current view."""
    views_, name = list(found), EVERYBODY if present is None else present.name
    label = name if len(name) <= MAX_LABEL else f"{name[: MAX_LABEL - 1]}…"
    with st.popover(escape_label(label), icon=":material/bookmarks:", key="contacts.views"):
        show(_ways(actor, views_, present))
        if not views_:
            show(tag("div", "Filter or sort the list, then save it as a view.", "cs-sub"))
        _acts(actor, present)


def changed_bar(actor: Actor, present: View | None, address: ListAddress) -> None:
    """Show that the list differs from its view, with buttons to save or reset it."""
    if present is None or not address.differs_from(present):
        return
    with st.container(horizontal=True, vertical_alignment="center", key="contacts-changed"):
        reset = link(ListAddress.of_view(present).here, "Reset")
        show(tag("div", joined([tag("b", present.name), " was changed. ", reset]), "cs-changed"))
        if view_service.may_change(actor, present) and st.button("Save changes", key="contacts.views.update"):
            with show_errors():
                _update(actor, present, address)
        _save_button("Save as new view", "contacts.views.another", present)


def _update(actor: Actor, present: View, address: ListAddress) -> None:
    """Save the shown list as the view."""
    columns = address.columns or present.columns
    shown = {"listing": address.listing, "size": address.size, "columns": columns}
    kept = view_service.change(actor, present, **shown)
    go_to(ListAddress.of_view(kept).here)
    st.rerun()


def _save_button(label: str, key: str, present: View | None) -> None:
    st.button(label, key=key, icon=":material/bookmark_add:", on_click=open_dialog, args=(SAVE, present))


def _acts(actor: Actor, present: View | None) -> None:
    if actor.may(Permission.SAVE_VIEWS):
        _save_button("Save as view", "contacts.views.save", present)
    if present is not None and view_service.may_change(actor, present):
        with st.container(horizontal=True):
            st.button("Edit", key="contacts.views.edit", on_click=open_dialog, args=(EDIT, present))
            st.button("Delete", key="contacts.views.delete", on_click=open_dialog, args=(DELETE, present))
    opened = view_service.usual(actor).view
    here = None if present is None else present.id
    if here != opened:
        label = "Set as my default view" if present is not None else "Set All contacts as my default view"
        st.button(label, key="contacts.views.open", on_click=lambda: view_service.open_with(actor, here))
    elif present is not None:
        show(tag("div", "This is your default view.", "cs-sub"))


def _ways(actor: Actor, found: list[View], present: View | None) -> Markup:
    everybody = _way(ListAddress(Listing(), view=ALL).here, EVERYBODY, "", here=present is None)
    own = [view for view in found if view.owner == actor.user.id]
    others = [view for view in found if view.owner != actor.user.id]
    parts = [everybody, *_group("My views", own, present), *_group("Team views", others, present)]
    return tag("nav", joined(parts), "cs-views", aria_label="Views")


def _group(heading: str, found: list[View], present: View | None) -> list[Markup]:
    if not found:
        return []
    ways = [
        _way(
            ListAddress.of_view(view).here,
            view.name,
            ("shared" if heading == "My views" else view.owner_name) if view.shared else "",
            here=present is not None and view.id == present.id,
        )
        for view in found
    ]
    return [tag("div", heading, "cs-menu-group"), *ways]


def _way(address: str, name: str, note: str, *, here: bool) -> Markup:
    words = tag("span", name) + (tag("span", note, "cs-quiet") if note else "")
    return link(address, words, "", aria_current="true" if here else None)
