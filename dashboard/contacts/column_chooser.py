"""The columns of the list of contacts: chosen per user, or saved with a view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st

from dashboard.listing.contact_columns import DEFAULT, Column
from dashboard.listing.list_address import ListAddress
from dashboard.ui.markup import escape_label, show, tag
from dashboard.ui.router import go_to
from engine.accounts.actor import Actor
from engine.contacts.listing import view_service
from engine.contacts.listing.views import View


def columns_of(address: ListAddress, present: View | None, usual: Sequence[str]) -> tuple[str, ...]:
    """The columns to show: those of the address, else of the view, else the user's own."""
    of_view = () if present is None else present.columns
    return address.columns or of_view or tuple(usual) or DEFAULT


def column_chooser(
    actor: Actor,
    shown: Sequence[str],
    known: Mapping[str, Column],
    *,
    present: View | None,
    address: ListAddress,
) -> None:
    """Show the column menu.  A choice is remembered for the user; in a view it is saved with the view."""
    names = [name for name in known if name != "name"]
    now = [name for name in shown if name in names]
    key = f"contacts.columns.{'.'.join(now)}.{address.view}"

    def choose() -> None:
        _keep(actor, tuple(st.session_state[key]), present, address)

    def reset() -> None:
        _keep(actor, (), present, address)

    with st.popover("Columns", icon=":material/view_column:", key="contacts.columns"):
        st.multiselect(
            "Columns, in order",
            names,
            default=now,
            format_func=lambda name: escape_label(known[name].label),
            key=key,
            on_change=choose,
        )
        show(tag("div", "New columns are added at the end. The contact is always first.", "cs-sub"))
        st.button("Reset to default", key="contacts.columns.reset", on_click=reset)


def _keep(actor: Actor, columns: tuple[str, ...], present: View | None, address: ListAddress) -> None:
    if present is None:
        view_service.remember_columns(actor, columns)
        go_to(replace(address, columns=()).here)
    else:
        go_to(replace(address, columns=columns).here)
