"""A search box that searches while typing and keeps its text in the address."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.ui.browser_component import browser_component
from dashboard.ui.router import go_to

_HTML = '<div class="search"><input type="search" autocomplete="off" spellcheck="false"></div>'


def search_box(
    text: str, *, label: str, placeholder: str, parameter: str, leaves: Sequence[str], key: str
) -> None:
    """Show the search box with its current `text`; typed text goes into the address as `parameter`.

    `leaves` are parameters that a new search removes, such as the page of the list.
    """

    def follow() -> None:
        wanted = st.session_state[key].get("search")
        if wanted is not None:
            go_to(str(wanted["search"]))

    data = {
        "text": text,
        "label": label,
        "placeholder": placeholder,
        "parameter": parameter,
        "leaves": list(leaves),
    }
    browser_component(__file__, "search_box", html=_HTML)(key=key, data=data, on_search_change=follow)
