"""Going from page to page without loading the whole application again.

Pages have plain links (`?page=segments`): they can be opened in another tab, copied and
read aloud.  This takes over a plain click on one of them, and the browser's Back.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl

import streamlit as st

from dashboard.components.asking import answered

_ASSETS = Path(__file__).parent.parent / "assets"
_FOLLOWED = "app.followed"


@st.cache_resource(show_spinner=False)
def _component() -> Callable[..., object]:
    return st.components.v2.component("router", js=_ASSETS.joinpath("router.js").read_text())


def follow_links() -> None:
    """Go where a link that was clicked leads, away from any dialog; call it once, before the page."""

    def go() -> None:
        wanted = st.session_state["app.router"].get("go")
        if wanted is not None:
            answered()
            st.session_state[_FOLLOWED] = go_to(str(wanted["search"]))

    _component()(key="app.router", on_go_change=go)


def followed(name: str, value: str) -> bool:
    """Whether a link of ours that was just clicked led to an address with this in it."""
    address = st.session_state.pop(_FOLLOWED, {})
    return bool(address.get(name) == value)


def remember_place() -> None:
    """Keep the address in the browser while somebody signs in elsewhere."""
    _memory()(key="app.memory")


@st.cache_resource(show_spinner=False)
def _memory() -> Callable[..., object]:
    return st.components.v2.component("memory", js=_ASSETS.joinpath("remember.js").read_text())


def go_to(address: str) -> dict[str, str]:
    """Show in this run what an address (`?…`) names; return its parameters."""
    found = dict(parse_qsl(address.lstrip("?"), keep_blank_values=True))
    st.query_params.from_dict(found)
    return found
