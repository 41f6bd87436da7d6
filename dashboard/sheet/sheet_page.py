"""The page of a contact's sheet: Profile and Activity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import streamlit as st
from markupsafe import Markup

from dashboard.jobs.job_status_bar import job_status_bar
from dashboard.listing.list_address import ListAddress
from dashboard.merges.decision_bar import decision_bar
from dashboard.running_instance import time_zone
from dashboard.sheet import (
    sheet_commerce,
    sheet_draft,
    sheet_edits,
    sheet_fields,
    sheet_products,
    sheet_worth_cards,
)
from dashboard.sheet.activity.activity_tab import activity_tab
from dashboard.sheet.activity.points_card import points_card
from dashboard.sheet.sheet_card import card
from dashboard.sheet.sheet_consent import consent_card
from dashboard.sheet.sheet_deleted import deleted_contact
from dashboard.sheet.sheet_dialogs import DATA, DELETE, ERASE, STOP, show_dialog
from dashboard.sheet.sheet_form import sheet_form
from dashboard.sheet.sheet_header import Neighbours, title, ways
from dashboard.sheet.sheet_identities import identities
from dashboard.sheet.sheet_menu import Choice, sheet_menu
from dashboard.sheet.sheet_segments import segments_card
from dashboard.sheet.sheet_statuses import reach_card, statuses_card
from dashboard.ui.dialog_state import open_dialog
from dashboard.ui.markup import empty_state, show
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts.listing import list_service
from engine.contacts.sheet import sheet_service
from engine.contacts.sheet.sheet_model import Sheet
from engine.db.connection import utc_now
from engine.domain.activities import ContactId
from engine.errors import NotAllowed
from engine.rules.rule_service import current_rules


def render(actor: Actor, wanted: str) -> None:
    """The sheet of the contact that the address names; the id of a merged contact leads to the merged one."""
    actor.require(Permission.SEE)
    listed = _listed(actor)
    contact = list_service.find(actor, wanted)
    sheet = None if contact is None else sheet_service.sheet(actor, contact)
    if contact is None or sheet is None or sheet.deleted_at is not None:
        show(ways(listed, (None, None)))
        if sheet is None or sheet.deleted_at is None:
            words = "It may have been erased, or the link is incomplete."
            empty_state("Contact not found", words, whole="page")
        else:
            deleted_contact(actor, sheet)
            show_dialog(actor, listed)
        return
    if contact != wanted:
        st.query_params["contact"] = contact
    show(ways(listed, _beside(actor, listed, contact)))
    _top(actor, sheet)
    sheet_edits.just_done(actor, contact)
    if actor.may(Permission.MERGE):
        decision_bar(actor)
    shown = _TABS.get(st.query_params.get(_TAB, ""), _TABS["profile"])
    about, activity = st.tabs(list(_TABS.values()), default=shown, key=_TAB_KEY, on_change="rerun")
    _remember("activity" if activity.open else "profile")
    if about.open:
        with about:
            _profile(actor, sheet)
    if activity.open:
        with activity:
            if actor.may(Permission.EXPORT):
                job_status_bar(actor)
            activity_tab(actor, contact)
    show_dialog(actor, listed)


def _listed(actor: Actor) -> ListAddress:
    """The list to go back to, from the sheet's address."""
    address = ListAddress.read(st.query_params.to_dict(), page={})
    listing, _ = list_service.without_unknown(actor, address.listing)
    return address.showing(listing)


_TAB, _TABS = "tab", {"profile": "Profile", "activity": "Activity"}
_TAB_KEY = "sheet.tab"


def _remember(tab: str) -> None:
    """Put the open tab into the address, unless it is the first."""
    if tab != "profile":
        st.query_params[_TAB] = tab
    elif _TAB in st.query_params:
        del st.query_params[_TAB]


def _beside(actor: Actor, listed: ListAddress, contact: ContactId) -> Neighbours:
    try:
        return list_service.neighbours(actor, listed.listing, contact)
    except NotAllowed:  # the list is sorted or searched by what is masked
        return None, None


def _top(actor: Actor, sheet: Sheet) -> None:
    """The title, and the actions on the contact."""
    changes = actor.may(Permission.EDIT_CONTACTS)
    with st.container(horizontal=True, key="sheet-top"):
        with st.container(width="stretch"):
            show(title(sheet, now=actor.now, zone=time_zone()))
        with st.container(horizontal=True, width="content", key="sheet-actions"):
            if changes:
                _changing(actor, sheet)
            sheet_menu(sheet.id, list(_choices(actor, sheet.id)))


def _choices(actor: Actor, contact: ContactId) -> Iterator[Choice]:
    """The menu's items for the user."""
    if actor.may(Permission.HAND_OUT):
        yield Choice("data", "Export personal data…", partial(open_dialog, DATA, contact))
    if actor.may(Permission.EDIT_CONTACTS):
        yield Choice("delete", "Delete contact…", partial(open_dialog, DELETE, contact), danger=True)
    if actor.may(Permission.ERASE):
        yield Choice("erase", "Erase permanently…", partial(open_dialog, ERASE, contact), danger=True)


def _changing(actor: Actor, sheet: Sheet) -> None:
    ruleset = current_rules(actor)
    present = sheet_draft.present_values(sheet, ruleset, ruleset.account.time_zone)
    st.button(
        "Edit",
        icon=":material/edit:",
        type="primary",
        key="sheet.edit",
        disabled=sheet_draft.draft_of(sheet.id) is not None,
        on_click=partial(_begin, sheet.id, present),
    )
    st.button(
        "Stop sending",
        icon=":material/notifications_off:",
        key="sheet.stop",
        on_click=open_dialog,
        args=(STOP, sheet.id),
    )


def _begin(contact: ContactId, present: Mapping[str, Any]) -> None:
    """Start editing, on the tab with the fields."""
    sheet_draft.begin(contact, present, now=utc_now())
    st.session_state[_TAB_KEY] = _TABS["profile"]


def _profile(actor: Actor, sheet: Sheet) -> None:
    zone = time_zone()
    products = sheet_service.products(actor, sheet.id)
    left, right = st.columns([1, 1], gap="medium")
    with left:
        if sheet_draft.draft_of(sheet.id) is not None and actor.may(Permission.EDIT_CONTACTS):
            sheet_form(actor, sheet.id)
        else:
            _card("fields", sheet_fields.fields(sheet, zone))
            reach_card(sheet)
            statuses_card(actor, sheet)
            consent_card(actor, sheet.id)
            _card("custom", sheet_fields.custom(sheet, current_rules(actor)))
            _card("products", sheet_products.products(products, zone))
    with right:
        points_card(actor, sheet)
        segments_card(actor, sheet)
        _card("commerce", sheet_commerce.commerce(sheet.commerce, zone, products))
        _card("cart", sheet_commerce.cart(sheet.commerce, zone, products))
        _card("rfm", sheet_worth_cards.rfm(sheet))
        _card("clv", sheet_worth_cards.lifetime(sheet))
        with card("known-by"):
            identities(actor, sheet.id, zone)


def _card(name: str, content: Markup) -> None:
    with card(name):
        show(content)
