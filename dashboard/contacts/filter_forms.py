"""The small form of each kind of filter: the ways to choose, what each asks for, and what comes of it.

A form is plain data for the browser (`form_of`), and what comes back from there (`read`) is
believed in nothing: it is read anew, or refused with the reason.
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
"""How far back a recency looks."""

LONGEST_TEXT = 200
"""Characters of a text that one filters by."""

LARGEST = 1e15
"""Numbers beyond this are no counts and no amounts."""

Said = Mapping[str, Any]
"""What stands in the inputs of a form, by their names."""


@dataclass(frozen=True)
class Input:
    """Something that a way asks for; `type` is number, days, date, text or choices."""

    name: str
    label: str
    type: str
    unit: str = ""


@dataclass(frozen=True)
class Way:
    """One way to choose: `read` makes of the inputs what is chosen, `said` the inputs of that again.

    `said` is unset for what was chosen in another way.
    """

    id: str
    label: str
    inputs: tuple[Input, ...]
    read: Callable[[Said], Any]
    said: Callable[[Any], Said | None]


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


def said_of(filter_: Filter, chosen: Any) -> dict[str, Any]:
    """What was chosen, as the form is filled in with it."""
    for way in ways(filter_):
        said = way.said(chosen)
        if said is not None:
            return {"way": way.id, "values": dict(said)}
    return {"way": ways(filter_)[0].id, "values": {}}


def read(filter_: Filter, way: str, said: Said) -> Any:
    """What somebody chose by a form.  Raises InvalidFilter."""
    if filter_.unavailable:
        raise InvalidFilter(f"{filter_.label} cannot be filtered by: {filter_.unavailable}")
    found = next((known for known in ways(filter_) if known.id == way), None)
    if found is None:
        raise InvalidFilter(f"{filter_.label} was not filled in correctly: choose it again")
    try:
        return found.read(said)
    except (ValueError, OverflowError) as error:
        raise InvalidFilter(f"{filter_.label}: {error}") from None


def ways(filter_: Filter) -> list[Way]:
    """The ways to choose of a filter, the usual one first."""
    return [*_WAYS[filter_.kind](filter_), *(_known(filter_) if filter_.optional else ())]


# What the inputs say


def _number(said: Said, name: str) -> float:
    text = str(said.get(name, "")).strip()
    if not text:
        raise ValueError("enter a number")
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not abs(number) <= LARGEST:
        raise ValueError(f"{text[:40]} is not a valid number")
    return int(number) if number.is_integer() else number


def _days(said: Said) -> int:
    days = _number(said, "days")
    if not 1 <= days <= MOST_DAYS or not float(days).is_integer():
        raise ValueError(f"enter whole days, from 1 to {MOST_DAYS:,}")
    return int(days)


def _date(said: Said, name: str) -> date:
    text = str(said.get(name, "")).strip()
    if not text:
        raise ValueError("enter a date")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text[:40]} is not a date") from None


def _text(said: Said) -> str:
    text = str(said.get("text", "")).strip()
    if not text or "\0" in text:
        raise ValueError("enter a text")
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"enter at most {LONGEST_TEXT} characters")
    return text


def _values(said: Said, known: Sequence[str]) -> tuple[str, ...]:
    wanted = said.get("values")
    asked = wanted if isinstance(wanted, list) else []
    found = tuple(value for value in known if value in asked)
    if not found:
        raise ValueError("choose at least one")
    return found


# The ways of each kind


def _known(filter_: Filter) -> list[Way]:
    return [
        Way(
            "known" if yes else "unknown",
            filter_.known(yes),
            (),
            lambda _said, yes=yes: Known(yes),  # type: ignore[misc]
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
    asked = (Input("values", filter_.label, "choices"),)

    def way(id_: str, label: str, outside: bool) -> Way:
        def said(chosen: Any) -> Said | None:
            same = isinstance(chosen, Picked) and chosen.outside is outside
            return {"values": list(chosen.values)} if same else None

        return Way(id_, label, asked, lambda s: Picked(_values(s, known), outside), said)

    return [way("is", "is", False), way("not", "is not", True)]


def _segments(filter_: SegmentFilter) -> list[Way]:
    known = [choice.value for choice in filter_.choices]
    asked = (Input("values", filter_.label, "choices"),)

    def every(said: Said) -> tuple[str, ...] | Every:
        values = _values(said, known)
        return Every(values) if len(values) > 1 else values

    one = Way(
        "in",
        "In none of these" if filter_.outside else "In at least one of these",
        asked,
        lambda said: _values(said, known),
        lambda chosen: {"values": list(chosen)} if isinstance(chosen, tuple) else None,
    )
    all_ = Way(
        "all",
        "In all of these",
        asked,
        every,
        lambda chosen: {"values": list(chosen.values)} if isinstance(chosen, Every) else None,
    )
    return [one] if filter_.outside else [one, all_]


def _range(filter_: NumberFilter) -> list[Way]:
    unit = filter_.unit
    least, most = Input("least", "At least", "number", unit), Input("most", "At most", "number", unit)
    exactly = Input("exactly", "Exactly", "number", unit)

    def between(said: Said) -> Range:
        return Range(*sorted((_number(said, "least"), _number(said, "most"))))

    def same(said: Said) -> Range:
        number = _number(said, "exactly")
        return Range(number, number)

    return [
        Way("least", "at least", (least,), lambda said: Range(_number(said, "least")), _said_least),
        Way("most", "at most", (most,), lambda said: Range(None, _number(said, "most")), _said_most),
        Way("between", "between", (least, most), between, _said_between),
        Way("exactly", "exactly", (exactly,), same, _said_exactly),
    ]


def _said_least(chosen: Any) -> Said | None:
    return {"least": chosen.least} if isinstance(chosen, Range) and chosen.most is None else None


def _said_most(chosen: Any) -> Said | None:
    return {"most": chosen.most} if isinstance(chosen, Range) and chosen.least is None else None


def _said_between(chosen: Any) -> Said | None:
    if not isinstance(chosen, Range) or chosen.least == chosen.most:
        return None
    return {"least": chosen.least, "most": chosen.most}


def _said_exactly(chosen: Any) -> Said | None:
    return {"exactly": chosen.least} if isinstance(chosen, Range) else None


def _recency(_filter: Filter) -> list[Way]:
    asked = (Input("days", "Days", "days", "days"),)

    def way(id_: str, label: str, within: bool) -> Way:
        def said(chosen: Any) -> Said | None:
            same = isinstance(chosen, Recency) and chosen.within is within
            return {"days": chosen.days} if same else None

        return Way(id_, label, asked, lambda s: Recency(_days(s), within), said)

    return [
        way("within", "in the last", True),
        way("outside", "not in the last", False),
        *_between_days(_filter),
    ]


def _between_days(_filter: Filter) -> list[Way]:
    first, last = Input("first", "From", "date"), Input("last", "To", "date")

    def between(said: Said) -> Days:
        return Days(*sorted((_date(said, "first"), _date(said, "last"))))

    def both(chosen: Any) -> Said | None:
        if not isinstance(chosen, Days) or chosen.first is None or chosen.last is None:
            return None
        return {"first": chosen.first.isoformat(), "last": chosen.last.isoformat()}

    def one(name: str) -> Callable[[Any], Said | None]:
        def said(chosen: Any) -> Said | None:
            day = getattr(chosen, name) if isinstance(chosen, Days) else None
            return None if day is None else {name: day.isoformat()}

        return said

    return [
        Way("between", "between", (first, last), between, both),
        Way("first", "on or after", (first,), lambda said: Days(_date(said, "first")), one("first")),
        Way("last", "on or before", (last,), lambda said: Days(None, _date(said, "last")), one("last")),
    ]


def _wording(filter_: Filter) -> list[Way]:
    asked = (Input("text", filter_.label, "text"),)

    def way(id_: str, label: str, whole: bool) -> Way:
        def said(chosen: Any) -> Said | None:
            same = isinstance(chosen, Wording) and chosen.whole is whole
            return {"text": chosen.text} if same else None

        return Way(id_, label, asked, lambda s: Wording(_text(s), whole), said)

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
