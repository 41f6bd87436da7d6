"""A figure that leads to what it counts: on a card, or as a bar among others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from typing import Literal

from dashboard.ui.markup import Html, joined, safe, tag

Better = Literal["more", "less", "neither"]


@dataclass(frozen=True)
class Bar:
    """One of several counts; `address` leads to what it counts."""

    label: str
    count: int
    shown: str
    address: str


def metric_card(
    label: str, value: str, *, address: str | None = None, change: Html | None = None, note: str = ""
) -> Html:
    """A large number with what it counts, and what to know of it."""
    lines = [
        tag("span", label, "cs-sub"),
        tag("span", value, "cs-figure"),
        *([change] if change else []),
        *([tag("span", note, "cs-small cs-quiet")] if note else []),
    ]
    if address is None:
        return Html(f'<div class="cs-tile">{joined(lines)}</div>')
    return Html(f'<a class="cs-tile" href="{escape(address, quote=True)}" target="_self">{joined(lines)}</a>')


def cards(found: Iterable[Html]) -> Html:
    """Cards side by side, as many as there is room for."""
    return Html(f'<div class="cs-tiles">{joined(found)}</div>')


def change(now: int | Decimal, before: int | Decimal, *, better: Better, than: str) -> Html:
    """How a figure stands against the period before: `+12% against …`, in words where there was nothing."""
    if now == before:
        return tag("span", f"as many as {than}" if now else f"none {than} either", "cs-small cs-quiet")
    if not before:
        return tag("span", f"none {than}", "cs-small cs-quiet")
    share = (Decimal(now) - Decimal(before)) / Decimal(before) * 100
    if abs(share) < 1:
        return tag("span", f"about as many as {than}", "cs-small cs-quiet")
    grew = share > 0
    tone = "" if better == "neither" else "cs-plus" if grew is (better == "more") else "cs-minus"
    sign = "+" if grew else "\N{MINUS SIGN}"
    amount = abs(share).quantize(Decimal("1"))
    grown = tag("span", f"{sign}{amount}%", tone)
    return tag(
        "span", joined([grown, tag("span", f" against {than.removeprefix('in ')}", "cs-quiet")]), "cs-small"
    )


def bars(rows: Sequence[Bar], *, label: str) -> Html:
    """Counts under each other, each with a bar as long as it is large."""
    longest = max((bar.count for bar in rows), default=0) or 1
    shown = "".join(
        f'<li><a href="{escape(bar.address, quote=True)}" target="_self">'
        f"{tag('span', bar.label, 'cs-bar-name')}"
        f'<span class="cs-bar-line">{_line(bar.count / longest)}</span>'
        f"{tag('span', safe(bar.shown), 'cs-bar-count')}</a></li>"
        for bar in rows
    )
    return Html(f'<ul class="cs-bars" aria-label="{escape(label, quote=True)}">{shown}</ul>')


def _line(share: float) -> Html:
    return Html(f'<i style="width:{100 * share:.1f}%"></i>' if share else "")
