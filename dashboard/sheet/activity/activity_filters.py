"""The timeline's filters: types, days and text, kept in the address."""

from __future__ import annotations

from datetime import date
from typing import Any

import streamlit as st

from dashboard import formats
from dashboard.sheet.activity import activity_address
from dashboard.ui.markup import escape_label
from engine.contacts.sheet.activity_counts import Counts
from engine.contacts.sheet.timelines import TimelineFilter

_TYPES, _DAYS, _TEXT = "sheet.types", "sheet.days", "sheet.find"


def current_filter() -> TimelineFilter:
    """The filters in the address."""
    return activity_address.read(st.query_params.to_dict())


def set_filter(wanted: TimelineFilter) -> None:
    """Set the filters in the address, from which the widgets take them."""
    for name in activity_address.PARAMETERS:
        st.query_params.pop(name, None)
    st.query_params.update(activity_address.parameters(wanted))


def filter_bar(counts: Counts) -> TimelineFilter:
    """Show the filters of the address and return them.

    The widget's tuple value makes Streamlit's date input a range.
    """
    wanted = current_filter()
    names = _names(counts, wanted)
    _fill_in(wanted)
    st.multiselect(
        "Types of activity",
        list(names),
        format_func=lambda type_: names.get(type_, type_),
        key=_TYPES,
        placeholder="All types",
        label_visibility="collapsed",
        on_change=_chosen,
        width=300,
    )
    st.date_input(
        "Days",
        key=_DAYS,
        format=formats.date_entry(),
        label_visibility="collapsed",
        on_change=_chosen,
        width=250,
    )
    st.text_input(
        "Search activities",
        key=_TEXT,
        type="search",
        placeholder="Product, order, subject, URL",
        label_visibility="collapsed",
        max_chars=activity_address.MAX_TEXT,
        on_change=_chosen,
        width=240,
    )
    return wanted


def _names(counts: Counts, wanted: TimelineFilter) -> dict[str, str]:
    """The labels of the types that can be chosen: those with activities, and those in the filter."""
    more = "" if counts.whole else "+"
    found = {
        type_.type: escape_label(f"{type_.icon} {type_.label} ({formats.count(type_.count)}{more})")
        for type_ in counts.types
    }
    return {**found, **{type_: escape_label(type_) for type_ in wanted.types if type_ not in found}}


def _fill_in(wanted: TimelineFilter) -> None:
    """Set the widgets to the filters."""
    st.session_state[_TYPES] = list(wanted.types)
    st.session_state[_DAYS] = _days(wanted)
    st.session_state[_TEXT] = wanted.text


def _days(wanted: TimelineFilter) -> tuple[date, ...]:
    if wanted.first is not None and wanted.last is not None:
        return (wanted.first, max(wanted.first, wanted.last))
    only = wanted.first or wanted.last
    return () if only is None else (only,)


def _chosen() -> None:
    """Put the widgets' values into the address; a range with only a first day is open-ended."""
    days: Any = st.session_state.get(_DAYS, ())
    found = tuple(days) if isinstance(days, tuple | list) else (days,)
    set_filter(
        TimelineFilter(
            types=tuple(st.session_state.get(_TYPES, ())),
            first=found[0] if found else None,
            last=found[1] if len(found) > 1 else None,
            text=str(st.session_state.get(_TEXT) or ""),
        )
    )
