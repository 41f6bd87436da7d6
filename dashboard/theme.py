"""The few styles that Streamlit's theme cannot say."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent

_SHEETS = ("ui/style.css", "ui/lists.css", "sheet/sheet.css", "sheet/activity/activity.css")
"""What every page has; what belongs to one component alone comes with that."""


def apply_theme() -> None:
    """Put our styles on the page."""
    styles = "\n".join(_HERE.joinpath(name).read_text() for name in _SHEETS)
    st.html(f"<style>{styles}</style>")
