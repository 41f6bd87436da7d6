"""Edit a dynamic segment's condition with the filters of the contact list."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard.listing.list_address import ALL, ListAddress
from dashboard.ui.markup import joined, show, tag
from dashboard.ui.problems import show_errors
from dashboard.ui.router import go_to
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts.listing.listing import Listing
from engine.rules.rule_service import current_rules
from engine.segments import segment_service

CHANGING = "changing"
"""The parameter of the address that names the edited segment."""

_SEEN = "segments.changing"


def change_button(actor: Actor, segment: str) -> None:
    """The button that opens the list with the segment's filters, if its condition can be shown as filters."""
    listing = segment_service.as_list(actor, segment)
    if listing is not None and st.button("Edit with filters", icon=":material/tune:", key="segments.change"):
        st.session_state[_SEEN] = (segment, listing)
        go_to(ListAddress(listing, page={CHANGING: segment}, view=ALL).here)
        st.rerun()


def page_of(actor: Actor) -> dict[str, str]:
    """The parameters that keep the edited segment in the addresses of the list."""
    segment = st.query_params.get(CHANGING, "")
    known = segment in current_rules(actor).segments
    return {CHANGING: segment} if known and actor.may(Permission.EDIT_SEGMENTS) else {}


def changing_bar(actor: Actor, address: ListAddress) -> None:
    """Show the edited segment, if any, with Save and Cancel."""
    segment = address.page.get(CHANGING)
    if segment is None:
        return
    seen = _seen(actor, segment)
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="contacts-changing"):
        with st.container(width="stretch"):
            name = current_rules(actor).segments[segment].name
            show(tag("div", joined(["Editing ", tag("b", name), ". ", _advice(address.listing, seen)])))
        unchanged = seen is None or address.listing.where == seen.where
        invalid = bool(address.listing.search) or not address.listing.where
        if st.button("Save", type="primary", key="segments.change.save", disabled=unchanged or invalid):
            with show_errors():
                _save(actor, segment, address.listing, seen)
        st.button("Cancel", key="segments.change.cancel", on_click=_back, args=(segment,))


def _advice(listing: Listing, seen: Listing | None) -> str:
    if seen is None:
        return "This condition cannot be shown as filters. Edit it on the segment's page."
    if listing.search:
        return "A search cannot be part of a segment. Clear it before you save."
    if not listing.where:
        return "Add at least one filter."
    if listing.where == seen.where:
        return "Change the filters until the list shows the right contacts."
    return "Save to use these filters as the segment's condition."


def _seen(actor: Actor, segment: str) -> Listing | None:
    """The segment's filters when editing began."""
    about, seen = st.session_state.get(_SEEN, (None, None))
    if about != segment:
        seen = segment_service.as_list(actor, segment)
        st.session_state[_SEEN] = (segment, seen)
    found: Listing | None = seen
    return found


def _save(actor: Actor, segment: str, listing: Listing, seen: Listing | None) -> None:
    assert seen is not None
    plain = replace(listing, search="")
    segment_service.change_list(actor, segment, plain, seen=seen)
    _back(segment)
    st.rerun()


def _back(segment: str) -> None:
    st.session_state.pop(_SEEN, None)
    go_to(f"?page=segments&segment={segment}")
