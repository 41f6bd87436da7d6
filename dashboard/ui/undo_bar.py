"""A bar that says what was just done, with Undo and Close."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard.ui.markup import show, tag
from dashboard.ui.problems import show_errors


def undo_bar(
    message: object, *, key: str, undo: Callable[[], None] | None, close: Callable[[], None]
) -> None:
    """Say what was just done, until somebody closes it.

    Parameters:
      said: In words, or markup of ours.
      key: The box's name among the widgets; its buttons are `….undo` and `….close`.
      undo: Takes it back; unset where that was done already.
      close: Is called when nobody needs it any more.
    """
    css = f"undo-bar-{key.replace('.', '-')}"
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=css):
        with st.container(width="stretch"):
            show(tag("div", message, role="status"))
        if undo is not None and st.button("Undo", icon=":material/undo:", key=f"{key}.undo"):
            with show_errors():
                undo()
        st.button("Close", key=f"{key}.close", on_click=close)
