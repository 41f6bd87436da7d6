"""Figures that link to what they count: cards and bars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from markupsafe import Markup

from dashboard.ui.markup import joined, link, tag

Better = Literal["more", "less", "neither"]


@dataclass(frozen=True)
class Bar:
    """One of several counts; `address` leads to what it counts, where there is something to lead to."""

    label: str
    count: int
    shown: str
    address: str | None


def metric_card(
    label: str, value: str, *, address: str | None = None, change: Markup | None = None, note: str = ""
) -> Markup:
    """A large number with its label, change and note."""
    lines = [
        tag("span", label, "cs-sub"),
        tag("span", value, "cs-figure"),
        *([change] if change else []),
        *([tag("span", note, "cs-small cs-quiet")] if note else []),
    ]
    content = joined(lines)
    return tag("div", content, "cs-tile") if address is None else link(address, content, "cs-tile")


def cards(found: Iterable[Markup]) -> Markup:
    """Cards side by side, wrapping as needed."""
    return tag("div", joined(found), "cs-tiles")


def change(now: int | Decimal, before: int | Decimal, *, better: Better, than: str) -> Markup:
    """The change since the period `than`: `+12% vs. …`, without a percentage if it was 0 before."""
    if now == before:
        return tag("span", f"same as {than}", "cs-small cs-quiet")
    if not before:
        return tag("span", f"0 in {than}", "cs-small cs-quiet")
    share = (Decimal(now) - Decimal(before)) / Decimal(before) * 100
    if abs(share) < 1:
        return tag("span", f"about the same as {than}", "cs-small cs-quiet")
    grew = share > 0
    tone = "" if better == "neither" else "cs-plus" if grew is (better == "more") else "cs-minus"
    sign = "+" if grew else "\N{MINUS SIGN}"
    amount = abs(share).quantize(Decimal("1"))
    grown = tag("span", f"{sign}{amount}%", tone)
    return tag("span", joined([grown, tag("span", f" vs. {than}", "cs-quiet")]), "cs-small")


def bars(rows: Sequence[Bar], *, label: str) -> Markup:
    """A list of counts with proportional bars."""
    longest = max((bar.count for bar in rows), default=0) or 1
    shown = joined(tag("li", _bar(bar, bar.count / longest)) for bar in rows)
    return tag("ul", shown, "cs-bars", aria_label=label)


def _bar(bar: Bar, share: float) -> Markup:
    line = tag("i", "", style=f"width:{100 * share:.1f}%") if share else ""
    parts = [
        tag("span", bar.label, "cs-bar-name"),
        tag("span", line, "cs-bar-line"),
        tag("span", bar.shown, "cs-bar-count"),
    ]
    content = joined(parts)
    return tag("div", content, "cs-bar-row") if bar.address is None else link(bar.address, content, "")
