"""Contacts: the list, the newest activity first."""

from __future__ import annotations

import streamlit as st

from dashboard import formats, wording
from dashboard.components.contact_list import contact_list
from dashboard.components.text import Html, empty_state, show, tag
from dashboard.installation import database, time_zone
from engine.access.accounts import CurrentUser
from engine.access.permissions import Permission, require
from engine.store import listing
from engine.store.connection import utc_now
from engine.store.listing import ContactPage, Listing

PAGE = 50
_PLACE = "contacts.place"
_SEARCHED = "contacts.searched"


def render(user: CurrentUser) -> None:
    """Search, list, and the way to the next page."""
    require(user, Permission.SEE)
    search = st.text_input(
        "Search",
        key="q",
        type="search",
        live=True,
        bind="query-params",
        placeholder="Search by email, mobile, name, customer number or tracker",
        label_visibility="collapsed",
    )
    if st.session_state.get(_SEARCHED) != search:
        st.session_state[_SEARCHED], st.session_state[_PLACE] = search, None
    page = listing.page(
        database(), Listing(search=search or ""), after=st.session_state.get(_PLACE), limit=PAGE
    )
    if not page.rows:
        _nobody(search or "")
        return
    _count(page, searched=bool(search))
    opened = contact_list(page.rows, now=utc_now(), zone=time_zone(), key="contacts.list")
    if opened is not None:
        st.query_params["contact"] = opened
        st.rerun()
    _turn(page)


def _count(page: ContactPage, *, searched: bool) -> None:
    words = wording.FOUND if searched else wording.COUNTED
    counted = words[page.total.exact].format(count=formats.count(page.total.count))
    show(Html(f"{tag('div', 'Contacts', 'cs-title')}{tag('div', counted, 'cs-sub')}"))


def _turn(page: ContactPage) -> None:
    if page.previous is None and page.next is None:
        return
    with st.container(horizontal=True, horizontal_alignment="right"):
        _button("Previous", page.previous, icon=":material/chevron_left:")
        _button("Next", page.next, icon=":material/chevron_right:")


def _button(label: str, place: str | None, *, icon: str) -> None:
    def turn() -> None:
        st.session_state[_PLACE] = place

    st.button(label, icon=icon, key=f"contacts.{label.lower()}", disabled=place is None, on_click=turn)


def _nobody(search: str) -> None:
    if search.strip():
        advice = "Search finds the beginnings of emails, numbers, names, customer numbers and trackers."
        empty_state("Nobody found", advice)
        return
    advice = Html(
        "As soon as the first event arrives, its visitor appears here. "
        "Send one with a key from <code>sheets keys create --kind write</code>, "
        "or fill this with a made-up shop: <code>sheets demo</code>."
    )
    empty_state("No contacts yet", advice)
