"""Save the shown list of contacts as a dynamic segment."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from dashboard.listing.filter_bar import written
from dashboard.listing.list_address import ListAddress
from dashboard.ui.dialog_state import close_dialog, open_dialog
from dashboard.ui.markup import bullet_list, joined, link, show, tag
from dashboard.ui.problems import show_errors
from dashboard.ui.router import go_to
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts.listing import list_service
from engine.contacts.listing.filter_bar import chips
from engine.contacts.listing.listing import Listing
from engine.rules.rule_service import current_rules
from engine.segments import segment_service
from engine.segments.segment_service import MAX_NAME

SAVE = "save-segment"
"""The dialog that asks for the segment's name."""


def save_segment_button(actor: Actor, listing: Listing) -> None:
    """The button that saves a filtered list as a segment, if the user may."""
    if listing.where and actor.may(Permission.EDIT_SEGMENTS):
        st.button(
            "Save as segment",
            icon=":material/group_add:",
            type="tertiary",
            key="contacts.segment",
            help="Creates a dynamic segment: contacts enter and leave it as they match these filters",
            on_click=open_dialog,
            args=(SAVE,),
        )


def save_segment(actor: Actor) -> None:
    """Ask for a name, create the segment, and open its page."""
    address = ListAddress.read(st.query_params.to_dict(), page={})
    listing, _ = list_service.without_unknown(actor, address.listing)
    show(_filter_list(actor, listing))
    if listing.search:
        _without_search(address)
        return
    with st.form("contacts.segment.form", border=False):
        name: str = st.text_input("Name", key="contacts.segment.name", max_chars=MAX_NAME)
        sure = st.form_submit_button("Save segment", type="primary", key="contacts.segment.sure")
    if sure:
        with show_errors():
            _save(actor, name, listing)


def _save(actor: Actor, name: str, listing: Listing) -> None:
    id_ = segment_service.save_list(actor, name, listing)
    close_dialog()
    go_to(f"?page=segments&segment={id_}")
    st.rerun()


def _filter_list(actor: Actor, listing: Listing) -> Markup:
    """The filters of the segment, in the words of the chips."""
    found = chips(listing, current_rules(actor), written())
    words = tag("div", "Contacts that match all of these filters, now and in the future:", "cs-sub")
    return words + bullet_list(chip.words for chip in found)


def _without_search(address: ListAddress) -> None:
    listing = address.listing
    bare = Listing(listing.where, sort=listing.sort, descending=listing.descending)
    words = f"The search for “{listing.search}” cannot be part of a segment. "
    show(tag("div", joined([words, link(address.of(bare), "Clear the search")]), "cs-confirm"))
