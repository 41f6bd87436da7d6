"""What the user states of all contacts of a file: when and where they agreed, or that they get nothing."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from dashboard import formats
from dashboard.imports.import_form import ImportForm
from dashboard.running_instance import today
from dashboard.ui.markup import show, tag
from engine.domain.rulebook import Ruleset
from engine.imports.mapping.consents import MAX_SOURCE, Statement
from engine.imports.mapping.subscriptions import Subscription, subscriptions
from engine.imports.mapping.suppressions import SUPPRESSIONS

_HINT = (
    "Contacts who were never subscribed become subscribed as of this date. Unsubscribed contacts stay "
    "unsubscribed: to resubscribe them, the file needs a column with the date of each opt-in."
)


_SUPPRESSED_HINT = (
    "Use this for lists of bounces, complaints or unsubscriptions of a sending service. Nobody is subscribed "
    "by such a file."
)


def ask_suppression(form: ImportForm) -> None:
    """Ask whether the file is a list of addresses that must not be written to."""
    form.suppressed = st.selectbox(
        "Suppression list: everyone in this file is …",
        list(SUPPRESSIONS),
        index=None if form.suppressed is None else list(SUPPRESSIONS).index(form.suppressed),
        format_func=SUPPRESSIONS.__getitem__,
        placeholder="No suppression list",
        key=form.key("suppressed"),
    )
    if form.suppressed is not None:
        form.statements.clear()
        show(tag("div", _SUPPRESSED_HINT, "cs-small cs-quiet"))


def ask_statements(form: ImportForm, ruleset: Ruleset) -> None:
    """Ask whether all contacts agreed, for each subscription without a column."""
    for one in subscriptions(ruleset):
        if one.targets.keys().isdisjoint(form.mapping.values()):
            _ask(form, one)
        else:
            form.statements.pop(one.id, None)


def _ask(form: ImportForm, subscription: Subscription) -> None:
    channel = subscription.id
    present = form.statements.get(channel)
    words = f"Everyone in this file opted in to {subscription.name}"
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


def missing_sources(form: ImportForm, ruleset: Ruleset) -> Iterator[str]:
    """Return the problems of statements without a source."""
    names = {one.id: one.name for one in subscriptions(ruleset)}
    for one in form.statements.values():
        if not one.source.strip():
            name = names.get(one.channel, one.channel)
            yield f"enter where everyone opted in to {name}: it is stored with each contact"
