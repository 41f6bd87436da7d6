"""A contact's activities, grouped by day, each with its raw data behind a click."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from dashboard import formats
from dashboard.components.text import Html, badge, joined, safe, tag
from engine.store import sheets
from engine.store.timeline_rows import TimelineRow


def timeline(rows: Sequence[TimelineRow], *, now: datetime, zone: ZoneInfo) -> Html:
    """The rows as they come (the newest first), under a heading for each day."""
    days = groupby(rows, key=lambda row: formats.day_heading(row.happened_at, now, zone))
    return joined(_day(heading, of_day, zone) for heading, of_day in days)


def _day(heading: str, rows: Iterable[TimelineRow], zone: ZoneInfo) -> Html:
    events = joined(_event(row, zone) for row in rows)
    return Html(f"{tag('div', heading, 'cs-day')}<div>{events}</div>")


def _event(row: TimelineRow, zone: ZoneInfo) -> Html:
    line = tag("span", f" {row.summary}", "cs-line") if row.summary else ""
    when = tag("span", formats.clock(row.happened_at, zone), "cs-when")
    raw = tag("pre", _readable(row))
    return Html(
        f'<div class="cs-event">{tag("span", row.icon, "cs-icon")}'
        f'<div class="cs-what">{safe(row.label)}{line} {joined(_marks(row), " ")}</div>{when}'
        f"<details><summary>details</summary>{raw}</details></div>"
    )


def _marks(row: TimelineRow) -> list[Html]:
    """What is special about an activity."""
    marks = []
    if row.points:
        marks.append(badge(formats.points(row.points), "good" if row.points > 0 else "bad"))
    if row.bot:
        marks.append(badge("bot: gives no points"))
    if row.clamped:
        marks.append(badge("time was ahead: shown as received"))
    return marks


def _readable(row: TimelineRow) -> str:
    plain = json.loads(sheets.encode({"id": row.id, "type": row.type, **row.details}))
    return json.dumps(plain, indent=2, ensure_ascii=False)
