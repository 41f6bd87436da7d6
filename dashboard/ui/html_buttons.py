"""Buttons inside our HTML, which need no widget each."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from markupsafe import Markup

from dashboard.ui.browser_component import browser_component
from dashboard.ui.markup import tag


def html_button(
    words: object, *, scope: str, act: str, about: str, hint: str = "", opened: bool = False
) -> Markup:
    """A button for the action `act` on the object `about`; `hint` is its accessible name."""
    return tag(
        "button", words, "cs-act-button", type="button", data_scope=scope, data_act=act, data_about=about,
        aria_label=hint or None, aria_expanded="true" if opened else None,
    )  # fmt: skip


def on_html_click(scope: str, do: Callable[[str, str], None]) -> None:
    """Call `do` with `act` and `about` when a button of this scope is clicked."""
    key = f"{scope}.acts"

    def on_click() -> None:
        found = st.session_state[key].get("act")
        if found is not None:
            do(str(found["act"]), str(found["about"]))

    browser_component(__file__, "html_buttons")(key=key, data={"scope": scope}, on_act_change=on_click)
