"""A contact's sheet: Profile and Activity."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboard.components import profile
from dashboard.components.activity_tab import activity_tab
from dashboard.components.asking import ask
from dashboard.components.points_card import points_card
from dashboard.components.sheet_card import card
from dashboard.components.sheet_dialogs import DELETE, open_dialog
from dashboard.components.sheet_header import Neighbours, title, ways
from dashboard.components.sheet_menu import sheet_menu
from dashboard.components.text import Html, empty_state, show
from dashboard.installation import database, time_zone
from dashboard.list_address import ListAddress
from engine.access import reading
from engine.access.accounts import CurrentUser
from engine.access.permissions import Permission, may, require
from engine.access.reading import Hidden
from engine.core.activities import ContactId
from engine.store import listing as listings
from engine.store import rulesets
from engine.store.connection import utc_now
from engine.store.sheets import Sheet


def render(user: CurrentUser, wanted: str) -> None:
    """The sheet of the contact that the address names; an old id leads on to the living one."""
    require(user, Permission.SEE)
    listed = _listed()
    contact = reading.find(database(), user, wanted)
    sheet = None if contact is None else reading.sheet(database(), user, contact, now=utc_now())
    if contact is None or sheet is None:
        show(ways(listed, (None, None)))
        empty_state(
            "No such contact", "It may have been erased, or the address is not complete.", whole="page"
        )
        return
    if contact != wanted:
        st.query_params["contact"] = contact
    show(ways(listed, _beside(user, listed, contact)))
    _top(user, sheet)
    shown = _TABS.get(st.query_params.get(_TAB, ""), _TABS["profile"])
    about, activity = st.tabs(list(_TABS.values()), default=shown, key="sheet.tab", on_change="rerun")
    _remember("activity" if activity.open else "profile")
    if about.open:
        with about:
            _profile(user, sheet)
    if activity.open:
        with activity:
            activity_tab(user, contact)
    open_dialog(user, listed)


def _listed() -> ListAddress:
    """The list that one came from, as the sheet's address says."""
    address = ListAddress.read(st.query_params.to_dict(), page={})
    listing, _ = listings.known(database(), address.listing)
    return address.showing(listing)


_TAB, _TABS = "tab", {"profile": "Profile", "activity": "Activity"}


def _remember(tab: str) -> None:
    """Let the address say which tab is open; nothing for the first."""
    if tab != "profile":
        st.query_params[_TAB] = tab
    elif _TAB in st.query_params:
        del st.query_params[_TAB]


def _beside(user: CurrentUser, listed: ListAddress, contact: ContactId) -> Neighbours:
    try:
        return reading.neighbours(database(), user, listed.listing, contact)
    except Hidden:
        return None, None


def _top(user: CurrentUser, sheet: Sheet) -> None:
    """Who it is, and what can be done with the sheet as a whole."""
    changes = may(user, Permission.EDIT_CONTACTS)
    with st.container(horizontal=True, key="sheet-top"):
        with st.container(width="stretch"):
            show(title(sheet, now=utc_now(), zone=time_zone()))
        with st.container(horizontal=True, width="content", key="sheet-actions"):
            delete = partial(ask, DELETE, sheet.id) if changes else None
            sheet_menu(sheet.id, delete=delete, unsaved=False)


def _profile(user: CurrentUser, sheet: Sheet) -> None:
    zone = time_zone()
    labels = {field.id: field.label for field in rulesets.current(database()).fields.values()}
    left, right = st.columns([1, 1], gap="medium")
    with left:
        _card("fields", profile.fields(sheet, zone))
        _card("reach", profile.reach(sheet))
        with card("statuses"):
            show(profile.statuses(sheet, zone))
            with st.expander("How they came about", key="sheet.moves", on_change="rerun") as moved:
                if moved.open:
                    found = reading.reasons(database(), user, sheet.id, now=utc_now())
                    show(profile.moves(found, zone) if found else Html(""))
        with card("segments"):
            show(profile.segments(sheet, zone))
            with st.expander("Why in and out", key="sheet.why", on_change="rerun") as why:
                if why.open:
                    found = reading.reasons(database(), user, sheet.id, now=utc_now())
                    show(profile.whys(found, zone) if found else Html(""))
        _card("custom", profile.custom(sheet, labels))
        _card("trackers", profile.trackers(sheet))
    with right:
        points_card(user, sheet)
        _card("commerce", profile.commerce(sheet.commerce, zone))
        _card("cart", profile.cart(sheet.commerce, zone))


def _card(name: str, content: Html) -> None:
    with card(name):
        show(content)
