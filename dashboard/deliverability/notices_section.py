"""Payloads of sending services that were not understood, and the mailboxes that are watched."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from zoneinfo import ZoneInfo

import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.ui.markup import badge, card_title, joined, quiet, scrollable, show, tag
from dashboard.ui.problems import show_errors
from engine.accounts.actor import Actor
from engine.notices import notice_service
from engine.notices.mailbox_states import WatchedMailbox
from engine.notices.not_understood import NotUnderstood

_NOTICE = "deliverability.notice"

SHOWN = 20
"""Payloads that are shown, the latest."""

AGAIN = "Run again"


def render(actor: Actor, zone: ZoneInfo) -> None:
    """The payloads, each with its content and a button to read it again; the mailboxes below."""
    kept = notice_service.kept(actor, limit=SHOWN)
    with st.container(border=True, key="deliverability-payloads"):
        show(card_title("Not understood"))
        if words := st.session_state.pop(_NOTICE, None):
            st.info(words)
        if not kept:
            show(quiet("Every event and every returned mail was understood."))
        else:
            _payloads(actor, kept, zone)
    mailboxes = notice_service.mailboxes(actor)
    if mailboxes:
        with st.container(border=True, key="deliverability-mailboxes"):
            show(card_title("Watched mailboxes"))
            show(joined(_mailbox(mailbox, zone) for mailbox in mailboxes))


def _payloads(actor: Actor, kept: list[NotUnderstood], zone: ZoneInfo) -> None:
    words = (
        "Events of sending services and returned mails that could not be read. They are kept for 30 days; "
        "run them again after an update."
    )
    show(tag("p", words, "cs-small cs-quiet"))
    for number, payload in enumerate(kept):
        row = st.container(border=True, horizontal=True, vertical_alignment="center")
        with row:
            show(_payload(payload, zone))
            _button(AGAIN, f"again.{number}.{payload.id}", partial(_run, actor, payload.id))
    if len(kept) > 1:
        _button("Run all again", "all", partial(_run_all, actor))


def _payload(payload: NotUnderstood, zone: ZoneInfo) -> Markup:
    waiting = [badge("waiting", "info")] if payload.state == "waiting" else []
    tried = f", tried again on {formats.moment(payload.tried_at, zone)}" if payload.tried_at else ""
    head = joined([tag("b", payload.service), " ", *waiting])
    when = f"{formats.moment(payload.received_at, zone)}{tried} · {payload.reason}"
    content = scrollable("pre", payload.event[:20_000], "Content", "cs-pre")
    unfolding = tag("details", tag("summary", "show content", "cs-small") + content)
    return joined([head, tag("div", when, "cs-small cs-quiet"), unfolding])


def _mailbox(mailbox: WatchedMailbox, zone: ZoneInfo) -> Markup:
    read = "not read yet" if mailbox.read_at is None else f"read on {formats.moment(mailbox.read_at, zone)}"
    counts = f"{formats.counted(mailbox.messages, 'message')}, {formats.counted(mailbox.notices, 'notice')}"
    failing = [badge("cannot be read", "bad"), f" {mailbox.error}"] if mailbox.error else []
    about = tag("div", joined([f"{read} · {counts} ", *failing]), "cs-small cs-quiet")
    return tag("div", joined([tag("b", mailbox.id), about]))


def _run(actor: Actor, id_: str) -> str:
    found = notice_service.run_again(actor, id_)
    if found.state == "done":
        return f"Understood now: {formats.counted(len(found.activities), 'activity', 'activities')}."
    if found.state == "waiting":
        return "The collector has not taken it yet: it is read as soon as one runs."
    return f"Still not understood: {found.reason}"


def _run_all(actor: Actor) -> str:
    return f"{formats.counted(notice_service.run_all_again(actor), 'payload')} will be read again."


def _button(label: str, key: str, act: Callable[[], str]) -> None:
    if st.button(label, key=f"deliverability.{key}", type="tertiary"):
        with show_errors():
            st.session_state[_NOTICE] = act()
            st.rerun()
