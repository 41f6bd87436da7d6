"""Navigation between pages without reloading the application.

Pages have plain links (`?page=segments`), which can be opened in another tab and copied.
The router handles a plain click on one of them, and the browser's Back button.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

import streamlit as st

from dashboard.ui.browser_component import browser_component
from dashboard.ui.dialog_state import close_dialog

_FOLLOWED = "app.followed"


def follow_links() -> None:
    """Follow clicked links and close any dialog; call it once, before the page."""

    def go() -> None:
        wanted = st.session_state["app.router"].get("go")
        if wanted is not None:
            close_dialog()
            st.session_state[_FOLLOWED] = go_to(str(wanted["search"]))

    browser_component(__file__, "router")(key="app.router", on_go_change=go)


def followed(name: str, value: str) -> bool:
    """Whether the user just clicked a link of ours to an address with this parameter."""
    address = st.session_state.pop(_FOLLOWED, {})
    return bool(address.get(name) == value)


def remember_address() -> None:
    """Keep the address in the browser during a sign-in at the provider."""
    browser_component(__file__, "remember_address")(key="app.remember-address")


def go_to(address: str) -> dict[str, str]:
    """Go to an address (`?…`) in this run; return its parameters."""
    found = dict(parse_qsl(address.lstrip("?"), keep_blank_values=True))
    st.query_params.from_dict(found)
    return found
