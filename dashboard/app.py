"""The dashboard's script: who is there, and which page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from dashboard import formats, wording
from dashboard.contacts import contacts_page
from dashboard.imports import import_page
from dashboard.overview import overview_page
from dashboard.rules import rules_page
from dashboard.running_instance import account, database
from dashboard.segments import segments_page
from dashboard.settings import settings_page as settings
from dashboard.sheet import sheet_page
from dashboard.signin import sign_in_page, sign_out_page
from dashboard.signin.current_user import Visitor, reset_for_other_user, visitor
from dashboard.theme import apply_theme
from dashboard.ui.accessible_labels import unescape_accessible_labels
from dashboard.ui.error_page import AWAY, database_unavailable
from dashboard.ui.markup import Html, empty_state, safe, show
from dashboard.ui.router import follow_links
from engine.accounts.accounts import CurrentUser
from engine.accounts.actor import Actor
from engine.accounts.permissions import NotAllowed, Permission, may


def main() -> None:
    """Show the page that the address names, to who may see it."""
    st.set_page_config(page_title=_window_title(), page_icon="📇", layout="wide")
    apply_theme()
    try:
        _page()
    except AWAY:
        _bar(None)
        database_unavailable(whole="page")


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
    _bar(who)
    if st.query_params.get("page") == sign_out_page.PAGE:
        sign_out_page.render(actor)
        return
    wanted = st.query_params.get("contact")
    try:
        if wanted:
            sheet_page.render(actor, wanted)
        else:
            _present().render(actor)
    except NotAllowed as error:
        empty_state("This is not for you", f"{error}.", whole="page")


@dataclass(frozen=True)
class Way:
    """A page that the bar leads to; `needs` is what one must be allowed to be shown the way."""

    label: str
    render: Callable[[Actor], None]
    needs: Permission = Permission.SEE


# The pages by their name in the address; the first is the start.  (A text that stood alone
# in this script Streamlit would show.)
WAYS = {
    "contacts": Way("Contacts", contacts_page.render),
    "overview": Way("Overview", overview_page.render),
    "segments": Way("Segments", segments_page.render),
    "rules": Way("Rules", rules_page.render),
    "settings": Way("Settings", settings.render),
}
START = next(iter(WAYS))

# Those that one comes to from another page.
BESIDE = {import_page.PAGE: Way("Import", import_page.render)}


def _window_title() -> str:
    """What the browser's tab is called."""
    return wording.PRODUCT if st.query_params.get("contact") else f"{_present().label} · {wording.PRODUCT}"


def _present() -> Way:
    return (WAYS | BESIDE).get(st.query_params.get("page", START), WAYS[START])


def _bar(visitor: Visitor | None) -> None:
    user = None if visitor is None else visitor.user
    way_out = f"/?page={sign_out_page.PAGE}" if visitor is not None and visitor.company else "/signout"
    who = (
        f'<span class="cs-user">{safe(user.name)}<a href="{way_out}" target="_self">Sign out</a></span>'
        if user
        else ""
    )
    sign = '<span aria-hidden="true">📇</span>'
    brand = f'<a class="cs-brand" href="/" target="_self">{sign} {wording.PRODUCT}</a>'
    skip = '<a class="cs-skip" href="#page">Skip to the page</a>' if user else ""
    bar = f'<div class="cs-bar">{brand}{_ways(user) if user else ""}{who}</div>'
    show(Html(f'{skip}{bar}<div id="page" tabindex="-1"></div>'))


def _ways(user: CurrentUser) -> str:
    """The ways to the pages, the present one marked."""
    here = None if st.query_params.get("contact") else _present()
    links = (
        f'<a href="{"/" if name == START else f"/?page={name}"}" target="_self"'
        f"{' aria-current=page' if way is here else ''}>{way.label}</a>"
        for name, way in WAYS.items()
        if may(user, way.needs)
    )
    return f'<nav class="cs-nav" aria-label="Pages">{"".join(links)}</nav>'


main()
