"""Failed activities, suspected outages and webhook calls."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import blake2b
from zoneinfo import ZoneInfo

import streamlit as st
from markupsafe import Markup, escape

from dashboard import formats
from dashboard.deliverability import suspected_outages
from dashboard.running_instance import time_zone
from dashboard.ui.markup import badge, joined, link, quiet, show, tag
from engine.accounts.actor import Actor
from engine.operations import operating
from engine.operations.operating import SHOWN, NeedsAttention
from engine.pipeline.failed_activities import FailedActivity, FailureReason
from engine.pipeline.outbox import CallRow, HeldCalls

_NOTICE = "workers.notice"


def render(actor: Actor) -> None:
    """A tab for each, with the latest entries and their actions."""
    found, zone = operating.needs_attention(actor), time_zone()
    with st.container(horizontal=True, vertical_alignment="center"):
        show(tag("h2", "Needs attention", "cs-section"))
        st.button("Refresh", icon=":material/refresh:", key="workers.refresh", type="tertiary")
    notice = st.session_state.pop(_NOTICE, None)
    if notice:
        st.success(notice, icon=":material/check:")
    failed, doubted, calls = st.tabs(_names(found))
    with failed:
        _failed(actor, found, zone)
    with doubted:
        suspected_outages.render(actor, found.sendings, zone)
    with calls:
        _calls(actor, found, zone)


def _names(found: NeedsAttention) -> tuple[str, ...]:
    failed, waiting = formats.count(found.failed_calls), formats.count(found.waiting_calls)
    return (
        f"Failed activities ({_latest(len(found.failed))})",
        f"Suspected outages ({sum(sending.is_open for sending in found.sendings)})",
        f"Webhooks ({failed} failed, {waiting} waiting)",
    )


def _latest(number: int) -> str:
    return f"the latest {number}" if number >= SHOWN else str(number)


# Failed activities


def _failed(actor: Actor, found: NeedsAttention, zone: ZoneInfo) -> None:
    if not found.reasons:
        show(quiet("No failed activities."))
        return
    _about("Set aside so that processing continues. Retry once the cause is fixed.")
    for reason in found.reasons:
        _reason(actor, reason, zone)
    with st.expander(f"Latest {len(found.failed)}, one by one"):
        for activity in found.failed:
            _activity(actor, activity, zone)


def _reason(actor: Actor, reason: FailureReason, zone: ZoneInfo) -> None:
    types = ", ".join(reason.types[:5]) + (" …" if len(reason.types) > 5 else "")
    number, last = formats.count(reason.count), formats.moment(reason.last, zone)
    act = partial(operating.run_reason_again, actor, reason.reason)
    with _row(tag("b", reason.reason), f"{number} activities ({types}), the last on {last}"):
        _retry_button("Retry all", f"reason.{_key(reason.reason)}", act, "activities retried")


def _activity(actor: Actor, activity: FailedActivity, zone: ZoneInfo) -> None:
    about = f"{activity.id} · {formats.moment(activity.at, zone)} · {activity.reason}"
    act = partial(operating.run_again, actor, [activity.id])
    with _row(tag("b", activity.type), about):
        _retry_button("Retry", f"activity.{_key(activity.id)}", act, "activities retried")


# Calls


def _calls(actor: Actor, found: NeedsAttention, zone: ZoneInfo) -> None:
    if not found.calls:
        show(quiet("No pending or failed webhook calls."))
        return
    show(joined(map(_held, found.held_calls)))
    if found.failed_calls:
        act = partial(operating.call_again, actor)
        _retry_button("Retry all failed", "calls", act, "calls retried")
    for call in found.calls:
        _call(actor, call, zone)


def _held(calls: HeldCalls) -> Markup:
    about = f" {calls.webhook}: {calls.reason}"
    return tag("p", joined([badge(f"{formats.count(calls.calls)} held", "bad"), about]), "cs-small")


def _call(actor: Actor, call: CallRow, zone: ZoneInfo) -> None:
    with _row(joined([tag("b", call.webhook), " ", _state(call)]), _about_call(call, zone)):
        if call.state == "failed":
            act = partial(operating.call_again, actor, ids=[call.id])
            _retry_button("Retry", f"call.{_key(call.id)}", act, "calls retried")


def _state(call: CallRow) -> Markup:
    if call.state == "failed":
        return badge("failed", "bad")
    return badge("waiting", "info") if call.held is None else badge("held", "bad")


def _about_call(call: CallRow, zone: ZoneInfo) -> Markup:
    idle = call.state == "failed" or call.held is not None
    when = "" if idle else f", next at {formats.moment(call.due_at, zone)}"
    tried = f"{call.attempts} attempts{when}" if call.attempts else "not sent yet"
    parts = filter(None, (formats.moment(call.happened_at, zone), tried, call.held, call.error))
    contact = link(f"?contact={call.contact}", "this contact")
    return joined([f"rule {call.rule}, for ", contact, " · ", " · ".join(parts)])


# Shared parts of the tabs


def _about(words: str) -> None:
    show(tag("p", words, "cs-small cs-quiet"))


def _row(title: Markup, about: object) -> st.delta_generator.DeltaGenerator:
    """A row with room for a button."""
    row = st.container(border=True, horizontal=True, vertical_alignment="center")
    with row:
        show(joined([title, tag("div", escape(about), "cs-small cs-quiet")]))
    return row


def _retry_button(label: str, key: str, act: Callable[..., int], done: str) -> None:
    def press() -> None:
        st.session_state[_NOTICE] = f"{formats.count(act())} {done}."

    st.button(label, key=f"workers.{key}", type="tertiary", on_click=press)


def _key(text: str) -> str:
    """A widget key from an id, which may contain any characters."""
    return blake2b(text.encode(), digest_size=8).hexdigest()
