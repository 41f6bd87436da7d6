"""A bar that shows what was just done, with Undo and Close."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard.ui.markup import show, tag
from dashboard.ui.problems import show_errors


def undo_bar(message: object, *, key: str, state: str, undo: Callable[[], None] | None) -> None:
    """Show what was just done, until it is closed.

    Parameters:
      message: Text or markup.
      key: The prefix of the widgets' keys: `….undo` and `….close`.
      state: Where the session keeps what was done; emptied when the bar is closed.
      undo: Undoes it; unset if it was undone already.
    """
    css = f"undo-bar-{key.replace('.', '-')}"
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=css):
        with st.container(width="stretch"):
            show(tag("div", message, role="status"))
        if undo is not None and st.button("Undo", icon=":material/undo:", key=f"{key}.undo"):
            with show_errors():
                undo()
        st.button("Close", key=f"{key}.close", on_click=st.session_state.pop, args=(state, None))
