"""The members of a segment: search, list and export."""

from __future__ import annotations

from typing import cast

import streamlit as st

from dashboard.exports.export_dialog import (
    EXPORT,
    ExportQuestion,
    export_button,
    export_dialog,
    file_name,
    question,
)
from dashboard.jobs.job_history import open_history
from dashboard.jobs.job_status_bar import HISTORY, job_status_bar
from dashboard.listing.contact_columns import DEFAULT, Reading, chosen, offered
from dashboard.listing.contact_list import contact_list
from dashboard.listing.list_address import PLACE, ListAddress
from dashboard.listing.pager import pager
from dashboard.running_instance import time_zone
from dashboard.ui.dialog_state import current_dialog
from dashboard.ui.error_page import show_failure
from dashboard.ui.markup import empty_state, joined, link, show
from dashboard.ui.search_box import search_box
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts.bulk.selection import Selection
from engine.contacts.listing import list_service
from engine.errors import NotAllowed
from engine.publishing import publish_service
from engine.rules.rule_service import current_rules


def members(actor: Actor, segment: str) -> None:
    """Show the members of a segment."""
    address = ListAddress.read(
        st.query_params.to_dict(),
        page={"page": "segments", "segment": segment},
        fixed=({"segments": {"has_any": [segment]}},),
    )
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    with left:
        search_box(
            address.listing.search,
            label="Search members",
            placeholder="Search members",
            parameter="q",
            leaves=[PLACE],
            key="segments.search",
        )
    with right:
        members = Selection(listing=address.whole)
        about = question(members, DEFAULT, name=file_name(segment))
        export_button(actor, about, key="segments.export", width="stretch")
    if actor.may(Permission.EXPORT):
        job_status_bar(actor)
    try:
        _list(actor, address, segment)
    except NotAllowed as error:
        show_failure(error, whole="part")
    _show_dialog(actor)


def _show_dialog(actor: Actor) -> None:
    """Show the open dialog, if any."""
    found = current_dialog()
    if found is not None and found.name == EXPORT:
        export_dialog(actor, cast(ExportQuestion, found.about))
    elif found is not None and found.name == HISTORY:
        open_history(actor, cast("str | None", found.about))


def _no_members(actor: Actor, address: ListAddress, segment: str) -> None:
    declared = current_rules(actor).segments.get(segment)
    if address.listing.search:
        empty_state("No contacts found", "No contact in this segment matches your search.")
    elif declared is not None and not declared.dynamic:
        words = ", select some and choose Add to segment, or add them on a contact's sheet."
        empty_state("No members yet", joined(["Go to ", link("/", "the list of contacts"), words]))
    elif not publish_service.progress(actor).finished:
        empty_state("The segment is being built", "Contacts that meet the condition appear here in a moment.")
    else:
        empty_state("No members right now", "Contacts that meet the condition are added automatically.")


def _list(actor: Actor, address: ListAddress, segment: str) -> None:
    page = list_service.page(actor, address.whole, after=address.after, limit=address.size)
    if not page.rows:
        _no_members(actor, address, segment)
        return
    ruleset = current_rules(actor)
    contact_list(
        page,
        columns=chosen((), offered(ruleset)),
        address=address,
        reading=Reading(actor.now, time_zone(), ruleset),
        key="segments.members",
    )
    show(pager(page, address))
