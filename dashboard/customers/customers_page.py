"""The page of customers: RFM, and the model of lifetime value."""

from __future__ import annotations

from dashboard.customers import rfm_section
from dashboard.ui.markup import page_title, show
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission

PAGE = "customers"


def render(actor: Actor) -> None:
    """The part that the address names."""
    actor.require(Permission.SEE)
    show(page_title("Customers", "Who is loyal, who is leaving, and what they are worth"))
    rfm_section.render(actor)
