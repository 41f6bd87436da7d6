"""The section "Incoming events": what each key sends, live, with what is refused and why."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from zoneinfo import ZoneInfo

import streamlit as st
from markupsafe import Markup

from dashboard import formats, wording
from dashboard.current_user import fragment
from dashboard.running_instance import time_zone
from dashboard.ui import charts
from dashboard.ui.html_buttons import html_button, on_html_click
from dashboard.ui.markup import (
    badge,
    card_title,
    empty_state,
    joined,
    link,
    quiet,
    scrollable,
    show,
    table,
    tag,
)
from engine.accounts.actor import Actor
from engine.operations import incoming
from engine.operations.incoming import Incoming, IncomingEvent, State

LIVE = 2.0
"""Seconds between refreshes."""

SCOPE = "incoming"

SHOWN_CHARACTERS = 20_000

_OPENED = "incoming.opened"

_ALL, _ACCEPTED, _REFUSED = _KINDS = ("All", "Accepted", "Refused")

_TONES: dict[State, str] = {"received": "info", "applied": "good", "failed": "bad", "refused": "bad"}

_WORDS: dict[State, str] = {
    "received": "accepted, waiting", "applied": "accepted", "failed": "accepted, failed", "refused": "refused"
}  # fmt: skip


def render(actor: Actor) -> None:
    """Choose a key and a kind of events; the figures and events of the last hour follow by themselves."""
    labels = {one.key: one.label for one in incoming.refused_by_key(actor, limit=1).last_hour}
    with st.container(horizontal=True, vertical_alignment="bottom", key="incoming-choice"):
        key: str | None = st.selectbox(
            "API key",
            [None, *labels],
            format_func=lambda id_: "All keys" if id_ is None else labels.get(id_, id_),
            key="incoming.key",
            width=280,
        )
        kind = st.segmented_control("Events", _KINDS, default=_ALL, required=True, key="incoming.kind")
        live: bool = st.toggle(
            "Live", value=True, key="incoming.live", help=f"Refreshes every {LIVE:.0f} seconds"
        )
        listen()
    fragment(run_every=LIVE if live else None)(_found)(actor, key, kind)


def listen() -> None:
    """Take clicks on the raw data of events; once a page, outside of what refreshes."""
    on_html_click(SCOPE, _open_or_close)


def _open_or_close(_act: str, event: str) -> None:
    opened: set[str] = st.session_state.setdefault(_OPENED, set())
    opened ^= {event}


def _found(actor: Actor, key: str | None, kind: str) -> None:
    zone = time_zone()
    found = incoming.incoming(actor, key=key, accepted=kind != _REFUSED, refused=kind != _ACCEPTED)
    left, right = st.columns(2)
    with left, st.container(border=True, height="stretch", key="incoming-keys"):
        show(joined([card_title("The last hour"), _keys(found), *_without_key(found)]))
    with right, st.container(border=True, height="stretch", key="incoming-minutes"):
        show(card_title("Events by minute"))
        charts.by_minute(list(_minutes(found, zone)), title="Events by minute", colours=_COLOURS, height=150)
    if found.reasons:
        with st.container(border=True, key="incoming-reasons"):
            rows = [(reason, formats.count(number)) for reason, number in found.reasons[:10]]
            show(card_title("Why events were refused in the last hour") + table(("Reason", "Events"), rows))
    show_events(found, zone)
    if found.conflicts:
        _conflicts(found, zone)


# The last hour


def _keys(found: Incoming) -> Markup:
    sent = [one for one in found.last_hour if one.accepted or one.refused]
    if not sent:
        return quiet("No events in the last hour.")
    rows = [(one.label, formats.count(one.accepted), _bad(one.refused)) for one in sent]
    return table(("API key", "Accepted", "Refused"), rows)


def _bad(number: int) -> Markup | str:
    return badge(formats.count(number), "bad") if number else "0"


def _without_key(found: Incoming) -> Iterator[Markup]:
    if not found.without_key:
        return
    keys = joined([tag("code", begins) for begins in found.unknown_keys[:5]], ", ")
    number = formats.counted(found.without_key, "request")
    words = [badge(f"{number} without a valid key", "bad"), " The latest named ", keys, ". See "]
    yield tag("p", joined([*words, link("?page=settings&section=keys", "API keys"), "."]), "cs-small")


_COLOURS = {"accepted": charts.PINE, "refused": charts.RUST}


def _minutes(found: Incoming, zone: ZoneInfo) -> Iterator[dict[str, object]]:
    for minute in found.by_minute:
        at = minute.at.astimezone(zone).replace(tzinfo=None).isoformat()
        for what, number in (("accepted", minute.accepted), ("refused", minute.refused)):
            yield {"at": at, "what": what, "value": number}


# The events


def show_events(found: Incoming, zone: ZoneInfo) -> None:
    """The latest events, each with what became of it."""
    show(card_title("Latest events"))
    if not found.events:
        empty_state(
            "No events yet", "They appear here within two seconds, with the reason if one is refused."
        )
        return
    labels = {one.key: one.label for one in found.last_hour}
    opened: set[str] = st.session_state.get(_OPENED, set())
    show(tag("div", joined(_event(event, labels, zone, event.id in opened) for event in found.events)))


def _event(event: IncomingEvent, labels: Mapping[str, str], zone: ZoneInfo, opened: bool) -> Markup:
    when = formats.to_the_second(event.received_at, zone)
    words = wording.HIDE_RAW if opened else wording.SHOW_RAW
    hint = f"{words}: {event.name or event.reason}, {when}"
    contact = (
        [link(f"?contact={event.contact}", "Contact sheet", "cs-link cs-small")] if event.contact else []
    )
    parts = [
        badge(_WORDS[event.state], _TONES[event.state]),
        tag("div", joined([tag("b", event.name or _name_of(event)), *_reason(event)]), "cs-what"),
        tag(
            "div",
            joined(
                [
                    *contact,
                    html_button(words, scope=SCOPE, act="open", about=event.id, hint=hint, opened=opened),
                ]
            ),
            "cs-row-acts",
        ),
        tag("span", f"{when} · {labels.get(event.source, event.source)}", "cs-small cs-quiet"),
        scrollable("pre", event.event[:SHOWN_CHARACTERS] or "no content", wording.SHOW_RAW) if opened else "",
    ]
    return tag("div", joined(parts), "cs-event cs-incoming")


def _reason(event: IncomingEvent) -> Iterator[Markup]:
    if event.reason:
        yield tag("div", event.reason, "cs-small")


def _name_of(event: IncomingEvent) -> str:
    """What a refused event calls itself."""
    try:
        sent = json.loads(event.event)
    except ValueError:
        return "unreadable event"
    if not isinstance(sent, dict):
        return "unreadable event"
    name = sent.get("event") or sent.get("type")
    return name[:80] if isinstance(name, str) and name.strip() else "event without a name"


# Ids that came again


def _conflicts(found: Incoming, zone: ZoneInfo) -> None:
    with st.container(border=True, key="incoming-conflicts"):
        show(card_title("ID conflicts"))
        show(
            tag(
                "p",
                "The same ID was sent again with different content. The first one counts.",
                "cs-small cs-quiet",
            )
        )
        rows = [(formats.moment(c.at, zone), c.type, c.activity) for c in found.conflicts]
        show(table(("When", "Type", "ID"), rows))
