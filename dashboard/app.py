"""The script that Streamlit runs for each page: it signs in the user and shows the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st
from markupsafe import Markup

from dashboard import formats, wording
from dashboard.contacts import contacts_page
from dashboard.current_user import Visitor, reset_for_other_user, visitor
from dashboard.customers import customers_page
from dashboard.deliverability import deliverability_page
from dashboard.imports import import_page
from dashboard.merges import suggested_merges_page
from dashboard.overview import overview_page
from dashboard.rules import rules_page
from dashboard.running_instance import account, database
from dashboard.segments import segments_page
from dashboard.settings import settings_page
from dashboard.sheet import sheet_page
from dashboard.signin import sign_in_page, sign_out_page
from dashboard.theme import apply_theme
from dashboard.ui.accessible_labels import unescape_accessible_labels
from dashboard.ui.error_page import NO_DATABASE, show_failure
from dashboard.ui.markup import badge, joined, link, show, tag
from dashboard.ui.router import follow_links
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.errors import NotAllowed, NotFound


def main() -> None:
    """Show the page that the address names, if the user may see it."""
    st.set_page_config(page_title=_window_title(), page_icon="📇", layout="wide")
    apply_theme()
    try:
        _page()
    except NO_DATABASE as error:
        _bar(None)
        show_failure(error, whole="page")


def _page() -> None:
    who = visitor()
    user = who.user
    if user is None:
        _bar(None)
        sign_in_page.render(who)
        return
    actor = Actor(database(), user)
    reset_for_other_user(actor)
    formats.write_as(account().locale)
    with st.container(key="app-unseen"):
        follow_links()
        unescape_accessible_labels()
    _bar(who, actor)
    if st.query_params.get("page") == sign_out_page.PAGE:
        sign_out_page.render(actor)
        return
    wanted = st.query_params.get("contact")
    try:
        if wanted:
            sheet_page.render(actor, wanted)
        else:
            _current_page().render(actor)
    except (NotAllowed, NotFound) as error:
        show_failure(error, whole="page")


@dataclass(frozen=True)
class PageEntry:
    """A page by its label; the navigation shows it to those who have the permission that it `needs`.

    `count` is the number that the navigation shows beside the label; empty for none.
    """

    label: str
    render: Callable[[Actor], None]
    needs: Permission = Permission.SEE
    count: Callable[[Actor], str] | None = None


# The pages of the navigation by their name in the address; the first is the start.  (A text that
# stood alone in this script Streamlit would show.)
PAGES = {
    "contacts": PageEntry("Contacts", contacts_page.render),
    "overview": PageEntry("Overview", overview_page.render),
    customers_page.PAGE: PageEntry("Customers", customers_page.render),
    deliverability_page.PAGE: PageEntry("Deliverability", deliverability_page.render),
    "segments": PageEntry("Segments", segments_page.render),
    suggested_merges_page.PAGE: PageEntry(
        "Suggested merges", suggested_merges_page.render, count=suggested_merges_page.open_count
    ),
    "rules": PageEntry("Rules", rules_page.render),
    "settings": PageEntry("Settings", settings_page.render),
}
START = next(iter(PAGES))

# Pages that are reached from another page.
LINKED_PAGES = {import_page.PAGE: PageEntry("Import", import_page.render)}


def _window_title() -> str:
    """The title of the browser's tab."""
    if st.query_params.get("contact"):
        return wording.PRODUCT
    return f"{_current_page().label} · {wording.PRODUCT}"


def _current_page() -> PageEntry:
    return (PAGES | LINKED_PAGES).get(st.query_params.get("page", START), PAGES[START])


def _bar(visitor: Visitor | None, actor: Actor | None = None) -> None:
    user = None if visitor is None else visitor.user
    brand = joined([tag("span", "📇", aria_hidden="true"), wording.PRODUCT], " ")
    parts = [link("/", brand, "cs-brand")]
    if user is not None and actor is not None:
        by_provider = visitor is not None and visitor.company
        sign_out = link(f"/?page={sign_out_page.PAGE}" if by_provider else "/signout", "Sign out", "")
        parts += [_navigation(actor), tag("span", joined([user.name, sign_out]), "cs-user")]
    bar = tag("div", joined(parts), "cs-bar") + tag("div", "", id="page", tabindex="-1")
    show(bar if user is None else tag("a", "Skip to the page", "cs-skip", href="#page") + bar)


def _navigation(actor: Actor) -> Markup:
    """Links to the pages, the current one marked."""
    here = None if st.query_params.get("contact") else _current_page()
    links = (
        link(
            "/" if name == START else f"/?page={name}",
            _label(page, actor),
            "",
            aria_current="page" if page is here else None,
        )
        for name, page in PAGES.items()
        if actor.may(page.needs)
    )
    return tag("nav", joined(links), "cs-nav", aria_label="Pages")


def _label(page: PageEntry, actor: Actor) -> Markup:
    """A page's label, with its number if there is one."""
    number = "" if page.count is None else page.count(actor)
    return joined([page.label, badge(number, "info")] if number else [page.label], " ")


main()
