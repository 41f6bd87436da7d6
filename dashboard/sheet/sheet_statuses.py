"""The cards for channels and statuses, with the status history."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import streamlit as st
from markupsafe import Markup

from dashboard import formats, wording
from dashboard.running_instance import time_zone
from dashboard.sheet.activity import activity_address
from dashboard.sheet.sheet_card import card
from dashboard.ui.markup import badge, card_title, facts, joined, link, quiet, show, table, tag
from engine.accounts.actor import Actor
from engine.contacts.sheet import sheet_service
from engine.contacts.sheet.reasons import Move, Reasons
from engine.contacts.sheet.sheet_model import Sheet, SheetDelivery, SheetStatus
from engine.contacts.sheet.timelines import TimelineFilter
from engine.domain.activities import ContactId
from engine.domain.bounce_messages.reasons import plain_reason
from engine.domain.deliverability import BOUNCE_OF


def reach_card(sheet: Sheet) -> None:
    """The card with the channels that can reach the contact."""
    with card("reach"):
        show(reach(sheet))


def statuses_card(actor: Actor, sheet: Sheet) -> None:
    """The card with the statuses and their history."""
    with card("statuses"):
        show(statuses(sheet, time_zone()))
        with st.expander("Status history", key="sheet.moves", on_change="rerun") as moved:
            if moved.open:
                found = sheet_service.reasons(actor, sheet.id)
                show(moves(found, time_zone()) if found else Markup())


def reach(sheet: Sheet) -> Markup:
    """Yes or no for each channel, with the reason."""
    rows = [
        (
            channel.channel,
            joined(
                [
                    badge("yes" if channel.reachable else "no", "good" if channel.reachable else "quiet"),
                    tag("span", f" {channel.why}", "cs-small"),
                ]
            ),
        )
        for channel in sheet.reach
    ]
    return joined([card_title("Can be reached by"), facts(rows)])


def statuses(sheet: Sheet, zone: ZoneInfo) -> Markup:
    """Each status with its start, author and reason, and with bounces."""
    rows = [(status.machine_label, _status(status, sheet, zone)) for status in sheet.statuses.values()]
    return joined([card_title("Status"), facts(rows)])


_WRITTEN_TO = {
    "email_status": ("email", "no email"),
    "mobile_status": ("mobile_phone", "no mobile phone"),
}
"""The field of each deliverability status, and the text if it is empty."""


def _status(status: SheetStatus, sheet: Sheet, zone: ZoneInfo) -> Markup:
    address, none_known = _WRITTEN_TO.get(status.machine, ("id", ""))
    if getattr(sheet, address) is None and status.since is None:
        return quiet(none_known)
    delivery, devices = sheet.delivery.get(status.machine), sheet.push_devices
    words = [since(status, zone)]
    if status.machine == "push" and devices:
        words.append(f"on {formats.counted(devices, 'device')}")
    details = tag("span", f" {' '.join(word for word in words if word)}", "cs-quiet cs-small")
    evidence = "" if delivery is None or status.state == "blocked" else bounces(delivery, zone)
    lines = []
    if evidence:
        about = joined([evidence, " ", _all_of(sheet, status.machine)])
        lines = [tag("div", about, "cs-quiet cs-small")]
    return joined([badge(status.label, wording.tone(status.state)), details, *lines])


def _all_of(sheet: Sheet, machine: str) -> Markup:
    """A link to the bounces, where each can be marked as none."""
    wanted = activity_address.parameters(TimelineFilter((BOUNCE_OF[machine],)))
    return link(f"?{urlencode({'contact': sheet.id, 'tab': 'activity', **wanted})}", "See the bounces")


def since(status: SheetStatus, zone: ZoneInfo) -> str:
    """Start, author, end and reason of a status."""
    parts = [
        f"since {formats.day(status.since, zone)}" if status.since else "",
        f"by {status.by}" if status.by else "",
        f"until {formats.day(status.until, zone)}" if status.until else "",
        f"({status.reason})" if status.reason else "",
    ]
    return " ".join(part for part in parts if part)


def bounces(delivery: SheetDelivery, zone: ZoneInfo) -> str:
    """The last bounce with its reason, and the number of failures; empty without bounces."""
    last = delivery.last_bounce
    if last is None:
        return ""
    plain = plain_reason(last)
    why = f": {plain}" if plain else ""
    sent = " · ".join(text for text in (last.code, last.reason) if text and text != plain)
    answer = f" ({sent})" if sent else ""
    run = delivery.failures
    failed = f"{formats.counted(run, 'failed attempt')} in a row"
    temporary = f" · {formats.count(delivery.temporary)} temporary" if delivery.temporary else ""
    return f"Last bounce on {formats.day(last.at, zone)}, {last.kind}{why}{answer} · {failed}{temporary}"


def moves(found: Reasons, zone: ZoneInfo) -> Markup:
    """The changes of the statuses."""
    rows = [
        history_row(
            f"{move.machine_label}: {move.from_} → {move.to}",
            _cause(move, found.contact, zone),
            move.at,
            zone,
        )
        for move in found.moves
    ]
    if not rows:
        return quiet("No changes yet: every status has its initial value.")
    return table(HISTORY_HEADINGS, rows)


def _cause(move: Move, contact: ContactId, zone: ZoneInfo) -> str | Markup:
    """What changed a status, with a link to it among the activities of that day."""
    if move.because_type is None:
        return move.because
    day = move.at.astimezone(zone).date()
    wanted = activity_address.parameters(TimelineFilter((move.because_type,), day, day))
    return link(f"?{urlencode({'contact': contact, 'tab': 'activity', **wanted})}", move.because)


HISTORY_HEADINGS = ("What", "When")
"""The headings of a history table."""


def history_row(what: str, because: str | Markup, at: datetime, zone: ZoneInfo) -> tuple[Markup, str]:
    """A row of a history table, with the cause below so that both fit on a phone."""
    return joined([tag("div", what), tag("div", because, "cs-quiet cs-small")]), formats.moment(at, zone)
