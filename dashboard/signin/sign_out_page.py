"""Sign out for users who signed in by the company's OpenID provider."""

from __future__ import annotations

import streamlit as st

from dashboard import current_user
from dashboard.ui.markup import empty_state
from dashboard.ui.router import followed
from engine.accounts.actor import Actor

PAGE = "signout"


def render(actor: Actor) -> None:
    """Sign out at once if the link was clicked here; ask if another site led here."""
    if followed("page", PAGE):
        current_user.sign_out(actor)
        return
    empty_state("Sign out?", "You came here from another site.", whole="page")
    st.button("Sign out", key="sign_out.sure", on_click=current_user.sign_out, args=(actor,))
