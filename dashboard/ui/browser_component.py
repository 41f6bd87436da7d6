"""Components that run in the browser: a widget's script and style stand beside its Python file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

_ELEMENTS = Path(__file__).with_name("elements.js")


@st.cache_resource(show_spinner=False)
def browser_component(
    beside: str, name: str, *, html: str | None = None, elements: bool = False
) -> Callable[..., object]:
    """Register `name.js`, and `name.css` if there is one, of the folder of the Python file `beside`.

    With `elements` the script starts with `elements.js`, which builds DOM elements.  The name is
    the component's name in Streamlit, so it is unique among all widgets.
    """
    folder = Path(beside).parent
    script = folder.joinpath(f"{name}.js").read_text(encoding="utf-8")
    style = folder / f"{name}.css"
    return st.components.v2.component(
        name,
        html=html,
        css=style.read_text(encoding="utf-8") if style.is_file() else None,
        js=f"{_ELEMENTS.read_text(encoding='utf-8')}\n{script}" if elements else script,
    )
