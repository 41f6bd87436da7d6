"""Charts in the colours of the theme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import streamlit as st
from markupsafe import Markup

from dashboard.ui.chart_locale import axis_day, chart_locale
from dashboard.ui.markup import joined, show, tag

PINE, QUIET, RUST = "#2f5d50", "#c9c4b6", "#a8492f"

_UTC = alt.Scale(type="utc")
"""Days are `2026-03-02`; parsed as local times they would be the day before west of Greenwich."""

_EDGES = {"left": 2, "right": 4, "top": 6, "bottom": 2}
"""Pixels around a chart; its card has a padding of its own."""


def area(rows: Sequence[dict[str, Any]], *, x: str, y: str, title: str) -> None:
    """A value over days."""
    chart = (
        alt.Chart(alt.InlineData(values=list(rows)))
        .mark_area(line={"color": PINE}, color=PINE, opacity=0.18, interpolate="step")
        .encode(
            x=alt.X(f"{x}:T", title=None, axis=_days()),
            y=alt.Y(f"{y}:Q", title=None, axis=counts(4)),
            tooltip=[
                alt.Tooltip(f"{x}:T", format=f"{axis_day()} %Y", title="Day"),
                alt.Tooltip(f"{y}:Q", title=title, format=","),
            ],
        )
        .properties(height=180)
    )
    _draw(chart)


def columns(rows: Sequence[dict[str, Any]], *, x: str, y: str, title: str, order: Sequence[str]) -> None:
    """Counts in columns, losses in another colour than gains."""
    chart = (
        alt.Chart(alt.InlineData(values=list(rows)))
        .mark_bar(cornerRadiusEnd=3)
        .encode(
            x=alt.X(f"{x}:N", title=None, sort=list(order), axis=alt.Axis(labelAngle=0)),
            y=alt.Y(f"{y}:Q", title=title, axis=counts(4)),
            color=alt.Color(
                "tone:N",
                legend=None,
                scale=alt.Scale(domain=["gain", "same", "lose"], range=[PINE, QUIET, RUST]),
            ),
            tooltip=[alt.Tooltip(f"{x}:N", title="Change"), alt.Tooltip(f"{y}:Q", title=title, format=",d")],
        )
        .properties(height=220)
    )
    _draw(chart)


def grown(rows: Sequence[dict[str, Any]], *, title: str) -> None:
    """A growing number over days: rows of `day`, `value`, and the tooltip `says`."""
    values = [row["value"] for row in rows]
    lowest, highest = min(values, default=0), max(values, default=0)
    chart = (
        alt.Chart(alt.InlineData(values=list(rows)))
        .mark_area(line={"color": PINE}, color=PINE, opacity=0.18, clip=True)
        .encode(
            x=alt.X("day:T", title=None, axis=_days(), scale=_UTC),
            y=alt.Y(
                "value:Q",
                title=None,
                axis=counts(4),
                # Room above, or the line at the highest value is cut in half.
                scale=alt.Scale(domainMin=lowest * 0.9, domainMax=max(1, highest + (highest - lowest) * 0.1)),
            ),
            tooltip=alt.Tooltip("says:N", title=title),
        )
        .properties(height=190, description=title)
    )
    _draw(chart)


def by_day(
    rows: Sequence[dict[str, Any]], *, title: str, colours: Mapping[str, str], by_week: bool = False
) -> None:
    """Amounts on each day, stacked by `what`: rows of `day`, `what`, `value`, and the tooltip `says`.

    With `by_week` the days are the Mondays of weeks, and the bars as wide as these.

    Negative values are drawn downwards.  A legend is shown if there are several colours.
    """
    if not any(row["value"] for row in rows):
        show(tag("p", "No data in this period.", "cs-small cs-quiet"))
        return
    if len(colours) > 1:
        show(_legend(colours))
    chart = (
        alt.Chart(alt.InlineData(values=list(rows)))
        .mark_bar()
        .encode(
            x=alt.X(
                "day:T",
                timeUnit="utcyearweek" if by_week else "utcyearmonthdate",
                title=None,
                axis=_days(),
                scale=_UTC,
            ),
            y=alt.Y("value:Q", title=None, axis=counts(4)),
            color=alt.Color(
                "what:N",
                legend=None,
                scale=alt.Scale(domain=list(colours), range=list(colours.values())),
            ),
            tooltip=alt.Tooltip("says:N", title=title),
        )
        .properties(height=190, description=title)
    )
    _draw(chart)


def lines(
    rows: Sequence[dict[str, Any]], *, title: str, colours: Mapping[str, str], since: str | None = None
) -> None:
    """Numbers over days, a line for each `what`: rows of `day`, `what`, `value`, and the tooltip `says`.

    `since` is a day that is marked: another time begins with it.
    """
    show(_legend(colours))
    drawn = (
        alt.Chart(alt.InlineData(values=list(rows)))
        .mark_line(strokeWidth=2.5)
        .encode(
            x=alt.X("day:T", title=None, axis=_days(), scale=_UTC),
            y=alt.Y("value:Q", title=None, axis=counts(4)),
            color=alt.Color(
                "what:N",
                legend=None,
                scale=alt.Scale(domain=list(colours), range=list(colours.values())),
            ),
            tooltip=alt.Tooltip("says:N", title=title),
        )
    )
    marked = [{"day": since}] if since else []
    rule = (
        alt.Chart(alt.InlineData(values=marked)).mark_rule(strokeDash=[4, 4], color=QUIET).encode(x="day:T")
    )
    _draw((rule + drawn).properties(height=220, description=title))


def by_minute(
    rows: Sequence[dict[str, Any]], *, title: str, colours: Mapping[str, str], height: int = 120
) -> None:
    """Counts in each minute, stacked by `what`: rows of `at`, in the account's time without an offset,
    `what` and `value`.  A legend is shown if there are several colours.
    """
    if len(colours) > 1:
        show(_legend(colours))
    clock = alt.Axis(grid=False, format="%H:%M", tickCount=6)
    chart = (
        alt.Chart(alt.InlineData(values=list(rows)))
        .mark_bar()
        .encode(
            x=alt.X("at:T", timeUnit="yearmonthdatehoursminutes", title=None, axis=clock),
            y=alt.Y("value:Q", title=None, axis=counts(3)),
            color=alt.Color(
                "what:N", legend=None, scale=alt.Scale(domain=list(colours), range=list(colours.values()))
            ),
            tooltip=[
                alt.Tooltip("at:T", format="%H:%M", title="Minute"),
                alt.Tooltip("what:N", title="Events"),
                alt.Tooltip("value:Q", title="Number", format=",d"),
            ],
        )
        .properties(height=height, description=title)
    )
    _draw(chart)


def _days() -> alt.Axis:
    return alt.Axis(grid=False, format=axis_day(), tickCount=6, labelFlush=True)


def _legend(colours: Mapping[str, str]) -> Markup:
    """The names of the stacked series, each beside its colour."""
    names = joined(
        tag("span", tag("i", "", style=f"background:{colour}") + tag("span", what))
        for what, colour in colours.items()
    )
    return tag("div", names, "cs-legend")


def tight(chart: Any) -> Any:
    """A chart in the account's locale, with little padding.

    Screen readers read its description only; its data is available as a table behind a button.
    """
    return chart.configure(
        locale=chart_locale(),
        background="transparent",
        mark={"aria": False},
        axis={"aria": False},
        axisX={"labelPadding": 6},
        axisY={"labelPadding": 6},
    ).properties(padding=_EDGES)


def counts(ticks: int, *, grid: bool = True) -> alt.Axis:
    """An axis of numbers: `0, 500, 1,000`, and `12k` for large ones."""
    words = "format(datum.value, abs(datum.value) >= 10000 ? '~s' : ',')"
    return alt.Axis(tickCount=ticks, tickMinStep=1, labelExpr=words, grid=grid)


def _draw(chart: alt.Chart | alt.LayerChart) -> None:
    st.altair_chart(tight(chart), width="stretch")
