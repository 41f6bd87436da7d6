"""Suspected outages: sendings that failed as a whole.  An admin decides whether their bounces count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from hashlib import blake2b
from zoneinfo import ZoneInfo

import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.ui.markup import badge, joined, quiet, show, tag
from dashboard.ui.problems import show_errors
from engine.accounts.actor import Actor
from engine.operations import operating
from engine.pipeline.outages import SuspectedOutage

_NOTICE = "sendings.notice"

COUNT, LEAVE = "Count bounces", "Ignore bounces"

_CHANNELS = {"email": "Email", "sms": "SMS"}


def render(actor: Actor, found: Sequence[SuspectedOutage], zone: ZoneInfo) -> None:
    """Open ones first, each with the two decisions."""
    notice = st.session_state.pop(_NOTICE, None)
    if notice:
        st.success(notice, icon=":material/check:")
    if not found:
        show(quiet("No suspected outages."))
        return
    words = (
        "An unusually high share of these sendings failed at once, so the cause may be the provider. "
        "Their bounces appear on timelines but are not counted until you decide."
    )
    show(tag("p", words, "cs-small cs-quiet"))
    for sending in sorted(found, key=lambda sending: not sending.is_open):
        _sending(actor, sending, zone)


def _sending(actor: Actor, sending: SuspectedOutage, zone: ZoneInfo) -> None:
    key = blake2b(sending.id.encode(), digest_size=8).hexdigest()
    row = st.container(border=True, horizontal=True, vertical_alignment="center", key=f"sendings.{key}")
    with row:
        show(joined([_title(sending), tag("div", _about(sending, zone), "cs-small cs-quiet")]))
        if sending.counted_by is None:
            act = partial(operating.count_sending, actor, sending.id)
            done = "Bounces are counted. The contacts are being updated."
            _decision(COUNT, f"sendings.count.{key}", act, done)
        if sending.left_by is None:
            act = partial(operating.leave_sending, actor, sending.id)
            _decision(LEAVE, f"sendings.leave.{key}", act, "Bounces are ignored.")


def _title(sending: SuspectedOutage) -> Markup:
    name = tag("b", f"{_CHANNELS[sending.channel]}: {sending.name}")
    return joined([name, " ", _state(sending)])


def _state(sending: SuspectedOutage) -> Markup:
    if sending.counted_by is not None:
        return badge(f"counted by {sending.counted_by}")
    if sending.left_by is not None:
        return badge(f"ignored by {sending.left_by}")
    return badge("decision needed", "bad")


def _about(sending: SuspectedOutage, zone: ZoneInfo) -> str:
    failed, attempts = formats.count(sending.failed), formats.count(sending.attempts)
    share, noticed = formats.percent(sending.share), formats.moment(sending.noticed_at, zone)
    return f"{failed} of {attempts} attempts failed ({share}); detected on {noticed}"


def _decision(label: str, key: str, act: Callable[..., None], done: str) -> None:
    if st.button(label, key=key):
        with show_errors():
            act()
            st.session_state[_NOTICE] = done
            st.rerun()
