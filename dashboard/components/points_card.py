"""A contact's points, and where each of them comes from."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from dashboard import formats
from dashboard.components.sheet_card import card
from dashboard.components.text import Html, card_title, joined, safe, show, table, tag
from dashboard.installation import time_zone
from engine.access.accounts import CurrentUser
from engine.store.sheets import Entry, Sheet, SheetPoints


def points_card(user: CurrentUser, sheet: Sheet) -> None:  # noqa: ARG001 - who may give points decides by it
    """The points, with the date of the last change and the entries behind them."""
    zone = time_zone()
    with card("points"):
        show(points(sheet.points, zone))
        if sheet.points.entries:
            label = f"Why: {len(sheet.points.entries)} entries"
            with st.expander(label, expanded=len(sheet.points.entries) <= 8):
                show(ledger(sheet.points, zone))


def points(points: SheetPoints, zone: ZoneInfo) -> Html:
    """The sum, with the date of the last change."""
    changed = formats.day(points.changed_at, zone) if points.changed_at else None
    words = f"last change on {changed}" if changed else "nothing has given points yet"
    return joined(
        [
            card_title("Points"),
            tag("div", formats.count(points.total), "cs-figure"),
            tag("div", words, "cs-sub"),
        ]
    )


def ledger(points: SheetPoints, zone: ZoneInfo) -> Html:
    """Where each point comes from."""
    rows = [
        (
            formats.day(entry.happened_at, zone),
            joined(
                [
                    entry.rule_name,
                    tag(
                        "div",
                        _because(entry.activity_label, entry.expires_at, entry.expired, zone),
                        "cs-quiet cs-small",
                    ),
                ]
            ),
            tag("span", _worth(entry), "cs-plus" if entry.points >= 0 else "cs-minus"),
        )
        for entry in points.entries
    ]
    if points.older:
        rows.append(("before", safe("Older entries, added up"), tag("span", formats.signed(points.older))))
    return table(("When", "Why", "Points"), rows, faded=[entry.expired for entry in points.entries])


def _worth(entry: Entry) -> str:
    """The points given, and what is left of them if they fade."""
    if entry.expired or entry.worth == entry.points:
        return formats.signed(entry.points)
    return f"{formats.signed(entry.points)} → {formats.signed(entry.worth)}"


def _because(label: str, expires_at: object, expired: bool, zone: ZoneInfo) -> str:
    if not isinstance(expires_at, datetime):
        return label
    return f"{label} · {'expired on' if expired else 'until'} {formats.day(expires_at, zone)}"
