"""A card on the sheet: a block that stays whole on paper."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def card(name: str) -> DeltaGenerator:
    """A framed block of the sheet; `name` is unlike those of all others on the page."""
    return st.container(border=True, key=f"sheet-card-{name}")
