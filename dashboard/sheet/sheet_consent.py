"""The card "Consent": the acts that concerned a contact's subscriptions, with their evidence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial
from zoneinfo import ZoneInfo

import streamlit as st
from markupsafe import Markup

from dashboard import formats, wording
from dashboard.running_instance import time_zone, today
from dashboard.sheet.sheet_card import card
from dashboard.ui.markup import badge, card_title, facts, joined, quiet, show, table, tag
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts.sheet import sheet_service
from engine.contacts.sheet.consent_register import ConsentEntry, ConsentRegister, ConsentState
from engine.domain.activities import ContactId
from engine.exports import consent_file

SHOWN = 50
"""Acts that the card lists; the file has all."""

MAX_WORDS = 300
"""Characters of a consent's text that the card shows; the file has all."""


def consent_card(actor: Actor, contact: ContactId) -> None:
    """The card, which reads the register when it is opened."""
    with card("consent"):
        show(card_title("Consent"))
        with st.expander("History and evidence", key="sheet.consent", on_change="rerun") as opened:
            if opened.open:
                _consent(actor, contact)


def _consent(actor: Actor, contact: ContactId) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        day: date | None = st.date_input(
            "As of (empty for now)",
            None,
            max_value=today(),
            format=formats.date_entry(),
            key="sheet.consent.day",
            width=200,
        )
        if actor.may(Permission.EXPORT):
            st.download_button(
                "Download CSV",
                partial(consent_file.download, actor, contact, as_of=day),
                file_name=f"consent-of-{contact}{f'-{day.isoformat()}' if day else ''}.csv",
                mime="text/csv",
                icon=":material/download:",
                key="sheet.consent.csv",
            )
    found = sheet_service.consent(actor, contact, as_of=day)
    show(Markup() if found is None else register(found, time_zone()))


def register(found: ConsentRegister, zone: ZoneInfo) -> Markup:
    """The state of each subscription, and the acts, the latest first."""
    states = facts([(state.label, _state(state, zone)) for state in found.states])
    if not found.entries:
        return joined([states, quiet("No statements of consent yet.")])
    rows = [_row(entry, zone) for entry in reversed(found.entries[-SHOWN:])]
    more = len(found.entries) - SHOWN
    rest = [quiet(f"{formats.counted(more, 'earlier act')} in the file.")] if more > 0 else []
    return joined([states, table(("What", "When"), rows), *rest])


def _state(state: ConsentState, zone: ZoneInfo) -> Markup:
    because = state.because
    if because is None:
        return badge(state.words, wording.tone(state.state))
    words = f" since {formats.day(because.at, zone)} by {because.by}"
    return joined([badge(state.words, wording.tone(state.state)), tag("span", words, "cs-quiet cs-small")])


def _row(entry: ConsentEntry, zone: ZoneInfo) -> tuple[Markup, str]:
    lines = [tag("div", f"{entry.label}: {entry.outcome}")]
    lines.append(tag("div", f"{entry.what} · by {entry.by} · {entry.source}", "cs-quiet cs-small"))
    known = " · ".join(_evidence(entry, zone))
    if known:
        lines.append(tag("div", known, "cs-quiet cs-small"))
    if entry.evidence.text:
        lines.append(tag("div", f"“{_cut(entry.evidence.text)}”", "cs-quiet cs-small"))
    return joined(lines), formats.moment(entry.at, zone)


def _evidence(entry: ConsentEntry, zone: ZoneInfo) -> Iterator[str]:
    known = entry.evidence
    place = f"{known.file}, line {formats.count(known.line)}" if known.file and known.line else known.file
    if known.origin and known.origin != known.file:
        yield known.origin
    named = {
        "": place, "page": known.page, "text version": known.text_version, "IP": known.ip,
        "for": known.address, "reason:": known.reason,
    }  # fmt: skip
    yield from (f"{name} {value}".strip() for name, value in named.items() if value)
    if entry.received_at.astimezone(zone).date() > entry.at.astimezone(zone).date():
        yield f"received on {formats.day(entry.received_at, zone)}"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_WORDS else f"{text[:MAX_WORDS]}…"
