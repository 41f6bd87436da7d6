"""The line above a calculated figure: of what and when it is, and a button to calculate it now."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard.ui.markup import quiet, show, tag
from dashboard.ui.problems import show_errors


def head(about: str, *, running: bool, may: bool, start: Callable[[], object], key: str) -> None:
    """Show `about`, and the button with `key` if the user `may` start and nothing is `running`."""
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    with left:
        if about:
            show(tag("div", about, "cs-sub"))
    with right:
        if running:
            show(quiet("Being calculated…"))
        elif may and st.button("Calculate now", key=key, width="stretch"):
            with show_errors():
                start()
                st.rerun()
