"""A card on the sheet, which is not split when printed."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def card(name: str) -> DeltaGenerator:
    """A card of the sheet; `name` is unique on the page."""
    return st.container(border=True, key=f"sheet-card-{name}")
