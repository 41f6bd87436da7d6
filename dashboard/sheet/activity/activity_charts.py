"""Charts of one contact: activities over time, and points over time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import altair as alt

from dashboard import formats
from dashboard.ui.chart_locale import axis_day
from dashboard.ui.charts import PINE, QUIET, counts, tight
from engine.contacts.sheet.activity_counts import Period, Unit
from engine.contacts.sheet.points import PointsDay
from engine.contacts.sheet.timelines import TimelineFilter

PICKED = "period"
"""The name of the chart's selection parameter."""

Chart = alt.Chart | alt.LayerChart | alt.FacetChart

DOTS = 40
"""Up to this many changes of points are drawn as dots; beyond, they have only tooltips."""

_UTC = alt.Scale(type="utc")


def over_time(periods: Sequence[Period], unit: Unit, wanted: TimelineFilter) -> Chart:
    """Activities per period; those outside the filtered days are greyed.  A bar can be clicked."""
    rows = [_bar(period, unit, wanted) for period in periods]
    picked = alt.selection_point(name=PICKED, fields=["id"])
    made: Chart = tight(
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar(cursor="pointer", stroke="transparent", strokeWidth=6)
        .encode(
            x=alt.X("from:T", title=None, axis=_axis(unit), scale=_UTC),
            x2="to:T",
            y=alt.Y("count:Q", title=None, axis=counts(2, grid=False)),
            y2=alt.datum(0),
            color=alt.Color(
                "tone:N", legend=None, scale=alt.Scale(domain=["within", "outside"], range=[PINE, QUIET])
            ),
            tooltip=alt.Tooltip("says:N", title="Activities"),
        )
        .add_params(picked)
        .properties(height=96, description="Activities over time; choose days above")
    )
    return made


def _bar(period: Period, unit: Unit, wanted: TimelineFilter) -> dict[str, Any]:
    within = (wanted.first is None or period.last >= wanted.first) and (
        wanted.last is None or period.first <= wanted.last
    )
    width = (period.last - period.first).days + 1
    gap = timedelta(hours=width * 24 * 0.08)
    begin = datetime.combine(period.first, time())
    return {
        "id": f"{period.first.isoformat()} {period.last.isoformat()}",
        "from": (begin + gap).isoformat(),
        "to": (begin + timedelta(days=width) - gap).isoformat(),
        "count": period.count,
        "tone": "within" if within else "outside",
        "says": f"{formats.count(period.count)} {_when(period, unit)}",
    }


def _when(period: Period, unit: Unit) -> str:
    first = formats.short_day(period.first)
    if unit == "day":
        return f"on {first} {period.first.year}"
    return f"from {first} to {formats.short_day(period.last)} {period.last.year}"


def picked_days(selection: Any) -> tuple[date, date] | None:
    """The days of the clicked bar, if any."""
    found = selection.get(PICKED) if selection else None
    if not found:
        return None
    first, _, last = str(found[0]["id"]).partition(" ")
    return date.fromisoformat(first), date.fromisoformat(last)


def course_of_points(course: Sequence[PointsDay], today: date) -> Chart:
    """The points after each change up to today, with the reasons."""
    rows = [_level(day.day, day.total, _reasons(day)) for day in course]
    if course and course[-1].day < today:
        rows.append(_level(today, course[-1].total, "no change since"))
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("day:T", title=None, scale=_UTC, axis=_axis(_unit_of(course, today))),
        y=alt.Y("total:Q", title=None, axis=counts(3)),
        tooltip=[
            alt.Tooltip("day:T", title="Day", format=f"{axis_day()} %Y"),
            alt.Tooltip("points:N", title="Points"),
            alt.Tooltip("says:N", title="Reason"),
        ],
    )
    line = base.mark_area(
        line={"color": PINE}, color=PINE, opacity=0.16, interpolate="step-after", tooltip=False
    )
    dots = base.mark_circle(color=PINE, size=34, opacity=1 if len(rows) <= DOTS else 0)
    made: Chart = tight(alt.layer(line, dots).properties(height=120, description="Points over time"))
    return made


def _level(day: date, total: int, says: str) -> dict[str, Any]:
    return {"day": day.isoformat(), "total": total, "points": formats.count(total), "says": says}


def _unit_of(course: Sequence[PointsDay], today: date) -> Unit:
    return "month" if course and (today - course[0].day).days > 400 else "day"


def _reasons(day: PointsDay) -> str:
    texts = [f"{name} {formats.signed(points)}" for name, points in day.reasons]
    if day.further:
        texts.append(f"and {formats.counted(day.further, 'more reason')}")
    return ", ".join(texts)


def _axis(unit: Unit) -> alt.Axis:
    words = "%b %Y" if unit == "month" else axis_day()
    return alt.Axis(grid=False, format=words, tickCount=5, labelFlush=True, labelOverlap=True)


def today_in(zone: ZoneInfo, now: datetime) -> date:
    """Today's date in the account's time zone."""
    return now.astimezone(zone).date()
