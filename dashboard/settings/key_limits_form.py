"""The limits of a write key: their fields in a form, and how they read."""

from __future__ import annotations

import streamlit as st

from dashboard import formats
from engine.accounts.key_limits import MAX_NEW_CONTACTS, MAX_RATE, KeyLimits
from engine.pipeline.new_contacts import KeyToday

ORIGINS_HELP = "One per line. “https://*.shop.example” allows all subdomains. Empty: pages of any origin."
RATE_HELP = "Empty: no limit. Everyone in an office or mobile network may share one."
CEILING_HELP = "Empty: no limit. Beyond it, events of new visitors are refused until midnight."


def fields(key: str, limits: KeyLimits) -> KeyLimits:
    """Ask for limits inside a form, beginning with some; what is returned is not checked yet."""
    origins = st.text_area(
        "Allowed origins",
        "\n".join(limits.origins),
        help=ORIGINS_HELP,
        placeholder="https://shop.example",
        key=f"{key}.origins",
    )
    left, right = st.columns(2)
    rate = left.number_input(
        "Events per second from one IP address",
        min_value=0.0,
        max_value=float(MAX_RATE),
        value=None if limits.address_rate is None else float(limits.address_rate),
        step=1.0,
        format="%g",
        help=RATE_HELP,
        placeholder="No limit",
        key=f"{key}.rate",
    )
    ceiling = right.number_input(
        "New contacts per day",
        min_value=1,
        max_value=MAX_NEW_CONTACTS,
        value=limits.new_contacts,
        step=1,
        help=CEILING_HELP,
        placeholder="No limit",
        key=f"{key}.ceiling",
    )
    return KeyLimits(tuple(origins.split()), rate, ceiling)


def in_words(limits: KeyLimits, today: KeyToday | None) -> str:
    """The limits in one line, with how many contacts are new today."""
    origins = ", ".join(limits.origins) or "any origin"
    rate = "no limit per IP address"
    if limits.address_rate is not None:
        rate = f"{formats.number(limits.address_rate)} events/s per IP address"
    ceiling = "no daily limit of new contacts"
    if limits.new_contacts is not None:
        new = formats.count(today.admitted if today else 0)
        ceiling = f"{new} of {formats.count(limits.new_contacts)} new contacts today"
    return " · ".join((origins, rate, ceiling))
