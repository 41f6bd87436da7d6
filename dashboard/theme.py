"""Styles that Streamlit's theme cannot express."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent

_SHEETS = (
    "ui/style.css",
    "ui/lists.css",
    "sheet/sheet.css",
    "sheet/activity/activity.css",
    "merges/merges.css",
)
"""The style sheets of every page; components bring their own."""


def apply_theme() -> None:
    """Add our styles to the page."""
    styles = "\n".join(_HERE.joinpath(name).read_text() for name in _SHEETS)
    st.html(f"<style>{styles}</style>")
