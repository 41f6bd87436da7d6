"""The contacts page: actions, search, views, filters, and the list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import streamlit as st
from markupsafe import Markup

from dashboard import formats, wording
from dashboard.contacts import contacts_dialogs
from dashboard.contacts.bulk_dialog import handlers
from dashboard.contacts.column_chooser import column_chooser, columns_of
from dashboard.contacts.delete_contact import just_deleted
from dashboard.contacts.views_dialogs import just_deleted_view
from dashboard.contacts.views_menu import changed_bar, views_menu
from dashboard.exports.export_dialog import export_button, question
from dashboard.jobs.job_status_bar import HISTORY, job_status_bar
from dashboard.listing.contact_columns import Column, Reading, chosen, offered
from dashboard.listing.contact_list import READ_ONLY, Handlers, contact_list
from dashboard.listing.filter_bar import filter_bar
from dashboard.listing.list_address import ALL, PLACE, ListAddress
from dashboard.listing.pager import pager
from dashboard.listing.selection_generation import selection_generation
from dashboard.merges.decision_bar import decision_bar
from dashboard.segments.edit_by_filters import changing_bar, page_of
from dashboard.segments.save_as_segment import save_segment_button
from dashboard.ui.dialog_state import open_dialog
from dashboard.ui.error_page import show_failure
from dashboard.ui.markup import empty_state, joined, link, show, tag
from dashboard.ui.problems import problem_box
from dashboard.ui.router import go_to
from dashboard.ui.search_box import search_box
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts.bulk.selection import Selection
from engine.contacts.listing import list_service, view_service
from engine.contacts.listing.listing import ContactPage, Listing
from engine.contacts.listing.views import Usual, View
from engine.errors import NotAllowed
from engine.rules.rule_service import current_rules


def render(actor: Actor) -> None:
    """The page, for the list that the address names."""
    actor.require(Permission.SEE)
    ruleset = current_rules(actor)
    found = view_service.all_views(actor)
    usual = view_service.usual(actor)
    _open_with(found, usual)
    address, left_out = _address(actor, page_of(actor))
    present = next((view for view in found if view.id == address.view), None)
    known = offered(ruleset)
    columns = columns_of(address, present, usual.columns)
    title = _top(actor, address.listing, tuple(columns))
    with st.container(horizontal=True, vertical_alignment="center", key=_find_key(address)):
        with st.container(width="stretch", key="contacts-search"):
            _find(address)
        views_menu(actor, found, present)
        column_chooser(actor, columns, known, present=present, address=address)
        with st.container(horizontal=True, vertical_alignment="center", key="contacts-filters"):
            with st.container(width="stretch"):
                filter_bar(address, ruleset, key="contacts.filters")
            if not address.page:
                save_segment_button(actor, address.listing)
    changing_bar(actor, address)
    changed_bar(actor, present, address)
    just_deleted_view(actor)
    problem_box(f"A filter was left out: {problem}." for problem in left_out)
    if actor.may(Permission.EDIT_CONTACTS):
        just_deleted(actor)
        decision_bar(actor)
        job_status_bar(actor)
    try:
        page = list_service.page(actor, address.listing, after=address.after, limit=address.size)
    except NotAllowed as error:
        show_failure(error, whole="part", link=_all(address))
        return
    title.html(_title(page, address.listing))
    if page.rows:
        _list(
            actor,
            page,
            address,
            Reading(actor.now, ruleset.account.time_zone, ruleset),
            chosen(columns, known),
        )
    else:
        _empty_list(actor, address)
    contacts_dialogs.show_dialog(actor)


def _open_with(found: Sequence[View], usual: Usual) -> None:
    """Open the user's default view if the address names no list."""
    if not st.query_params.to_dict().keys() - {"page"}:
        view = next((view for view in found if view.id == usual.view), None)
        if view is not None:
            st.query_params.from_dict(ListAddress.of_view(view).parameters)


def _address(actor: Actor, page: dict[str, str]) -> tuple[ListAddress, list[str]]:
    """The list that the address names, and problems with parts of it that do not exist."""
    address = ListAddress.read(st.query_params.to_dict(), page=page)
    listing, problems = list_service.without_unknown(actor, address.listing)
    return address.showing(listing), problems


# Making and moving


def _top(actor: Actor, listing: Listing, columns: tuple[str, ...]) -> st.delta_generator.DeltaGenerator:
    """The title and the buttons beside it; returns the placeholder of title and count."""
    with st.container(horizontal=True, vertical_alignment="center", key="contacts-top"):
        with st.container(width="stretch"):
            title = st.empty()
            title.html(tag("h1", "Contacts", "cs-title"))
        if actor.may(Permission.EDIT_CONTACTS):
            _button("New contact", contacts_dialogs.NEW, icon=":material/person_add:", type_="primary")
        if actor.may(Permission.IMPORT):
            st.button("Import", icon=":material/upload:", key="contacts.import", on_click=_to_import)
        if actor.may(Permission.EXPORT):
            export_button(actor, question(Selection(listing=listing), columns), key="contacts.export")
            _button("History", HISTORY, icon=":material/history:")
    return title


def _button(label: str, dialog: str, *, icon: str, type_: str = "secondary") -> None:
    st.button(label, icon=icon, type=type_, key=f"contacts.{dialog}", on_click=open_dialog, args=(dialog,))  # type: ignore[arg-type]


def _to_import() -> None:
    go_to("?page=import")


def _title(page: ContactPage, listing: Listing) -> Markup:
    words = wording.FOUND if listing.where or listing.search else wording.COUNTED
    total = page.total
    counted = words[total.exact].format(
        count=formats.count(total.count), contacts=wording.plural(total.count, "contact")
    )
    return joined([tag("h1", "Contacts", "cs-title"), tag("div", counted, "cs-sub")])


# Searching


def _find_key(address: ListAddress) -> str:
    """The key of the search row, for the styles: active filters take a row of their own."""
    return "contacts-find-filtered" if address.listing.where else "contacts-find"


def _find(address: ListAddress) -> None:
    search_box(
        address.listing.search,
        label="Search contacts",
        placeholder="Search by email, phone, name, external ID or tracker ID",
        parameter="q",
        leaves=[PLACE],
        key="contacts.search",
    )


# The list


def _list(
    actor: Actor, page: ContactPage, address: ListAddress, reading_: Reading, columns: Sequence[Column]
) -> None:
    contact_list(
        page,
        columns=columns,
        address=address,
        reading=reading_,
        key="contacts.list",
        handlers=_handlers(actor, address, columns),
        generation=selection_generation(),
    )
    show(pager(page, address))


def _handlers(actor: Actor, address: ListAddress, columns: Sequence[Column]) -> Handlers:
    if not actor.may(Permission.EDIT_CONTACTS):
        return READ_ONLY
    shown = tuple(column.id for column in columns)
    return handlers(address.whole, shown, remove=partial(open_dialog, contacts_dialogs.DELETE))


def _all(address: ListAddress) -> Markup:
    everybody = replace(address, view=ALL, columns=())
    return link(everybody.of(Listing(sort=address.listing.sort)), "Show all contacts")


def _empty_list(actor: Actor, address: ListAddress) -> None:
    listing = address.listing
    if listing.search:
        advice = "Search matches the beginning of emails, phone numbers, names, external IDs and tracker IDs."
        also = " Only contacts that match the filters are searched." if listing.where else ""
        empty_state("No contacts found", joined([advice, also, " ", _all(address)]))
    elif listing.where:
        empty_state("No contacts match these filters", joined(["Remove a filter. ", _all(address)]))
    elif address.after:
        empty_state(
            "This page of the list is empty",
            joined(["Its contacts are no longer in the list. ", _all(address)]),
        )
    else:
        _no_contacts(actor)


def _no_contacts(actor: Actor) -> None:
    """Ways to get the first contacts, as far as the user may use them."""
    ways: list[object] = ["Visitors appear here as soon as your shop sends its first event. "]
    if actor.may(Permission.IMPORT):
        ways.append(
            joined([link("?page=import", "Import a file"), " to start with your existing contacts. "])
        )
    if actor.may(Permission.MANAGE_KEYS):
        keys = link("?page=settings&section=keys", "Create an API key")
        demo = [
            "To explore with sample data, run ",
            tag("code", "sheets demo"),
            " on the server.",
        ]
        ways.append(joined([keys, " for your shop. ", *demo]))
    empty_state("No contacts yet", joined(ways))
