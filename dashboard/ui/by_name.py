"""Asking before what cannot be taken back: one types the name of what it is about."""

from __future__ import annotations

import streamlit as st

from dashboard.ui.text import Html, show

_ASKED = "by_name.asked"


def ask(subject: str) -> None:
    """Remember that the question about `subject` (an id) was asked."""
    st.session_state[_ASKED] = subject


def asked(subject: str) -> bool:
    """Whether the question about `subject` stands."""
    return bool(st.session_state.get(_ASKED) == subject)


def confirmed(words: Html, *, name: str, act: str, key: str) -> bool:
    """Say what would happen and ask for the name; true in the run in which it was typed and pressed."""
    show(words)
    typed = st.text_input("Type the name to go on", key=f"{key}.typed", placeholder="The name, as above")
    with st.container(horizontal=True, key=f"danger-{key}"):
        sure = st.button(act, type="primary", disabled=(typed or "").strip() != name, key=f"{key}.sure")
        st.button("Cancel", key=f"{key}.cancel", on_click=settle)
    return sure


def settle() -> None:
    """The question was answered."""
    st.session_state.pop(_ASKED, None)
