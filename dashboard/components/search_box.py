"""A search that follows one's typing, and is kept in the address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from dashboard.components.router import go_to

_ASSETS = Path(__file__).parent.parent / "assets"


@st.cache_resource(show_spinner=False)
def _component() -> Callable[..., object]:
    return st.components.v2.component(
        "search_box",
        html='<div class="search"><input type="search" autocomplete="off" spellcheck="false"></div>',
        css=_ASSETS.joinpath("search_box.css").read_text(),
        js=_ASSETS.joinpath("search_box.js").read_text(),
    )


def search_box(
    text: str, *, label: str, placeholder: str, parameter: str, leaves: Sequence[str], key: str
) -> None:
    """Show the search with its present `text`; what is typed goes into the address as `parameter`.

    `leaves` are parameters that do not outlive another search, such as the page one was on.
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
    _component()(key=key, data=data, on_search_change=follow)
