"""Contacts side by side as a table: a line for each field, and beside them what a decision would leave."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from dashboard import formats, wording
from dashboard.ui.markup import badge, joined, quiet, scrollable, tag
from engine.contacts.merging.comparison import Line, Side
from engine.contacts.merging.merge_preview import Preview

LISTED = 6
"""Values of a list that are shown; the others are counted."""


def side_name(side: Side) -> str:
    """The display name of a side; an anonymous one has the beginning of its id."""
    return side.name or f"{wording.ANONYMOUS} {side.id[:5]}"


def merge_table(preview: Preview, zone: ZoneInfo) -> Markup:
    """Two contacts and the merged one; a value that the merge drops is crossed out."""
    [result] = preview.after
    heads = [*map(_head, preview.before), joined(["Merged: ", side_name(result)])]
    return _table(heads, [_merge_cells(line, preview, zone) for line in preview.lines], ["Field"])


def _merge_cells(line: Line, preview: Preview, zone: ZoneInfo) -> list[object]:
    [after] = line.after
    before = [
        tag("s", shown, "cs-quiet") if line.name in _CHOSEN_OF and line.differs and value != after else shown
        for value, shown in _shown(line.name, line.before, preview.before, zone)
    ]
    [(_, result)] = _shown(line.name, line.after, preview.after, zone)
    if after is None and not preview.exact and line.name in _FOLDED:
        result = quiet("counted after the merge")
    return [line.label, *before, tag("b", result) if line.differs else result]


def division_table(preview: Preview, zone: ZoneInfo) -> Markup:
    """A contact, and the contacts that it would be divided into."""
    heads = [*(joined(["Now: ", side_name(side)]) for side in preview.before), *map(_head, preview.after)]
    sides = [*preview.before, *preview.after]
    rows = [
        [line.label, *(shown for _, shown in _shown(line.name, [*line.before, *line.after], sides, zone))]
        for line in preview.lines
    ]
    return _table(heads, rows, ["Field"])


def pair_table(sides: Sequence[Side], lines: Sequence[Line], zone: ZoneInfo) -> Markup:
    """Two contacts side by side; values that differ are in bold."""
    rows = []
    for line in lines:
        cells = [shown for _, shown in _shown(line.name, line.before, sides, zone)]
        rows.append([line.label, *(tag("b", cell) if line.differs else cell for cell in cells)])
    return _table([_head(side) for side in sides], rows, ["Field"])


_CHOSEN_OF = frozenset({"first_name", "last_name", "birth_date", "email", "mobile_phone", "external_id"})
"""Fields of which a merge keeps one value as the present one."""

_FOLDED = frozenset({"points", "orders", "spent", "activities"})


def _head(side: Side) -> Markup:
    kind = badge("identified", "good") if side.identified else badge("anonymous")
    return joined(
        [tag("a", side_name(side), "cs-link", href=f"?contact={side.id}", target="_self"), kind], " "
    )


def _table(heads: Sequence[object], rows: Sequence[Sequence[object]], first: Sequence[object]) -> Markup:
    head = tag("tr", joined(tag("th", title, scope="col") for title in (*first, *heads)))
    body = joined(
        tag("tr", tag("th", row[0], scope="row") + joined(tag("td", cell) for cell in row[1:]))
        for row in rows
    )
    table = tag("table", tag("thead", head) + tag("tbody", body), "cs-compared")
    return scrollable("div", table, "Comparison", "cs-compared-frame")


def _shown(
    name: str, values: Sequence[Any], sides: Sequence[Side], zone: ZoneInfo
) -> list[tuple[Any, object]]:
    return [
        (value, shown_value(name, value, side.currency, zone))
        for value, side in zip(values, sides, strict=True)
    ]


def shown_value(name: str, value: Any, currency: str | None, zone: ZoneInfo) -> object:
    """A value of a comparison as text; a dash for none."""
    if value is None or value in ("", []):
        return quiet(formats.NOTHING)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return formats.day(value, zone)
    if name == "spent" and isinstance(value, Decimal):
        return formats.money(value, currency)
    if isinstance(value, int | float | Decimal):
        return formats.number(float(value))
    if isinstance(value, list):
        more = len(value) - LISTED
        shown = ", ".join(map(str, value[:LISTED]))
        return f"{shown} and {formats.count(more)} more" if more > 0 else shown
    if name == "birth_date":
        with suppress(ValueError):
            return formats.calendar_day(date.fromisoformat(str(value)))
    return str(value)
