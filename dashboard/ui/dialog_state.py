"""Which dialog is open and what it is about, kept in the session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, ParamSpec

import streamlit as st

from dashboard.current_user import while_signed_in

DialogParams = ParamSpec("DialogParams")

_OPEN = "dialog.open"


@dataclass(frozen=True)
class OpenDialog:
    """An open dialog by its name, with what it is about."""

    name: str
    about: object = None


def open_dialog(name: str, about: object = None) -> None:
    """Open a dialog in this run, in the place of any other."""
    st.session_state[_OPEN] = OpenDialog(name, about)


def current_dialog() -> OpenDialog | None:
    """The dialog that is open."""
    found: OpenDialog | None = st.session_state.get(_OPEN)
    return found


def close_dialog() -> None:
    """Close the open dialog, if any."""
    st.session_state.pop(_OPEN, None)


def dialog(
    title: str, *, width: Literal["small", "medium", "large"] = "small"
) -> Callable[[Callable[DialogParams, None]], Callable[DialogParams, None]]:
    """`st.dialog` for content that is shown only while its actor is signed in."""

    def decorated(content: Callable[DialogParams, None]) -> Callable[DialogParams, None]:
        return st.dialog(title, width=width, on_dismiss=close_dialog)(while_signed_in(content))

    return decorated


def cancel_button(label: str = "Cancel", *, key: str) -> None:
    """A button that closes the open dialog.

    It reruns the whole page: a rerun of the dialog alone would keep it open.
    """
    if st.button(label, key=key):
        close_dialog()
        st.rerun()


def confirm_buttons(words: str, *, key: str, danger: bool = False, disabled: bool = False) -> bool:
    """The button that does what the dialog asks, and Cancel; whether the first was pressed.

    It is red if it means `danger`.
    """
    with st.container(horizontal=True, key=f"danger-{key}" if danger else None):
        sure = st.button(words, type="primary", key=f"{key}.sure", disabled=disabled)
        cancel_button(key=f"{key}.cancel")
    return sure


def count_once(key: str, count: Callable[[], int | None]) -> int | None:
    """The number of contacts of a dialog, counted once when it opens."""
    if key not in st.session_state:
        st.session_state[key] = count()
    found: int | None = st.session_state[key]
    return found
