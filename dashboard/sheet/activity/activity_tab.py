"""The Activity tab of a contact's sheet."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import streamlit as st
from markupsafe import Markup

from dashboard import formats, wait_for_workers
from dashboard.current_user import fragment
from dashboard.exports.export_dialog import EXPORT, question
from dashboard.listing.contact_columns import DEFAULT
from dashboard.merges.division_dialogs import SPLIT, split_of_activities
from dashboard.running_instance import time_zone
from dashboard.sheet.activity import activity_charts
from dashboard.sheet.activity.activity_filters import current_filter, filter_bar, set_filter
from dashboard.sheet.activity.timeline import (
    CHOOSE,
    NOTICE,
    PUT_BACK,
    RAW,
    SCOPE,
    TAKE_BACK,
    RowOptions,
    is_new,
    timeline,
)
from dashboard.ui.dialog_state import open_dialog
from dashboard.ui.html_buttons import on_html_click
from dashboard.ui.markup import empty_state, joined, show, tag
from dashboard.ui.problems import show_errors
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts.bulk.selection import Selection
from engine.contacts.editing import edit_service
from engine.contacts.sheet import sheet_service
from engine.contacts.sheet.activity_counts import Counts, periods
from engine.contacts.sheet.timelines import EVERYTHING, SCANNED, TimelineFilter, TimelinePage
from engine.db.connection import utc_now
from engine.domain.activities import ActivityId, ContactId
from engine.notices.raw_notices import RawNotice

MORE = 50
"""Activities shown at first, and added by each "load more"."""

FURTHER = 4
"""By which factor each "search older" extends the search."""

LIVE = 3.0
"""Seconds between refreshes in live mode."""


@dataclass
class TabState:
    """The state of the tab: when it was opened, which raw data is open, and how much is shown.

    `chosen` are the activities to split off the contact.
    """

    contact: ContactId
    since: datetime
    opened: set[str]
    notices: set[str] = field(default_factory=set)
    wanted: TimelineFilter = EVERYTHING
    steps: int = 1
    charts: int = 0
    asked: tuple[str, ActivityId] | None = None
    chosen: list[ActivityId] = field(default_factory=list)


def _seen(contact: ContactId) -> TabState:
    """The state of this contact's tab; reset for another contact or other filters."""
    found: TabState | None = st.session_state.get("activity.seen")
    if found is None or found.contact != contact:
        found = TabState(contact, utc_now(), set())
        st.session_state["activity.seen"] = found
    if found.wanted != current_filter():
        found.wanted, found.steps = current_filter(), 1
    return found


@fragment()
def activity_tab(actor: Actor, contact: ContactId) -> None:
    """The contact's activities, newest first."""
    seen = _seen(contact)
    counts = sheet_service.counts(actor, contact)
    with st.container(horizontal=True, vertical_alignment="center", key="activity-filters"):
        wanted = filter_bar(counts)
        st.button("Refresh", icon=":material/refresh:", key="sheet.refresh")
        _export(actor, contact, wanted)
        live: bool = st.toggle(
            "Live", key="sheet.live", help=f"Checks for new activities every {LIVE:.0f} seconds"
        )
        on_html_click(SCOPE, lambda act, about: _on_button(seen, act, about))
    _chart(seen, counts, wanted)
    _do(actor, seen)
    _split_bar(seen)
    fragment(run_every=LIVE if live else None)(_rows)(actor, seen)


def _export(actor: Actor, contact: ContactId, wanted: TimelineFilter) -> None:
    """The button that exports the filtered activities; the text search is not applied."""
    if actor.may(Permission.EXPORT) and st.button("Export", icon=":material/download:", key="sheet.export"):
        open_dialog(EXPORT, question(Selection(ids=(contact,)), DEFAULT, name="contact", acts=wanted))
        st.rerun()


def _chart(seen: TabState, counts: Counts, wanted: TimelineFilter) -> None:
    """Activities over time; a click on a bar filters by its days, a second click resets that."""
    unit, bars = periods(counts, wanted.types)
    if len(bars) < 2:
        return
    key = f"sheet.chart.{seen.charts}"

    def picked() -> None:
        days = activity_charts.picked_days(st.session_state[key].selection)
        seen.charts += 1  # a new key resets the chart's selection
        first, last = days or (None, None)
        if (first, last) == (wanted.first, wanted.last):
            first = last = None
        set_filter(TimelineFilter(wanted.types, first, last, wanted.text))

    chart = activity_charts.over_time(bars, unit, wanted)
    st.altair_chart(chart, key=key, on_select=picked, selection_mode=activity_charts.PICKED, width="stretch")
    if not counts.whole:
        words = f"Counts include the latest {formats.count(counts.total)} activities."
        show(tag("p", words, "cs-small cs-quiet"))


def _rows(actor: Actor, seen: TabState) -> None:
    wanted = seen.wanted
    page = sheet_service.timeline(
        actor,
        seen.contact,
        where=wanted,
        limit=MORE * seen.steps,
        scan=SCANNED * FURTHER ** (seen.steps - 1),
    )
    look = RowOptions(
        actor.now,
        time_zone(),
        seen.since,
        seen.opened,
        notices=_notices(actor, seen),
        changes=actor.may(Permission.EDIT_CONTACTS),
        splits=actor.may(Permission.MERGE),
        chosen=seen.chosen,
    )
    if page.rows:
        show(joined([_news(page, seen.since), timeline(page.rows, look)]))
    else:
        _nothing(wanted, page)
    _more(seen, page)


def _notices(actor: Actor, seen: TabState) -> dict[str, RawNotice]:
    """The raw notices that the user has opened."""
    found = {id_: sheet_service.raw_notice(actor, ActivityId(id_)) for id_ in seen.notices}
    return {id_: notice for id_, notice in found.items() if notice is not None}


def _news(page: TimelinePage, since: datetime) -> Markup:
    """The number of activities since the tab was opened, announced by screen readers."""
    new = sum(is_new(row, since) for row in page.rows)
    words = f"{formats.count(new)} new since you opened this tab" if new else ""
    return tag("div", words, "cs-small cs-quiet", role="status")


def _nothing(wanted: TimelineFilter, page: TimelinePage) -> None:
    if not wanted:
        empty_state("Nothing yet", "What this contact does in your shop appears here.")
        return
    if page.next is None:
        empty_state("No matching activities", "Change or clear the filters.")
    if st.button("Clear filters", icon=":material/filter_alt_off:", key="sheet.clear"):
        set_filter(EVERYTHING)
        st.rerun()


def _more(seen: TabState, page: TimelinePage) -> None:
    """The button that loads more, or extends a search to older activities."""
    if page.next is None:
        return
    label = "Load more"
    if page.scanned is not None and page.reached is not None:
        label = "Search older"
        reached = formats.day(page.reached, time_zone())
        words = f"Searched the latest {formats.count(page.scanned)} activities, back to {reached}."
        show(tag("p", words, "cs-small cs-quiet"))

    def further() -> None:
        seen.steps += 1

    st.button(label, key="sheet.more", width="stretch", on_click=further)


# Acts


def _on_button(seen: TabState, act: str, about: str) -> None:
    if act == RAW:
        seen.opened ^= {about}
    elif act == NOTICE:
        seen.notices ^= {about}
    elif act in (TAKE_BACK, PUT_BACK):
        seen.asked = (act, ActivityId(about))
    elif act == CHOOSE:
        _choose(seen, ActivityId(about))


def _choose(seen: TabState, activity: ActivityId) -> None:
    """Choose an activity to split off, or no longer."""
    if activity in seen.chosen:
        seen.chosen.remove(activity)
    else:
        seen.chosen.append(activity)


def _split_bar(seen: TabState) -> None:
    """The chosen activities, and the button that splits them off the contact."""
    if not seen.chosen:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="activity-split-bar"):
        with st.container(width="stretch"):
            counted = formats.counted(len(seen.chosen), "activity", "activities")
            show(tag("div", f"{counted} chosen that another person did", role="status"))
        if st.button("Split off…", type="primary", key="sheet.split"):
            open_dialog(SPLIT, split_of_activities(seen.contact, [*seen.chosen]))
            seen.chosen.clear()
            st.rerun()
        st.button("Clear", key="sheet.split.clear", on_click=seen.chosen.clear)


def _do(actor: Actor, seen: TabState) -> None:
    """Undo or redo the activity whose button was clicked, and rerun the sheet."""
    if seen.asked is None:
        return
    _act, undone = seen.asked
    seen.asked = None
    with show_errors():
        take_back(actor, seen.contact, undone)
        st.rerun()


def take_back(actor: Actor, contact: ContactId, undone: ActivityId, **more: Any) -> None:
    """Undo an activity, and wait until that is applied."""
    id_ = edit_service.new_id()
    lanes = edit_service.take_back(actor, contact, undone, id_=id_, **more)
    wait_for_workers.wait_or_notify(lanes, id_)
