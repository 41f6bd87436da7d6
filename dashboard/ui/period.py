"""The days that a page of figures shows: in its address, and chosen at its head."""

from __future__ import annotations

from datetime import date

import streamlit as st

from dashboard import formats, wording
from dashboard.ui.markup import menu, show
from engine.insights.overview import Period

DAYS = (7, 30, 90)
USUAL = 30


def period_in_address(today: date) -> Period:
    """The days that the address names, the latest 30 without any."""
    parameters = st.query_params
    try:
        if "from" in parameters:
            last = date.fromisoformat(parameters.get("to", today.isoformat()))
            return Period.between(date.fromisoformat(parameters["from"]), last, today=today)
        return Period.latest(min(max(int(parameters.get("days", USUAL)), 1), 366), today=today)
    except (ValueError, OverflowError):  # the address is invalid
        return Period.latest(USUAL, today=today)


def choose_period(period: Period, today: date, *, page: str, more: str = "") -> None:
    """Links to the usual periods, and a choice of any days; `more` are further parameters of the address."""
    left, right = st.columns([3, 2], vertical_alignment="center")
    with left:
        present = (days for days in DAYS if period == Period.latest(days, today=today))
        links = [(f"?page={page}&days={days}{more}", f"{days} days") for days in DAYS]
        show(menu(links, label="Days", current=f"?page={page}&days={next(present, None)}{more}"))
    chosen = right.date_input(
        "Days",
        (period.first, period.last),
        max_value=today,
        format=formats.date_entry(),
        key=f"{page}.days.{period.first}.{period.last}",
        label_visibility="collapsed",
    )
    if isinstance(chosen, tuple) and len(chosen) == 2 and chosen != (period.first, period.last):
        for name in ("days", "from", "to"):
            st.query_params.pop(name, None)
        st.query_params.update({"from": chosen[0].isoformat(), "to": chosen[1].isoformat()})
        st.rerun()


def compared_with(period: Period, today: date) -> str:
    """The name of the period that this one is compared with."""
    days = f"{period.days} {wording.plural(period.days, 'day')}"
    if period.last == today:
        return f"the previous {days}"
    return f"the {days} before {formats.short_day(period.first)}"
