"""Buttons inside markup of ours: many of them cost no widget each."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import streamlit as st

from dashboard.ui.browser_component import browser_component
from dashboard.ui.markup import Html, safe


def html_button(
    words: object, *, scope: str, act: str, about: str, hint: str = "", opened: bool = False
) -> Html:
    """A button that says `act` of something; `hint` says to those who do not see it of what."""
    marks = {"data-scope": scope, "data-act": act, "data-about": about}
    if hint:
        marks["aria-label"] = hint
    if opened:
        marks["aria-expanded"] = "true"
    said = "".join(f' {name}="{escape(value, quote=True)}"' for name, value in marks.items())
    return Html(f'<button type="button" class="cs-act-button"{said}>{safe(words)}</button>')


def on_html_click(scope: str, do: Callable[[str, str], None]) -> None:
    """Call `do` with the act and what it is about when a button of this scope is pressed."""
    key = f"{scope}.acts"

    def heard() -> None:
        found = st.session_state[key].get("act")
        if found is not None:
            do(str(found["act"]), str(found["about"]))

    browser_component(__file__, "html_buttons")(key=key, data={"scope": scope}, on_act_change=heard)
