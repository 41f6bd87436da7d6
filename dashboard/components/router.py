"""Going from page to page without loading the whole application again.

Pages have plain links (`?page=segments`): they can be opened in another tab, copied and
read aloud.  This takes over a plain click on one of them, and the browser's Back.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl

import streamlit as st

_SCRIPT = Path(__file__).parent.parent / "assets" / "router.js"


@st.cache_resource(show_spinner=False)
def _component() -> Callable[..., object]:
    return st.components.v2.component("router", js=_SCRIPT.read_text())


def follow_links() -> None:
    """Go where a link that was clicked leads; call it once, before the page."""

    def go() -> None:
        wanted = st.session_state["app.router"].get("go")
        if wanted is not None:
            st.query_params.from_dict(
                dict(parse_qsl(str(wanted["search"]).lstrip("?"), keep_blank_values=True))
            )

    _component()(key="app.router", on_go_change=go)
