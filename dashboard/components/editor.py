"""The YAML editor: line numbers, colours, and what is wrong at its line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from engine.errors import Problem

_BUNDLE = Path(__file__).parent.parent / "assets" / "editor.min.js"


@st.cache_resource(show_spinner=False)
def _component() -> Callable[..., object]:
    return st.components.v2.component(
        "yaml_editor", html='<div class="editor"></div>', js=_BUNDLE.read_text(encoding="utf-8")
    )


def yaml_editor(text: str, *, document: str, label: str, problems: Sequence[Problem], key: str) -> str:
    """Edit a text; return it as it stands.

    `document` names what is edited: with another name the editor takes `text` anew.
    """
    shown = [{"line": p.line, "column": p.column, "message": p.message} for p in problems]
    data = {"text": text, "document": document, "label": label, "problems": shown}
    result = _component()(key=f"{key}.{document}", data=data, on_text_change=lambda: None)
    typed = getattr(result, "text", None)
    return text if typed is None else str(typed)
