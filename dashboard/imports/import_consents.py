"""The consents that the user states for all contacts of a file: when and where they agreed."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from dashboard import formats
from dashboard.imports.import_form import ImportForm
from dashboard.running_instance import today
from dashboard.ui.markup import show, tag
from engine.imports.mapping.columns import CHANNELS, Channel
from engine.imports.mapping.consents import MAX_SOURCE, NAMES, Statement

_HINT = (
    "Contacts who were never subscribed become subscribed as of this date. Unsubscribed contacts stay "
    "unsubscribed: to resubscribe them, the file needs a column with the date of each opt-in."
)


def ask_statements(form: ImportForm) -> None:
    """Ask whether all contacts agreed, for each subscription without a column."""
    for channel in CHANNELS:
        has_column = any(target.startswith(channel) for target in form.mapping.values())
        if has_column:
            form.statements.pop(channel, None)
        else:
            _ask(form, channel)


def _ask(form: ImportForm, channel: Channel) -> None:
    present = form.statements.get(channel)
    words = f"Everyone in this file opted in to {NAMES[channel]}"
    if not st.checkbox(words, present is not None, key=form.key(f"agreed.{channel}")):
        form.statements.pop(channel, None)
        return
    with st.container(horizontal=True):
        on = st.date_input(
            "Opt-in date",
            today() if present is None else present.on,
            max_value=today(),
            format=formats.date_entry(),
            key=form.key(f"agreed.{channel}.on"),
            width=180,
        )
        source = st.text_input(
            "Opt-in source",
            "" if present is None else present.source,
            max_chars=MAX_SOURCE,
            placeholder="Form at the fair in Madrid",
            key=form.key(f"agreed.{channel}.source"),
        )
    show(tag("div", _HINT, "cs-small cs-quiet"))
    form.statements[channel] = Statement(channel, on, source)


def missing_sources(form: ImportForm) -> Iterator[str]:
    """Return the problems of statements without a source."""
    for one in form.statements.values():
        if not one.source.strip():
            yield f"enter where everyone opted in to {NAMES[one.channel]}: it is stored with each contact"
