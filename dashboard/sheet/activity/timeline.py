"""The timeline: a contact's activities by day, with their raw data on demand."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from babel.dates import format_timedelta
from markupsafe import Markup

from dashboard import formats, wording
from dashboard.sheet.activity.timeline_delays import delays
from dashboard.sheet.activity.timeline_lines import row_text
from dashboard.ui.html_buttons import html_button
from dashboard.ui.markup import badge, bullet_list, joined, scrollable, tag
from engine.contacts.editing.undo import BOUNCES
from engine.contacts.sheet import sheets
from engine.contacts.sheet.timeline_rows import TimelineRow
from engine.notices.raw_notices import RawNotice

SCOPE = "activity"
RAW, NOTICE, TAKE_BACK, PUT_BACK, CHOOSE = "raw", "notice", "take back", "put back", "choose"
"""The actions of a row's buttons."""


@dataclass(frozen=True)
class RowOptions:
    """Options for showing the rows.

    Parameters:
      now: The current time.
      zone: The account's time zone.
      since: Activities received after this are marked as new.
      opened: Ids of activities whose raw data is shown.
      notices: The raw notices that are shown, by the activity's id.
      changes: Whether the user may undo activities.
      splits: Whether the user may split activities off the contact.
      chosen: Ids of activities that are to be split off.
    """

    now: datetime
    zone: ZoneInfo
    since: datetime
    opened: Collection[str] = ()
    notices: Mapping[str, RawNotice] = field(default_factory=dict)
    changes: bool = False
    splits: bool = False
    chosen: Collection[str] = ()


def timeline(rows: Sequence[TimelineRow], look: RowOptions) -> Markup:
    """The rows in the given order (newest first), with a heading for each day."""
    days = groupby(rows, key=lambda row: formats.day_heading(row.happened_at, look.now, look.zone))
    late = delays(rows)
    return joined(_day(heading, of_day, look, late) for heading, of_day in days)


def is_new(row: TimelineRow, since: datetime) -> bool:
    """Whether an activity was received after a time, whenever it happened."""
    return _received(row) > since


def _received(row: TimelineRow) -> datetime:
    received: datetime = row.details.get("received_at") or row.happened_at
    return received


def _day(
    heading: str, rows: Iterable[TimelineRow], look: RowOptions, late: Mapping[str, timedelta]
) -> Markup:
    events = joined(_event(row, look, late.get(row.id)) for row in rows)
    return tag("h2", heading, "cs-day") + tag("div", events)


def _event(row: TimelineRow, look: RowOptions, late: timedelta | None) -> Markup:
    text = row_text(row, look.zone)
    line = tag("span", f" {text.line}", "cs-line") if text.line else ""
    label = tag("span", row.label, "cs-undone" if row.undone else "")
    below = bullet_list(text.lines, "cs-lines") if text.lines else ""
    what = [label, line, " ", joined(_marks(row, look, late), " "), below, _note(row, look.zone)]
    parts = [
        tag("span", row.icon, "cs-icon", aria_hidden="true"),
        tag("div", joined(what), "cs-what"),
        tag("div", joined(_acts(row, look)), "cs-row-acts"),
        _when(row, look.zone),
        _notice(look.notices[row.id], look.zone) if row.id in look.notices else "",
        _raw(row) if row.id in look.opened else "",
    ]
    return tag("div", joined(parts), "cs-event new" if is_new(row, look.since) else "cs-event")


def _when(row: TimelineRow, zone: ZoneInfo) -> Markup:
    whole = formats.moment(row.happened_at, zone)
    return tag("span", formats.clock(row.happened_at, zone), "cs-when", title=whole)


def _marks(row: TimelineRow, look: RowOptions, late: timedelta | None) -> list[Markup]:
    """Badges for what is special about an activity."""
    marks = []
    if is_new(row, look.since):
        marks.append(badge("new", "info"))
    if row.points and row.undone is None:
        marks.append(badge(formats.points(row.points), "good" if row.points > 0 else "bad"))
    if row.bot:
        marks.append(badge("bot, no points"))
    if row.unproven:
        marks.append(badge("browser, unproven"))
    if row.discounted:
        marks.append(badge("bounce not counted"))
    if row.clamped:
        marks.append(badge("wrong clock: shown as received"))
    if late is not None:
        marks.append(tag("span", f"received {_length(late)} later", "cs-late"))
    return marks


def _length(passed: timedelta) -> str:
    return format_timedelta(passed, threshold=1, locale=formats.locale())


def _note(row: TimelineRow, zone: ZoneInfo) -> Markup:
    """The user who undid the activity."""
    if row.undone is None:
        return Markup()
    by = f" by {row.undone.by}" if row.undone.by else ""
    why = f" · {row.undone.reason}" if row.undone.reason else ""
    return tag("div", f"Undone{by} on {formats.moment(row.undone.at, zone)}{why}", "cs-note")


def _acts(row: TimelineRow, look: RowOptions) -> list[Markup]:
    when = f"{row.label}, {formats.moment(row.happened_at, look.zone)}"
    open_ = row.id in look.opened
    words = wording.HIDE_RAW if open_ else wording.SHOW_RAW
    acts = [html_button(words, scope=SCOPE, act=RAW, about=row.id, hint=f"{words}: {when}", opened=open_)]
    if row.notice:
        shown = row.id in look.notices
        words = wording.HIDE_NOTICE if shown else wording.SHOW_NOTICE
        acts.append(
            html_button(words, scope=SCOPE, act=NOTICE, about=row.id, hint=f"{words}: {when}", opened=shown)
        )
    if look.changes and row.undoable and row.undone is None:
        words = wording.NOT_A_BOUNCE if row.type in BOUNCES else wording.TAKE_BACK
        acts.append(html_button(words, scope=SCOPE, act=TAKE_BACK, about=row.id, hint=f"{words}: {when}"))
    if look.changes and row.undone is not None:
        words = wording.PUT_BACK
        acts.append(
            html_button(words, scope=SCOPE, act=PUT_BACK, about=row.undone.id, hint=f"{words}: {when}")
        )
    if look.splits and row.splittable:
        chosen = row.id in look.chosen
        words = wording.CHOSEN_NOT_THEIRS if chosen else wording.NOT_THEIRS
        acts.append(
            html_button(words, scope=SCOPE, act=CHOOSE, about=row.id, hint=f"{words}: {when}", opened=chosen)
        )
    return acts


def _notice(notice: RawNotice, zone: ZoneInfo) -> Markup:
    """A notice as it came, with how and when."""
    mail = notice.media == "message/rfc822"
    kind = "Returned mail" if mail else f"Webhook of {notice.source.partition(':')[2]}"
    cut = f", its first {formats.count(len(notice.text))} characters" if notice.shortened else ""
    head = f"{kind}, received on {formats.moment(notice.received_at, zone)} "
    head += f"({formats.count(notice.size)} bytes{cut})"
    return tag("div", tag("div", head, "cs-note") + scrollable("pre", notice.text, kind), "cs-evidence")


def _raw(row: TimelineRow) -> Markup:
    plain = json.loads(sheets.encode({"id": row.id, "type": row.type, **row.details}))
    text = json.dumps(plain, indent=2, ensure_ascii=False)
    return scrollable("pre", text, f"{wording.SHOW_RAW}: {row.label}")
