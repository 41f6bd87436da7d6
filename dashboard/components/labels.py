"""Names of widgets as they are read aloud: without the marks that keep them from being Markdown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

_ASSETS = Path(__file__).parent.parent / "assets"


@st.cache_resource(show_spinner=False)
def _component() -> Callable[..., object]:
    return st.components.v2.component("labels", js=_ASSETS.joinpath("labels.js").read_text())


def readable_labels() -> None:
    """Take the marks of `plain_label` out of what is read aloud; call it once, before the page."""
    _component()(key="app.labels")
