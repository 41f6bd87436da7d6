"""A contact's sheet: Profile and Activity."""

from __future__ import annotations

import streamlit as st

from dashboard import formats, wording
from dashboard.components import profile
from dashboard.components.activity_tab import activity_tab
from dashboard.components.points_card import points_card
from dashboard.components.text import Html, badge, empty_state, joined, show, tag
from dashboard.installation import database, time_zone
from engine.access import reading
from engine.access.accounts import CurrentUser
from engine.access.permissions import Permission, require
from engine.store import rulesets
from engine.store.connection import utc_now
from engine.store.sheets import Sheet


def render(user: CurrentUser, wanted: str) -> None:
    """The sheet of the contact that the address names; an old id leads on to the living one."""
    require(user, Permission.SEE)
    _back()
    contact = reading.find(database(), user, wanted)
    sheet = None if contact is None else reading.sheet(database(), user, contact, now=utc_now())
    if contact is None or sheet is None:
        empty_state("No such contact", "It may have been erased, or the address is not complete.")
        return
    if contact != wanted:
        st.query_params["contact"] = contact
    _header(sheet)
    about, activity = st.tabs(["Profile", "Activity"], key="sheet.tab", on_change="rerun")
    with about:
        _profile(user, sheet)
    with activity:
        activity_tab(user, contact)


def _back() -> None:
    def leave() -> None:
        st.query_params.pop("contact", None)

    st.button("Contacts", icon=":material/arrow_back:", key="sheet.back", type="tertiary", on_click=leave)


def _header(sheet: Sheet) -> None:
    zone = time_zone()
    name = wording.display_name(sheet.name, sheet.email, sheet.mobile_phone, sheet.external_id)
    kind = badge("identified", "good") if sheet.identified else badge("anonymous")
    first, last = formats.day(sheet.first_seen, zone), formats.ago(sheet.last_seen, utc_now(), zone)
    seen = f"first seen on {first}, last seen {last}"
    left, right = st.columns([5, 1], vertical_alignment="center")
    with left:
        address = f"{sheet.email} · " if sheet.email and sheet.email != name else ""
        show(
            Html(f"{tag('div', joined([name, kind], ' '), 'cs-title')}{tag('div', address + seen, 'cs-sub')}")
        )
    with right, st.popover("Copy link", icon=":material/link:", width="stretch"):
        st.code(
            f"{st.context.url or ''}?contact={sheet.id}".replace("??", "?"), language=None, wrap_lines=True
        )


def _profile(user: CurrentUser, sheet: Sheet) -> None:
    zone = time_zone()
    labels = {field.id: field.label for field in rulesets.current(database()).fields.values()}
    left, right = st.columns([1, 1], gap="medium")
    with left:
        _card(profile.fields(sheet, zone))
        _card(profile.reach(sheet))
        with st.container(border=True):
            show(profile.statuses(sheet, zone))
            with st.expander("How they came about", key="sheet.moves", on_change="rerun") as moved:
                if moved.open:
                    found = reading.reasons(database(), user, sheet.id, now=utc_now())
                    show(profile.moves(found, zone) if found else Html(""))
        with st.container(border=True):
            show(profile.segments(sheet, zone))
            with st.expander("Why in and out", key="sheet.why", on_change="rerun") as why:
                if why.open:
                    found = reading.reasons(database(), user, sheet.id, now=utc_now())
                    show(profile.whys(found, zone) if found else Html(""))
        _card(profile.custom(sheet, labels))
        _card(profile.trackers(sheet))
    with right:
        points_card(user, sheet)
        _card(profile.commerce(sheet.commerce, zone))
        _card(profile.cart(sheet.commerce, zone))


def _card(content: Html) -> None:
    with st.container(border=True):
        show(content)
