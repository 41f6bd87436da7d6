"""The settings page: a menu of sections, each with the permission that it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from dashboard.settings import (
    account_section,
    api_keys_section,
    audit_log_section,
    custom_fields_section,
    incoming_section,
    profile_section,
    shops_section,
    users_section,
    workers_section,
)
from dashboard.ui.markup import menu, page_title, show
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission


@dataclass(frozen=True)
class Section:
    """A section of the settings; `needs` is the permission to open it."""

    label: str
    render: Callable[[Actor], None]
    needs: Permission


SECTIONS = {
    "account": Section("Account", account_section.render, Permission.EDIT_ACCOUNT),
    "fields": Section("Custom fields", custom_fields_section.render, Permission.EDIT_ACCOUNT),
    "users": Section("Users and roles", users_section.render, Permission.MANAGE_USERS),
    "keys": Section("API keys", api_keys_section.render, Permission.MANAGE_KEYS),
    "shops": Section("Shops", shops_section.render, Permission.MANAGE_KEYS),
    "incoming": Section("Incoming events", incoming_section.render, Permission.OPERATE),
    "workers": Section("System status", workers_section.render, Permission.OPERATE),
    "audit": Section("Audit log", audit_log_section.render, Permission.SEE_AUDIT),
    "you": Section("Your profile", profile_section.render, Permission.SEE),
}
"""The sections by their name in the address, in the order of the menu."""


def render(actor: Actor) -> None:
    """The section that the address names, else the first that the user may open."""
    allowed = [name for name, section in SECTIONS.items() if actor.may(section.needs)]
    wanted = st.query_params.get("section")
    if wanted not in SECTIONS:
        wanted = allowed[0] if allowed else next(iter(SECTIONS))
    section = SECTIONS[wanted]
    links = [(f"?page=settings&section={name}", SECTIONS[name].label) for name in allowed]
    current = f"?page=settings&section={wanted}"
    show(page_title("Settings") + menu(links, label="Settings", current=current))
    actor.require(section.needs)
    section.render(actor)
