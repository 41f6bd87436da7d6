"""Values as text, column by column: as a CSV file has them, and so that an import reads them back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.exports.column import Kind
from engine.imports.reading.formula_escape import FORMULA, PLAIN

DAY_MS = 86_400_000
LAST_DAY = 40_000
"""Days since 1970 of which the offsets are kept at hand: until 2079."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_MARKS = ("|", ";", ",")
"""The separator of list items that imports recognise."""


def texts(kind: Kind, values: Sequence[Any], zone: ZoneInfo) -> pa.Array:
    """The values of a column as text, unset where there is nothing."""
    if kind == "moment":
        return _moments(values, zone)
    if kind == "instant":
        return _instants(values)
    if kind == "text":
        return harmless(pa.array(values, pa.string()))
    if kind == "list":
        return harmless(
            pa.array([items if items is None else listed(items) for items in values], pa.string())
        )
    if kind == "number":
        return pa.array([n if n is None else number_text(n) for n in values], pa.string())
    if kind == "money":
        return pa.array([n if n is None else money_text(n) for n in values], pa.string())
    if kind == "boolean":
        return pa.array([yes if yes is None else _YES[yes] for yes in values], pa.string())
    return pa.array(values, _PLAINLY[kind]).cast(pa.string())


_YES = {True: "yes", False: "no"}
_PLAINLY = {"whole": pa.int64(), "day": pa.date32()}


def harmless(found: pa.Array) -> pa.Array:
    """Texts that no spreadsheet runs as formulas, as `spreadsheets.harmless` makes them; without NUL,
    which no file of this kind can hold."""
    nul = pc.match_substring(found, "\0")
    if pc.any(nul).as_py():
        found = pc.replace_substring(found, "\0", "")
    runs = pc.match_substring_regex(found, FORMULA)
    if not pc.any(runs).as_py():
        return found
    runs = pc.and_(runs, pc.invert(pc.match_substring_regex(found, PLAIN)))
    return pc.if_else(runs, pc.binary_join_element_wise("'", found, ""), found)


def listed(items: Sequence[str]) -> str:
    """Several values in a cell, divided by `|`; as JSON where that could be misread."""
    alone = len(items) == 1
    plain = all(item and item == item.strip() and not any(mark in item for mark in _MARKS) for item in items)
    if plain and not items[0].startswith("["):
        return items[0] if alone else "|".join(items)
    return json.dumps(list(items), ensure_ascii=False)


def number_text(number: int | float) -> str:
    """A number whose decimal point cannot be mistaken for a thousands separator."""
    text = repr(number) if isinstance(number, int) else format(Decimal(repr(number)), "f").removesuffix(".0")
    _, point, behind = text.partition(".")
    return f"{text}0" if point and len(behind) == 3 else text


def money_text(amount: str) -> str:
    """An amount as MongoDB writes it, without powers of ten."""
    return format(Decimal(amount), "f") if "E" in amount else amount


# Times


def local_times(values: Sequence[datetime | None], zone: ZoneInfo) -> tuple[pa.Array, np.ndarray, pa.Array]:
    """Moments in UTC: which are unset, each on a zone's clock in milliseconds, and its offset."""
    stamps = pa.array(values, pa.timestamp("ms"))
    at = stamps.cast(pa.int64()).fill_null(0).to_numpy()
    offsets = _offsets(at, zone)
    known, which = np.unique(offsets, return_inverse=True)
    return (
        stamps.is_null(),
        at + offsets * 1_000,
        pa.array(map(_offset_text, known.tolist())).take(pa.array(which)),
    )


def _offsets(at: np.ndarray, zone: ZoneInfo) -> np.ndarray:
    """Seconds by which a zone is ahead of UTC at each of some moments."""
    calendar = _calendar(zone)
    days = np.clip(at // DAY_MS, 0, LAST_DAY - 1)
    offsets: np.ndarray = calendar[days]
    unsure = (offsets != calendar[days + 1]) | (days != at // DAY_MS)  # a clock is changed on that day
    for place in np.nonzero(unsure)[0]:
        offsets[place] = _offset(int(at[place]), zone)
    return offsets


def _moments(values: Sequence[datetime | None], zone: ZoneInfo) -> pa.Array:
    if not any(values):
        return pa.nulls(len(values), pa.string())
    unset, local, offsets = local_times(values, zone)
    clock = pa.array(local // 1_000).cast(pa.timestamp("s")).cast(pa.string())
    return pc.if_else(unset, None, pc.binary_join_element_wise(clock, offsets, ""))


def _instants(values: Sequence[datetime | None]) -> pa.Array:
    """Moments as `2026-03-31T10:15:00.000Z`."""
    clock = pc.replace_substring(pa.array(values, pa.timestamp("ms")).cast(pa.string()), " ", "T")
    return pc.binary_join_element_wise(clock, "Z", "")


@lru_cache(maxsize=8)
def _calendar(zone: ZoneInfo) -> np.ndarray:
    """The offsets of a zone at the beginning of each day (UTC) since 1970."""
    return np.array([_offset(day * DAY_MS, zone) for day in range(LAST_DAY + 1)], dtype=np.int64)


def _offset(at: int, zone: ZoneInfo) -> int:
    """Seconds by which a zone is ahead of UTC at a moment."""
    shift = (EPOCH + timedelta(milliseconds=at)).astimezone(zone).utcoffset()
    assert shift is not None
    return int(shift.total_seconds())


def _offset_text(seconds: int) -> str:
    sign, minutes = "-" if seconds < 0 else "+", abs(seconds) // 60
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"
