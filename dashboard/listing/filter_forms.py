"""The form of each kind of filter: its modes, the inputs of each mode, and the condition values they give.

A form is plain data for the browser (`form_of`).  The values that the browser sends back are
untrusted: `read` validates them, or refuses them with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.contacts.listing.filters import (
    ChoiceFilter,
    Days,
    Every,
    Filter,
    FlagFilter,
    Known,
    NumberFilter,
    Picked,
    Range,
    Recency,
    SegmentFilter,
    Wording,
)
from engine.contacts.listing.listing import InvalidFilter

MOST_DAYS = 3_650
"""The longest period of a recency filter."""

LONGEST_TEXT = 200
"""Characters of a filter's text."""

LARGEST = 1e15
"""Larger numbers are neither counts nor amounts."""

FormValues = Mapping[str, Any]
"""The values of a form's inputs, by input name."""


@dataclass(frozen=True)
class Input:
    """An input of a mode; `type` is number, days, date, text or choices."""

    name: str
    label: str
    type: str
    unit: str = ""


@dataclass(frozen=True)
class Way:
    """One mode of a filter, such as "at least" or "between".

    `read` turns the form's values into the filter's value; `fill` turns a value back into the
    form's values, or gives None if another mode made the value.
    """

    id: str
    label: str
    inputs: tuple[Input, ...]
    read: Callable[[FormValues], Any]
    fill: Callable[[Any], FormValues | None]


def form_of(filter_: Filter) -> dict[str, Any]:
    """A filter and its form, as the browser takes it."""
    choices = filter_.choices if isinstance(filter_, ChoiceFilter | SegmentFilter) else ()
    return {
        "id": filter_.id,
        "label": filter_.label,
        "unavailable": filter_.unavailable,
        "several": isinstance(filter_, SegmentFilter),
        "ways": [
            {
                "id": way.id,
                "label": way.label,
                "inputs": [
                    {"name": i.name, "label": i.label, "type": i.type, "unit": i.unit.strip()}
                    for i in way.inputs
                ],
            }
            for way in ways(filter_)
        ],
        "choices": [{"value": choice.value, "label": choice.label} for choice in choices],
    }


def filled_form(filter_: Filter, chosen: Any) -> dict[str, Any]:
    """The form filled in with a chosen value: its mode and its values."""
    for way in ways(filter_):
        values = way.fill(chosen)
        if values is not None:
            return {"way": way.id, "values": dict(values)}
    return {"way": ways(filter_)[0].id, "values": {}}


def read(filter_: Filter, way: str, values: FormValues) -> Any:
    """Validate the values of a form; return the filter's value.  Raises InvalidFilter."""
    if filter_.unavailable:
        raise InvalidFilter(f"{filter_.label} cannot be filtered by: {filter_.unavailable}")
    found = next((known for known in ways(filter_) if known.id == way), None)
    if found is None:
        raise InvalidFilter(f"{filter_.label} was not filled in correctly: choose it again")
    try:
        return found.read(values)
    except (ValueError, OverflowError) as error:
        raise InvalidFilter(f"{filter_.label}: {error}") from None


def ways(filter_: Filter) -> list[Way]:
    """The modes of a filter, the default one first."""
    return [*_WAYS[filter_.kind](filter_), *(_known(filter_) if filter_.optional else ())]


# Reading the inputs


def _number(values: FormValues, name: str) -> float:
    text = str(values.get(name, "")).strip()
    if not text:
        raise ValueError("enter a number")
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not abs(number) <= LARGEST:
        raise ValueError(f"{text[:40]} is not a valid number")
    return int(number) if number.is_integer() else number


def _days(values: FormValues) -> int:
    days = _number(values, "days")
    if not 1 <= days <= MOST_DAYS or not float(days).is_integer():
        raise ValueError(f"enter whole days, from 1 to {MOST_DAYS:,}")
    return int(days)


def _date(values: FormValues, name: str) -> date:
    text = str(values.get(name, "")).strip()
    if not text:
        raise ValueError("enter a date")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text[:40]} is not a date") from None


def _text(values: FormValues) -> str:
    text = str(values.get("text", "")).strip()
    if not text or "\0" in text:
        raise ValueError("enter a text")
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"enter at most {LONGEST_TEXT} characters")
    return text


def _values(values: FormValues, known: Sequence[str]) -> tuple[str, ...]:
    sent = values.get("values")
    chosen = tuple(value for value in known if isinstance(sent, list) and value in sent)
    if not chosen:
        raise ValueError("choose at least one")
    return chosen


# The modes of each kind of filter


def _known(filter_: Filter) -> list[Way]:
    return [
        Way(
            "known" if yes else "unknown",
            filter_.known(yes),
            (),
            lambda _values, yes=yes: Known(yes),  # type: ignore[misc]
            lambda chosen, yes=yes: {} if chosen == Known(yes) else None,  # type: ignore[misc]
        )
        for yes in (True, False)
    ]


def _flag(filter_: FlagFilter) -> list[Way]:
    return [
        Way("yes", filter_.yes, (), lambda _: True, lambda chosen: {} if chosen is True else None),
        Way("no", filter_.no, (), lambda _: False, lambda chosen: {} if chosen is False else None),
    ]


def _choice(filter_: ChoiceFilter) -> list[Way]:
    known = [choice.value for choice in filter_.choices]
    inputs = (Input("values", filter_.label, "choices"),)

    def way(id_: str, label: str, outside: bool) -> Way:
        def fill(chosen: Any) -> FormValues | None:
            same = isinstance(chosen, Picked) and chosen.outside is outside
            return {"values": list(chosen.values)} if same else None

        return Way(id_, label, inputs, lambda values: Picked(_values(values, known), outside), fill)

    return [way("is", "is", False), way("not", "is not", True)]


def _segments(filter_: SegmentFilter) -> list[Way]:
    known = [choice.value for choice in filter_.choices]
    inputs = (Input("values", filter_.label, "choices"),)

    def every(values: FormValues) -> tuple[str, ...] | Every:
        chosen = _values(values, known)
        return Every(chosen) if len(chosen) > 1 else chosen

    one = Way(
        "in",
        "In none of these" if filter_.outside else "In at least one of these",
        inputs,
        lambda values: _values(values, known),
        lambda chosen: {"values": list(chosen)} if isinstance(chosen, tuple) else None,
    )
    all_ = Way(
        "all",
        "In all of these",
        inputs,
        every,
        lambda chosen: {"values": list(chosen.values)} if isinstance(chosen, Every) else None,
    )
    return [one] if filter_.outside else [one, all_]


def _range(filter_: NumberFilter) -> list[Way]:
    unit = filter_.unit
    least, most = Input("least", "At least", "number", unit), Input("most", "At most", "number", unit)
    exactly = Input("exactly", "Exactly", "number", unit)

    def between(values: FormValues) -> Range:
        return Range(*sorted((_number(values, "least"), _number(values, "most"))))

    def same(values: FormValues) -> Range:
        number = _number(values, "exactly")
        return Range(number, number)

    return [
        Way("least", "at least", (least,), lambda values: Range(_number(values, "least")), _fill_least),
        Way("most", "at most", (most,), lambda values: Range(None, _number(values, "most")), _fill_most),
        Way("between", "between", (least, most), between, _fill_between),
        Way("exactly", "exactly", (exactly,), same, _fill_exactly),
    ]


def _fill_least(chosen: Any) -> FormValues | None:
    return {"least": chosen.least} if isinstance(chosen, Range) and chosen.most is None else None


def _fill_most(chosen: Any) -> FormValues | None:
    return {"most": chosen.most} if isinstance(chosen, Range) and chosen.least is None else None


def _fill_between(chosen: Any) -> FormValues | None:
    if not isinstance(chosen, Range) or chosen.least == chosen.most:
        return None
    return {"least": chosen.least, "most": chosen.most}


def _fill_exactly(chosen: Any) -> FormValues | None:
    return {"exactly": chosen.least} if isinstance(chosen, Range) else None


def _recency(_filter: Filter) -> list[Way]:
    inputs = (Input("days", "Days", "days", "days"),)

    def way(id_: str, label: str, *, within: bool, ever: bool = False) -> Way:
        def fill(chosen: Any) -> FormValues | None:
            same = isinstance(chosen, Recency) and (chosen.within, chosen.ever) == (within, ever)
            return {"days": chosen.days} if same else None

        return Way(id_, label, inputs, lambda values: Recency(_days(values), within, ever), fill)

    return [
        way("within", "in the last", within=True),
        way("outside", "not in the last", within=False),
        way("longer", "longer ago than", within=False, ever=True),
        *_between_days(_filter),
    ]


def _between_days(_filter: Filter) -> list[Way]:
    first, last = Input("first", "From", "date"), Input("last", "To", "date")

    def between(values: FormValues) -> Days:
        return Days(*sorted((_date(values, "first"), _date(values, "last"))))

    def both(chosen: Any) -> FormValues | None:
        if not isinstance(chosen, Days) or chosen.first is None or chosen.last is None:
            return None
        return {"first": chosen.first.isoformat(), "last": chosen.last.isoformat()}

    def one(name: str) -> Callable[[Any], FormValues | None]:
        def fill(chosen: Any) -> FormValues | None:
            day = getattr(chosen, name) if isinstance(chosen, Days) else None
            return None if day is None else {name: day.isoformat()}

        return fill

    return [
        Way("between", "between", (first, last), between, both),
        Way("first", "on or after", (first,), lambda values: Days(_date(values, "first")), one("first")),
        Way("last", "on or before", (last,), lambda values: Days(None, _date(values, "last")), one("last")),
    ]


def _wording(filter_: Filter) -> list[Way]:
    inputs = (Input("text", filter_.label, "text"),)

    def way(id_: str, label: str, whole: bool) -> Way:
        def fill(chosen: Any) -> FormValues | None:
            same = isinstance(chosen, Wording) and chosen.whole is whole
            return {"text": chosen.text} if same else None

        return Way(id_, label, inputs, lambda values: Wording(_text(values), whole), fill)

    return [way("is", "is", True), way("begins", "begins with", False)]


_WAYS: Mapping[str, Callable[[Any], list[Way]]] = {
    "flag": _flag,
    "choice": _choice,
    "segments": _segments,
    "number": _range,
    "recency": _recency,
    "text": _wording,
    "days": _between_days,
}
