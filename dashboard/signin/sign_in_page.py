"""The page for visitors who are not signed in."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from dashboard import wording
from dashboard.current_user import Visitor, provider
from dashboard.ui.markup import empty_state, escape_label, link, show
from dashboard.ui.router import remember_address


def render(visitor: Visitor) -> None:
    """Show how to sign in, and why the visitor is not signed in."""
    company = provider()
    words = visitor.refusal or "sign in to see your contacts"
    empty_state("Sign in to your account", wording.sentence(words), whole="page")
    with st.container(horizontal=True, horizontal_alignment="center"):
        if company is not None:
            remember_address()
            again = "Sign in again" if visitor.company else f"Sign in with {escape_label(company.name)}"
            st.button(again, type="primary", key="sign_in.company", on_click=st.login)
        if company is None or company.passwords:
            _password_link()
        if visitor.company:
            name = "your provider" if company is None else escape_label(company.name)
            st.button(f"Sign out of {name}", type="tertiary", key="sign_in.leave", on_click=st.logout)


def _password_link() -> None:
    wanted = urlencode(st.query_params.to_dict())
    address = f"/signin?{urlencode({'next': f'/?{wanted}'})}" if wanted else "/signin"
    show(link(address, "Sign in with a password", "cs-button"))
