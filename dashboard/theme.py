"""The few styles that Streamlit's theme cannot say."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_CSS = Path(__file__).with_name("assets").joinpath("style.css")


def apply_theme() -> None:
    """Put our styles on the page."""
    st.html(f"<style>{_CSS.read_text()}</style>")
