"""The points card: total, chart, limits, and history."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st
from markupsafe import Markup

from dashboard import formats, wording
from dashboard.current_user import fragment
from dashboard.running_instance import time_zone
from dashboard.sheet.activity import activity_charts
from dashboard.sheet.activity.activity_tab import take_back
from dashboard.sheet.activity.points_dialog import GIVE, give_points, just_given
from dashboard.sheet.activity.timeline_lines import in_a_line
from dashboard.sheet.sheet_card import card
from dashboard.ui.dialog_state import current_dialog, open_dialog
from dashboard.ui.html_buttons import html_button, on_html_click
from dashboard.ui.markup import card_title, joined, show, tag
from dashboard.ui.problems import show_errors
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts.sheet import sheet_service
from engine.contacts.sheet.points import Ceiling, LedgerEntry, Outlook, next_losses
from engine.contacts.sheet.sheet_model import Sheet, SheetPoints
from engine.domain.activities import ActivityId, ContactId

MORE = 10
"""Entries shown at first, and added by each "load more"."""

SOON = 30
"""Days for which expiring points are announced."""

SCOPE = "points"
TAKE_BACK = "take back"

_WINDOWS = {
    "minute": "this minute", "hour": "this hour", "day": "today", "week": "this week", "month": "this month",
    "ever": "in total",
}  # fmt: skip


def points_card(actor: Actor, sheet: Sheet) -> None:
    """The total with the date of the last change, the chart, and the history."""
    zone, now, changes = time_zone(), actor.now, actor.may(Permission.EDIT_CONTACTS)
    with card("points"):
        with st.container(horizontal=True, vertical_alignment="center"):
            with st.container(width="stretch"):
                show(card_title("Points"))
            if changes and st.button("Adjust points", icon=":material/exposure:", key="points.give"):
                open_dialog(GIVE, sheet.id)
        show(figure(sheet.points, zone))
        just_given(actor, sheet.id)
        if sheet.points.entries:
            _course(actor, sheet, now, zone)
            show(meters(sheet_service.outlook(actor, sheet.id), now, zone))
            with st.expander("Points history", key="points.why", on_change="rerun") as why:
                if why.open:
                    _ledger(actor, sheet.id)
    question = current_dialog()
    if changes and question is not None and question.name == GIVE and question.about == sheet.id:
        give_points(actor, sheet.id)


def figure(points: SheetPoints, zone: ZoneInfo) -> Markup:
    """The total, with the date of the last change."""
    changed = formats.day(points.changed_at, zone) if points.changed_at else None
    words = f"last change on {changed}" if changed else "no points yet"
    return joined([tag("div", formats.count(points.total), "cs-figure"), tag("div", words, "cs-sub")])


def _course(actor: Actor, sheet: Sheet, now: datetime, zone: ZoneInfo) -> None:
    found = sheet_service.points_history(actor, sheet.id, total=sheet.points.total)
    if len(found) > 1:
        chart = activity_charts.course_of_points(found, activity_charts.today_in(zone, now))
        st.altair_chart(chart, width="stretch", key="points.course")


def meters(outlook: Outlook, now: datetime, zone: ZoneInfo) -> Markup:
    """Points that expire soon, and limits that are nearly reached."""
    lines = []
    today = activity_charts.today_in(zone, now)
    if lost := next_losses(outlook, SOON, today):
        soonest = formats.short_day(outlook.losses[0][0])
        lines.append(f"{formats.points(lost)} by expiry in the next {SOON} days, starting {soonest}")
    lines += [_meter(ceiling) for ceiling in outlook.ceilings if _matters(ceiling)]
    return tag("div", joined(tag("div", line) for line in lines), "cs-meters") if lines else Markup()


def _matters(ceiling: Ceiling) -> bool:
    """Whether a limit is shown: that of a group, or one that is reached."""
    return ceiling.per != "ever" and (ceiling.group or ceiling.done >= ceiling.most)


def _meter(ceiling: Ceiling) -> str:
    """`Browsing: 12 of max. 15 points today`."""
    unit = "point" if ceiling.group else "time"
    words = f"{formats.count(ceiling.done)} of max. {formats.count(ceiling.most)}"
    reached = " (limit reached)" if ceiling.done >= ceiling.most else ""
    return f"{ceiling.name}: {words} {wording.plural(ceiling.most, unit)} {_WINDOWS[ceiling.per]}{reached}"


# The ledger


@fragment()
def _ledger(actor: Actor, contact: ContactId) -> None:
    """All entries, newest first, loaded in steps."""
    changes, zone = actor.may(Permission.EDIT_CONTACTS), time_zone()
    key = f"points.shown.{contact}"
    shown: int = st.session_state.setdefault(key, MORE)
    _take_back(actor, contact)
    page = sheet_service.ledger(actor, contact, limit=shown)
    show(ledger(page.rows, zone, changes=changes))
    if changes:
        on_html_click(SCOPE, lambda _act, about: st.session_state.update({_UNDONE: about}))
    if page.next is not None:

        def further() -> None:
            st.session_state[key] = shown + 5 * MORE

        st.button("Load more", key="points.more", width="stretch", on_click=further)


_UNDONE = "points.undone"


def _take_back(actor: Actor, contact: ContactId) -> None:
    undone = st.session_state.pop(_UNDONE, None)
    if undone is not None:
        with show_errors():
            take_back(actor, contact, ActivityId(undone))
            st.rerun()


def ledger(entries: list[LedgerEntry], zone: ZoneInfo, *, changes: bool) -> Markup:
    """The entries: the reason for each, and what is left of its points."""
    return tag("ul", joined(_entry(entry, zone, changes) for entry in entries), "cs-ledger")


def _entry(entry: LedgerEntry, zone: ZoneInfo, changes: bool) -> Markup:
    css = "gone" if entry.expired_at is not None else ""
    about = " · ".join(filter(None, [_cause(entry), formats.moment(entry.happened_at, zone)]))
    lines = [tag("div", about, "cs-quiet cs-small")]
    if fate := _fate(entry, zone):
        lines.append(tag("div", fate, "cs-quiet cs-small"))
    if changes and entry.by is not None:
        hint = f"Undo {formats.points(entry.points)} of {formats.moment(entry.happened_at, zone)}"
        lines.append(html_button("Undo", scope=SCOPE, act=TAKE_BACK, about=entry.activity, hint=hint))
    worth = tag("span", _worth(entry), "cs-plus" if entry.points >= 0 else "cs-minus")
    about_it = tag("div", joined([entry.rule_name, *lines]))
    return tag("li", about_it + tag("div", worth, "cs-worth"), css)


def _cause(entry: LedgerEntry) -> str:
    """The cause of an entry: the activity, or the user and the reason."""
    if entry.by is not None:
        return " · ".join(filter(None, [f"by {entry.by}", entry.reason]))
    about = in_a_line(entry.activity_type, entry.properties, entry.summary)
    return f"{entry.label}: {about}" if about else entry.label


def _fate(entry: LedgerEntry, zone: ZoneInfo) -> str:
    """When the points expired or will expire."""
    if entry.expired_at is not None:
        return f"expired on {formats.day(entry.expired_at, zone)}"
    if not entry.losses:
        return ""
    at, lost = entry.losses[0]
    if len(entry.losses) == 1 and lost == entry.worth:
        return f"expires on {formats.day(at, zone)}"
    end = formats.day(entry.losses[-1][0], zone)
    return f"{formats.signed(-lost)} on {formats.day(at, zone)}, fully expired on {end}"


def _worth(entry: LedgerEntry) -> str:
    """The points, and what is left of them if they decay."""
    if entry.expired_at is not None or entry.worth == entry.points:
        return formats.signed(entry.points)
    return f"{formats.signed(entry.points)} → {formats.signed(entry.worth)}"
