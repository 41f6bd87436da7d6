"""Which question stands before somebody: the dialog that is open, and what it is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, ParamSpec

import streamlit as st

from dashboard.signin.signing_in import while_signed_in

Asking = ParamSpec("Asking")

_ASKED = "asked"


@dataclass(frozen=True)
class Asked:
    """An open dialog by its name, with what it is about."""

    dialog: str
    about: object = None


def ask(dialog: str, about: object = None) -> None:
    """Open a dialog in this run, in the place of any other."""
    st.session_state[_ASKED] = Asked(dialog, about)


def asked() -> Asked | None:
    """The dialog that is open."""
    found: Asked | None = st.session_state.get(_ASKED)
    return found


def answered() -> None:
    """No dialog is open any more."""
    st.session_state.pop(_ASKED, None)


def dialog(
    title: str, *, width: Literal["small", "medium", "large"] = "small"
) -> Callable[[Callable[Asking, None]], Callable[Asking, None]]:
    """A dialog, as `st.dialog`, for the user among its arguments, and no longer than they are signed in."""

    def decorated(asks: Callable[Asking, None]) -> Callable[Asking, None]:
        return st.dialog(title, width=width, on_dismiss=answered)(while_signed_in(asks))

    return decorated


def way_out(label: str, *, key: str) -> None:
    """A button that leaves the open dialog with nothing done.

    The page is run anew for it: a dialog that runs by itself alone would stay.
    """
    if st.button(label, key=key):
        answered()
        st.rerun()


def counted_once(key: str, count: Callable[[], int | None]) -> int | None:
    """How many contacts a question is about, counted when it is asked and not with each run."""
    if key not in st.session_state:
        st.session_state[key] = count()
    found: int | None = st.session_state[key]
    return found
