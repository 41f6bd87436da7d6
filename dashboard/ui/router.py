"""Going from page to page without loading the whole application again.

Pages have plain links (`?page=segments`): they can be opened in another tab, copied and
read aloud.  This takes over a plain click on one of them, and the browser's Back.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

import streamlit as st

from dashboard.ui.browser_component import browser_component
from dashboard.ui.dialog_state import close_dialog

_FOLLOWED = "app.followed"


def follow_links() -> None:
    """Go where a link that was clicked leads, away from any dialog; call it once, before the page."""

    def go() -> None:
        wanted = st.session_state["app.router"].get("go")
        if wanted is not None:
            close_dialog()
            st.session_state[_FOLLOWED] = go_to(str(wanted["search"]))

    browser_component(__file__, "router")(key="app.router", on_go_change=go)


def followed(name: str, value: str) -> bool:
    """Whether a link of ours that was just clicked led to an address with this in it."""
    address = st.session_state.pop(_FOLLOWED, {})
    return bool(address.get(name) == value)


def remember_address() -> None:
    """Keep the address in the browser while somebody signs in elsewhere."""
    browser_component(__file__, "remember_address")(key="app.remember-address")


def go_to(address: str) -> dict[str, str]:
    """Show in this run what an address (`?…`) names; return its parameters."""
    found = dict(parse_qsl(address.lstrip("?"), keep_blank_values=True))
    st.query_params.from_dict(found)
    return found
