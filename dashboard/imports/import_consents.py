"""What is stated of all who are in a file: that they agreed to a subscription, when, and where."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from dashboard import formats
from dashboard.imports.import_settling import Settling
from dashboard.running_instance import today
from dashboard.ui.markup import show, tag
from engine.imports.mapping.columns import CHANNELS, Channel
from engine.imports.mapping.consents import MAX_SOURCE, NAMES, Statement

_HINT = (
    "It subscribes those who never were, as of that day. Who unsubscribed stays unsubscribed: for them the "
    "file needs a column with the date of each."
)


def ask_statements(settling: Settling) -> None:
    """Ask whether all agreed, of each subscription of which no column tells."""
    for channel in CHANNELS:
        told = any(target.startswith(channel) for target in settling.mapping.values())
        if told:
            settling.statements.pop(channel, None)
        else:
            _ask(settling, channel)


def _ask(settling: Settling, channel: Channel) -> None:
    present = settling.statements.get(channel)
    words = f"All people in this file agreed to the {NAMES[channel]}"
    if not st.checkbox(words, present is not None, key=settling.key(f"agreed.{channel}")):
        settling.statements.pop(channel, None)
        return
    with st.container(horizontal=True):
        on = st.date_input(
            "On which day",
            today() if present is None else present.on,
            max_value=today(),
            format=formats.date_entry(),
            key=settling.key(f"agreed.{channel}.on"),
            width=180,
        )
        source = st.text_input(
            "Where and how",
            "" if present is None else present.source,
            max_chars=MAX_SOURCE,
            placeholder="Form at the fair in Madrid",
            key=settling.key(f"agreed.{channel}.source"),
        )
    show(tag("div", _HINT, "cs-small cs-quiet"))
    settling.statements[channel] = Statement(channel, on, source)


def unsaid(settling: Settling) -> Iterator[str]:
    """What still stands in the way."""
    for one in settling.statements.values():
        if not one.source.strip():
            yield f"say where and how all of them agreed to the {NAMES[one.channel]}: it is kept with each"
