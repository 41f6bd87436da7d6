"""Buttons inside markup of ours: many of them cost no widget each."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from markupsafe import Markup

from dashboard.ui.browser_component import browser_component
from dashboard.ui.markup import tag


def html_button(
    words: object, *, scope: str, act: str, about: str, hint: str = "", opened: bool = False
) -> Markup:
    """A button that says `act` of something; `hint` says to those who do not see it of what."""
    return tag(
        "button", words, "cs-act-button", type="button", data_scope=scope, data_act=act, data_about=about,
        aria_label=hint or None, aria_expanded="true" if opened else None,
    )  # fmt: skip


def on_html_click(scope: str, do: Callable[[str, str], None]) -> None:
    """Call `do` with the act and what it is about when a button of this scope is pressed."""
    key = f"{scope}.acts"

    def heard() -> None:
        found = st.session_state[key].get("act")
        if found is not None:
            do(str(found["act"]), str(found["about"]))

    browser_component(__file__, "html_buttons")(key=key, data={"scope": scope}, on_act_change=heard)
