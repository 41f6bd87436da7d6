"""The generation of the list's selection: a change of the selected contacts clears it."""

from __future__ import annotations

import streamlit as st

_GENERATION = "bulk.round"


def selection_generation() -> int:
    """Counts the changes of selected contacts in this session: after each, the list clears its selection."""
    return int(st.session_state.get(_GENERATION, 0))


def clear_selection() -> None:
    """Clear the selection of every list, from the next run on."""
    st.session_state[_GENERATION] = selection_generation() + 1
