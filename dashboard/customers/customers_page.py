"""The page of customers: RFM, and lifetime value."""

from __future__ import annotations

import streamlit as st

from dashboard.customers import lifetime_section, rfm_section
from dashboard.ui.markup import menu, page_title, show
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission

PAGE = "customers"

_VIEWS = {"rfm": ("RFM", rfm_section.render), "clv": ("Lifetime value", lifetime_section.render)}


def render(actor: Actor) -> None:
    """The view that the address names; RFM without one."""
    actor.require(Permission.SEE)
    asked = st.query_params.get("view", "rfm")
    view = asked if asked in _VIEWS else "rfm"
    show(page_title("Customers", "Who is loyal, who is leaving, and what they are worth"))
    addresses = {name: f"?page={PAGE}&view={name}" for name in _VIEWS}
    links = ((addresses[name], label) for name, (label, _) in _VIEWS.items())
    show(menu(links, label="Views", current=addresses[view]))
    _VIEWS[view][1](actor)
