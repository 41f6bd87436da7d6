"""Ask for confirmation of an act that cannot be undone: the user types the name of the object."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from dashboard.ui.markup import show

_REQUESTED = "confirm_by_typing.requested"


def request(subject: str) -> None:
    """Show the question about `subject` (an id) from now on."""
    st.session_state[_REQUESTED] = subject


def is_requested(subject: str) -> bool:
    """Whether the question about `subject` is shown."""
    return bool(st.session_state.get(_REQUESTED) == subject)


def confirmed(words: Markup, *, name: str, act: str, key: str) -> bool:
    """Show the consequences and ask for the name; true in the run in which it was confirmed."""
    show(words)
    typed = st.text_input("Type the name to confirm", key=f"{key}.typed", placeholder="Name as shown above")
    with st.container(horizontal=True, key=f"danger-{key}"):
        sure = st.button(act, type="primary", disabled=(typed or "").strip() != name, key=f"{key}.sure")
        st.button("Cancel", key=f"{key}.cancel", on_click=clear)
    return sure


def clear() -> None:
    """Remove the question: it was answered or cancelled."""
    st.session_state.pop(_REQUESTED, None)
