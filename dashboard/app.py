"""The dashboard's script: who is there, and which page."""

from __future__ import annotations

import streamlit as st
from pymongo.errors import PyMongoError

from dashboard import wording
from dashboard.components.text import Html, empty_state, safe, show
from dashboard.pages import contacts, rules, segments, sheet, sign_in
from dashboard.signing_in import current_user
from dashboard.theme import apply_theme
from engine.access.accounts import CurrentUser
from engine.errors import NoInstance, Unavailable


def main() -> None:
    """Show the page that the address names, to who may see it."""
    st.set_page_config(page_title=wording.PRODUCT, page_icon="📇", layout="wide")
    apply_theme()
    try:
        _page()
    except (PyMongoError, Unavailable, NoInstance):
        _bar(None)
        empty_state(
            "The database does not answer",
            "Nothing is lost: events go on being taken once it is back. "
            "On the server, `sheets doctor` says what is wrong.",
        )
        st.button("Try again", icon=":material/refresh:", key="app.retry")


def _page() -> None:
    user = current_user()
    _bar(user)
    if user is None:
        sign_in.render()
        return
    wanted = st.query_params.get("contact")
    if wanted:
        sheet.render(wanted)
    elif st.query_params.get("page") == "segments":
        segments.render(user)
    elif st.query_params.get("page") == "rules":
        rules.render(user)
    else:
        contacts.render()


def _bar(user: CurrentUser | None) -> None:
    who = (
        f'<span class="cs-user">{safe(user.name)}<a href="/signout" target="_self">Sign out</a></span>'
        if user
        else ""
    )
    brand = f'<a class="cs-brand" href="/" target="_self">📇 {wording.PRODUCT}</a>'
    show(Html(f'<div class="cs-bar">{brand}{_ways() if user else ""}{who}</div>'))


def _ways() -> str:
    """The ways to the pages, the present one marked."""
    here = "" if st.query_params.get("contact") else st.query_params.get("page", "contacts")
    ways = (
        ("contacts", "/", "Contacts"),
        ("segments", "/?page=segments", "Segments"),
        ("rules", "/?page=rules", "Rules"),
    )
    links = (
        f'<a href="{address}" target="_self"{" aria-current=page" if name == here else ""}>{label}</a>'
        for name, address, label in ways
    )
    return f'<nav class="cs-nav">{"".join(links)}</nav>'


main()
