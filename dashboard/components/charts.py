"""Charts in the colours of the theme."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import streamlit as st

PINE, QUIET, RUST = "#2f5d50", "#c9c4b6", "#a8492f"


def area(rows: Sequence[dict[str, Any]], *, x: str, y: str, title: str) -> None:
    """A value over days."""
    chart = (
        alt.Chart(alt.InlineData(values=list(rows)))
        .mark_area(line={"color": PINE}, color=PINE, opacity=0.18, interpolate="step-after")
        .encode(
            x=alt.X(f"{x}:T", title=None, axis=alt.Axis(grid=False, format="%-d %b", tickCount=6)),
            y=alt.Y(f"{y}:Q", title=None, axis=alt.Axis(tickCount=4, format=",d")),
            tooltip=[
                alt.Tooltip(f"{x}:T", format="%-d %b %Y", title="Day"),
                alt.Tooltip(f"{y}:Q", title=title),
            ],
        )
        .properties(height=180)
    )
    st.altair_chart(chart, width="stretch")


def columns(rows: Sequence[dict[str, Any]], *, x: str, y: str, title: str, order: Sequence[str]) -> None:
    """Counts in columns, what is lost in another colour than what is gained."""
    chart = (
        alt.Chart(alt.InlineData(values=list(rows)))
        .mark_bar(cornerRadiusEnd=3)
        .encode(
            x=alt.X(f"{x}:N", title=None, sort=list(order), axis=alt.Axis(labelAngle=0)),
            y=alt.Y(f"{y}:Q", title=title, axis=alt.Axis(tickCount=4, format=",d")),
            color=alt.Color(
                "tone:N",
                legend=None,
                scale=alt.Scale(domain=["gain", "same", "lose"], range=[PINE, QUIET, RUST]),
            ),
            tooltip=[alt.Tooltip(f"{x}:N", title="Change"), alt.Tooltip(f"{y}:Q", title=title, format=",d")],
        )
        .properties(height=220)
    )
    st.altair_chart(chart, width="stretch")
