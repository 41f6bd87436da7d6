"""The kinds of filters: what can be chosen of each, and the condition that it becomes.

A filter turns a choice into a condition of a `Listing`, a condition back into the choice, and
that into the words of a chip.  `filter_bar` lists the filters that there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar, Literal

from engine.contacts.listing.where_parts import Part

Kind = Literal["flag", "choice", "segments", "number", "recency", "text", "days"]


@dataclass(frozen=True)
class Choice:
    """Something to choose from: its value, and how a person reads it."""

    value: str
    label: str


@dataclass(frozen=True)
class Known:
    """Whether there is a value at all, whatever it is."""

    yes: bool


@dataclass(frozen=True)
class Picked:
    """One of some values, or, if `outside`, none of them."""

    values: tuple[str, ...]
    outside: bool = False


@dataclass(frozen=True)
class Every:
    """All of some values at once."""

    values: tuple[str, ...]


@dataclass(frozen=True)
class Range:
    """From `least` to `most`, both included; unset: without end."""

    least: float | None = None
    most: float | None = None


@dataclass(frozen=True)
class Days:
    """From the `first` day to the `last`, both included; unset: without end."""

    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class Recency:
    """Within the last so many days, or not; `ever`: not since, but at some time before."""

    days: int
    within: bool = True
    ever: bool = False


@dataclass(frozen=True)
class Wording:
    """A text to equal or to begin with."""

    text: str
    whole: bool = True


@dataclass(frozen=True)
class Written:
    """The formats of numbers and days in chips."""

    number: Callable[[float], str] = "{:,g}".format
    day: Callable[[date], str] = lambda day: f"{day.day} {day:%b %Y}"


PLAINLY = Written()


@dataclass(frozen=True)
class Filter:
    """One filter of the bar.

    Parameters:
      id: Its name, for keys of widgets.
      label: What the bar calls it.
      group: Under which heading it stands there.
      field: The field of the contact that it is about.
      unavailable: Why nothing can be chosen yet; empty if it can.
      optional: Whether contacts may be without a value, so that `Known` can be chosen, too.
    """

    kind: ClassVar[Kind]
    id: str
    label: str
    group: str
    field: str
    unavailable: str = ""
    optional: bool = False

    def condition(self, chosen: Any) -> Part:
        """The condition of a chosen value."""
        if isinstance(chosen, Known):
            return {self.field: {"exists": chosen.yes}}
        return self._condition(chosen)

    def chosen(self, part: Part) -> Any | None:
        """The chosen value of a condition; None for a condition that this filter cannot make."""
        known = _operand(part.get(self.field), "exists") if self.optional else None
        return Known(known) if isinstance(known, bool) else self._chosen(part)

    def words(self, chosen: Any, written: Written = PLAINLY) -> str:
        """The text of a chosen value in its chip."""
        return self.known(chosen.yes) if isinstance(chosen, Known) else self._words(chosen, written)

    def known(self, yes: bool) -> str:
        """The text of a chip for a present or missing value."""
        return f"{self.label} is {'known' if yes else 'not known'}"

    def _condition(self, chosen: Any) -> Part:
        raise NotImplementedError

    def _chosen(self, part: Part) -> Any | None:
        raise NotImplementedError

    def _words(self, chosen: Any, written: Written) -> str:
        raise NotImplementedError


@dataclass(frozen=True)
class FlagFilter(Filter):
    """Yes or no, in the words `yes` and `no`; chosen is a bool.

    `presence` asks whether there is a value, and not whether it is true.
    """

    kind = "flag"
    yes: str = "Yes"
    no: str = "No"
    presence: bool = False

    def _condition(self, chosen: bool) -> Part:
        return {self.field: {"exists": chosen} if self.presence else chosen}

    def _chosen(self, part: Part) -> bool | None:
        value = part.get(self.field)
        chosen = _operand(value, "exists") if self.presence else value
        return chosen if isinstance(chosen, bool) else None

    def _words(self, chosen: bool, _written: Written) -> str:
        return self.yes if chosen else self.no


@dataclass(frozen=True)
class ChoiceFilter(Filter):
    """One or more of `choices`, or none of them; chosen is a Picked."""

    kind = "choice"
    choices: tuple[Choice, ...] = ()

    def _condition(self, chosen: Picked) -> Part:
        values = list(chosen.values)
        if chosen.outside:
            return {"not": {self.field: {"in": values}}}
        return {self.field: values[0] if len(values) == 1 else {"in": values}}

    def _chosen(self, part: Part) -> Picked | None:
        value, outside = _compared(part, self.field)
        values = _texts(value, "in")
        return None if values is None else Picked(values, outside=outside)

    def _words(self, chosen: Picked, _written: Written) -> str:
        listed = _listed(self.choices, chosen.values)
        return f"{self.label}: {'not ' if chosen.outside else ''}{listed}"


@dataclass(frozen=True)
class SegmentFilter(Filter):
    """In one of some segments, or `outside` of all of them; chosen is a tuple of ids.

    To be in all of several is chosen as Every.
    """

    kind = "segments"
    choices: tuple[Choice, ...] = ()
    outside: bool = False

    def _condition(self, chosen: Sequence[str] | Every) -> Part:
        if isinstance(chosen, Every):
            return {self.field: {"has_all": list(chosen.values)}}
        inside = {self.field: {"has_any": list(chosen)}}
        return {"not": inside} if self.outside else inside

    def _chosen(self, part: Part) -> tuple[str, ...] | Every | None:
        value, outside = _compared(part, self.field)
        if outside is not self.outside:
            return None
        every = _texts({"has_all": value} if isinstance(value, list) else value, "has_all")
        if every is not None and len(every) > 1:
            return None if outside else Every(every)
        return every or _texts(value, "has_any")

    def _words(self, chosen: Sequence[str] | Every, _written: Written) -> str:
        if isinstance(chosen, Every):
            return f"In {_listed(self.choices, chosen.values, ' and ')}"
        return f"{'Not in' if self.outside else 'In'} {_listed(self.choices, chosen)}"


@dataclass(frozen=True)
class NumberFilter(Filter):
    """From a number to a number; chosen is a Range.  `unit` is written after each."""

    kind = "number"
    unit: str = ""

    def _condition(self, chosen: Range) -> Part:
        return {self.field: _bounds(chosen.least, chosen.most)}

    def _chosen(self, part: Part) -> Range | None:
        bounds = _bounds_of(part.get(self.field), "gte", "lte")
        if not bounds or not all(map(_is_number, bounds.values())):
            return None
        return Range(bounds.get("gte"), bounds.get("lte"))

    def _words(self, chosen: Range, written: Written) -> str:
        least, most = (
            None if n is None else f"{written.number(n)}{self.unit}" for n in (chosen.least, chosen.most)
        )
        return f"{self.label}: {_from_to(least, most, open_end='{} or more')}"


@dataclass(frozen=True)
class RecencyFilter(Filter):
    """Within the last so many days, or not (never counts as not), or longer ago, or between two days.

    Chosen is a Recency or Days; a day is one in the account's time zone, from its first moment
    to its last.
    """

    kind = "recency"
    verb: str = "Seen"

    def known(self, yes: bool) -> str:
        return f"{self.verb} at some time" if yes else f"Never {self.verb.lower()}"

    def _condition(self, chosen: Recency | Days) -> Part:
        if isinstance(chosen, Days):
            return {self.field: _moments(chosen)}
        if chosen.ever:
            return {self.field: {"older_than": f"{chosen.days}d"}}
        inside = {self.field: {"within": f"{chosen.days}d"}}
        return inside if chosen.within else {"not": inside}

    def _chosen(self, part: Part) -> Recency | Days | None:
        value, outside = _compared(part, self.field)
        if not outside and (days := _days_of_moments(value)) is not None:
            return days
        since = None if outside else _days_of(_operand(value, "older_than"))
        if since is not None:
            return Recency(since, within=False, ever=True)
        span = _days_of(_operand(value, "within"))
        return None if span is None else Recency(span, within=not outside)

    def _words(self, chosen: Recency | Days, written: Written) -> str:
        if isinstance(chosen, Days):
            return f"{self.verb} {_days_words(chosen, written)}"
        span = "day" if chosen.days == 1 else f"{written.number(chosen.days)} days"
        if chosen.ever:
            return f"Last {self.verb.lower()} over {span} ago"
        verb = self.verb if chosen.within else f"Not {self.verb.lower()}"
        return f"{verb} in the last {span}"


@dataclass(frozen=True)
class TextFilter(Filter):
    """A filter by a text or its beginning; the value is a Wording."""

    kind = "text"

    def _condition(self, chosen: Wording) -> Part:
        return {self.field: chosen.text if chosen.whole else {"starts_with": chosen.text}}

    def _chosen(self, part: Part) -> Wording | None:
        value = part.get(self.field)
        if isinstance(value, str):
            return Wording(value)
        beginning = _operand(value, "starts_with")
        return Wording(beginning, whole=False) if isinstance(beginning, str) else None

    def _words(self, chosen: Wording, _written: Written) -> str:
        return f"{self.label}: {chosen.text}{'' if chosen.whole else '…'}"


@dataclass(frozen=True)
class DaysFilter(Filter):
    """From a day to a day; chosen is Days."""

    kind = "days"

    def _condition(self, chosen: Days) -> Part:
        first, last = (None if day is None else day.isoformat() for day in (chosen.first, chosen.last))
        return {self.field: _bounds(first, last)}

    def _chosen(self, part: Part) -> Days | None:
        days = _dates(part.get(self.field), "gte", "lte")
        return Days(days.get("gte"), days.get("lte")) if days else None

    def _words(self, chosen: Days, written: Written) -> str:
        return f"{self.label}: {_days_words(chosen, written)}"


def _operand(value: Any, operator: str) -> Any:
    """The operand of a comparison by a given operator; None for any other comparison."""
    return value.get(operator) if isinstance(value, Mapping) and len(value) == 1 else None


def _days_of(span: Any) -> int | None:
    """The days of a time such as `30d`; unset for another."""
    is_days = isinstance(span, str) and span.endswith("d") and span[:-1].isdecimal()
    return int(span[:-1]) if is_days else None


def _compared(part: Part, field: str) -> tuple[Any, bool]:
    """The comparisons of a field in a condition, and whether `not` negates them."""
    inner = part.get("not")
    if isinstance(inner, Mapping) and len(inner) == 1:
        return inner.get(field), True
    return part.get(field), False


def _moments(days: Days) -> dict[str, str]:
    """Days as bounds of a time: from the first moment of the one to the last of the other."""
    first, last = days.first, days.last
    bounds = {} if first is None else {"gte": first.isoformat()}
    return bounds if last is None else {**bounds, "lt": (last + timedelta(days=1)).isoformat()}


def _days_of_moments(value: Any) -> Days | None:
    days = _dates(value, "gte", "lt")
    end = days.get("lt")
    if not days or end == date.min:
        return None
    return Days(days.get("gte"), None if end is None else end - timedelta(days=1))


def _days_words(days: Days, written: Written) -> str:
    first, last = (None if day is None else written.day(day) for day in (days.first, days.last))
    return _from_to(first, last, open_end="from {}")


def _texts(value: Any, operator: str) -> tuple[str, ...] | None:
    """`x`, or `{operator: [x, y]}`."""
    operand = value if isinstance(value, str) else _operand(value, operator)
    items = [operand] if isinstance(operand, str) else operand
    if not isinstance(items, list) or not items or not all(isinstance(item, str) for item in items):
        return None
    return tuple(items)


def _bounds(least: Any, most: Any) -> dict[str, Any]:
    return {name: bound for name, bound in (("gte", least), ("lte", most)) if bound is not None}


def _bounds_of(value: Any, *operators: str) -> Mapping[str, Any]:
    """The operands of a comparison by given operators only; empty for any other."""
    return value if isinstance(value, Mapping) and value.keys() <= set(operators) else {}


def _dates(value: Any, *operators: str) -> Mapping[str, date]:
    """The same, where all that it compares with are days."""
    try:
        return {name: date.fromisoformat(day) for name, day in _bounds_of(value, *operators).items()}
    except (TypeError, ValueError):
        return {}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _from_to(least: str | None, most: str | None, *, open_end: str) -> str:
    if most is None:
        return open_end.format(least)
    return f"up to {most}" if least is None else least if least == most else f"{least} to {most}"


def _listed(choices: Sequence[Choice], values: Sequence[str], separator: str = " or ") -> str:
    labels = {choice.value: choice.label for choice in choices}
    return separator.join(labels.get(value, value) for value in values)
