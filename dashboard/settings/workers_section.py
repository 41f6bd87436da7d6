"""The section "System status": processes, throughput, backlog, and what needs attention."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import streamlit as st
from markupsafe import Markup

from dashboard import formats
from dashboard.current_user import fragment
from dashboard.running_instance import account
from dashboard.settings import needs_attention
from dashboard.ui import charts
from dashboard.ui.markup import badge, card_title, joined, quiet, show, table, tag
from dashboard.ui.metric_cards import cards, metric_card
from engine.accounts.actor import Actor
from engine.operations import operating
from engine.operations.pulses import Pulse
from engine.operations.working import COUNT_UP_TO, Working
from engine.pipeline.lanes import LaneBacklog

LIVE = 3
"""Seconds between refreshes."""

NEEDED = ("worker", "scheduler", "collector")
"""The kinds of processes of which one must run."""


def render(actor: Actor) -> None:
    """The processes, refreshed live; below, what needs attention."""
    _processes(actor)
    needs_attention.render(actor)


def _processes(actor: Actor) -> None:
    @fragment(run_every=LIVE)
    def live(actor: Actor) -> None:
        now = actor.now
        found = operating.processes(actor)
        show(joined([cards(_figures(found)), *_missing(found, now), *_unset(found, now)]))
        with st.container(border=True):
            show(card_title("Activities processed per minute, last hour"))
            _pace(found)
        with st.container(border=True):
            show(joined([card_title("Processes"), _alive(found.processes, now)]))
        with st.container(border=True):
            show(joined([card_title("Lanes"), _lanes(found.lanes, now)]))

    live(actor)


def _figures(found: Working) -> Iterable[Markup]:
    waiting = formats.count(found.waiting)
    yield metric_card("Waiting", waiting if found.exact else f"over {waiting}")
    yield metric_card("Lag", _seconds(found.lag.total_seconds()) if found.lag is not None else "none")
    yield metric_card("Activities/s, last minute", _rate(found.pace.minute))
    yield metric_card("Activities/s, last hour", _rate(found.pace.hour))
    yield metric_card("Failed", _up_to(found.failed))


def _up_to(number: int) -> str:
    return f"over {formats.count(number)}" if number >= COUNT_UP_TO else formats.count(number)


def _rate(rate: float | None) -> str:
    if rate is None:
        return "no data yet"
    return f"{rate:.1f}" if rate < 10 else formats.count(round(rate))


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _missing(found: Working, now: datetime) -> Iterable[Markup]:
    """A notice for each kind of process of which none is running."""
    for kind in NEEDED:
        if not found.alive(kind, now=now):
            start, doctor = tag("code", f"sheets {kind}"), tag("code", "sheets doctor")
            words = [" Start one with ", start, ", or run ", doctor, " for details. No data is lost."]
            yield tag("p", joined([badge(f"no {kind} running", "bad"), *words]), "cs-small")


def _unset(found: Working, now: datetime) -> Iterable[Markup]:
    """Workers that cannot sign webhooks, because a secret is missing in their environment."""
    for worker in found.processes:
        if worker.is_alive(now) and worker.unset:
            names = ", ".join(f"${name}" for name in worker.unset)
            words = f" {worker.host}, process {worker.pid}, lacks {names}: webhooks with it are not called."
            yield tag("p", joined([badge("a secret is not set", "bad"), words]), "cs-small")


def _pace(found: Working) -> None:
    zone = account().time_zone
    rows = [
        {"at": at.astimezone(zone).replace(tzinfo=None).isoformat(), "what": "processed", "value": number}
        for at, number in found.pace.by_minute
    ]
    if not rows:
        show(quiet("No data yet. Updated every ten seconds."))
        return
    if not any(row["value"] for row in rows):
        show(quiet("None."))
        return
    charts.by_minute(rows, title="Activities processed per minute", colours={"processed": charts.PINE})


def _alive(processes: Sequence[Pulse], now: datetime) -> Markup:
    if not processes:
        return quiet("No process has reported yet.")
    headings = ("Process", "Host", "Version", "Last heartbeat")
    return table(headings, [_process(pulse, now) for pulse in processes])


def _process(pulse: Pulse, now: datetime) -> tuple[Markup, str, str, str]:
    state = badge("running", "good") if pulse.is_alive(now) else badge("not responding", "bad")
    rules = f"rules {pulse.rules}" if pulse.rules else ""
    return (
        joined([tag("b", pulse.kind), " ", state]),
        f"{pulse.host}, process {pulse.pid}",
        ", ".join(part for part in (pulse.version, rules) if part),
        f"{max(int((now - pulse.at).total_seconds()), 0)} s ago",
    )


def _lanes(lanes: Sequence[LaneBacklog], now: datetime) -> Markup:
    """A table of the busy lanes, and the number of idle ones."""
    busy = [lane for lane in lanes if lane.waiting or lane.due or _is_held(lane, now)]
    idle = len(lanes) - len(busy)
    words = f"{'All' if not busy else 'The other'} {idle} lanes are idle."
    rest = tag("p", words, "cs-small cs-quiet") if idle else Markup()
    if not busy:
        return rest
    return joined(
        [table(("Lane", "Waiting", "Oldest", "Held by"), [_lane(lane, now) for lane in busy]), rest]
    )


def _is_held(lane: LaneBacklog, now: datetime) -> bool:
    return lane.lease_until is not None and lane.lease_until > now


def _lane(lane: LaneBacklog, now: datetime) -> tuple[str, object, str, object]:
    waiting = [_up_to(lane.waiting)] if lane.waiting else []
    due = [f"{_up_to(lane.due)} contacts due"] if lane.due else []
    oldest = lane.oldest_received_at
    return (
        f"Lane {lane.lane}",
        ", ".join(waiting + due) or quiet("none"),
        _seconds((now - oldest).total_seconds()) if oldest else "",
        _holder(lane) if _is_held(lane, now) and lane.holder else quiet("free"),
    )


def _holder(lane: LaneBacklog) -> str:
    """Host and process of a holder's full name (host, process, run, thread)."""
    return ":".join(str(lane.holder).split(":")[:2])
