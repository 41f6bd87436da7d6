"""Conditions that the form can show, converted from and to those of the YAML files.

The form offers less than the rule language: conditions that it cannot show are edited as YAML.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from engine.domain.fields import CUSTOM, FIELDS, STATES
from engine.domain.rulebook import Ruleset
from engine.errors import Invalid
from engine.rules.conditions.operators import OPERATORS as ENGINE_OPERATORS

OPERATORS: Mapping[str, tuple[str, ...]] = {
    "number": ("gte", "lte", "eq", "ne"),
    "money": ("gte", "lte"),
    "text": ("eq", "ne", "contains", "starts_with", "exists"),
    "state": ("eq", "ne"),
    "date": ("within", "older_than", "before", "after", "exists"),
    "day": ("before", "after", "exists"),
    "boolean": ("eq",),
    "list": ("has",),
}
"""The operators that the form offers for each type of value."""

OF_PRODUCTS = ("category", "name", "brand", "product_id")
"""The properties of products that the form offers."""

_CUSTOM_TYPES = {"date": "day"}
_DAYS = re.compile(r"([1-9]\d{0,3})d")

Every = Literal["all", "any"]


@dataclass(frozen=True)
class Offer:
    """A value that can be compared: its label, its type, and its choices if there are few."""

    label: str
    type: str
    choices: Mapping[str, str] = field(default_factory=dict)


Offers = Mapping[str, Offer]
"""By the path in the condition."""


@dataclass(frozen=True)
class Comparison:
    """`contact.points: {gte: 10}`."""

    path: str
    operator: str
    value: Any


@dataclass(frozen=True)
class ActivityCondition:
    """An activity done at least `times` times, or not done, in the last `days` (unset: any time)."""

    activity: str
    done: bool = True
    times: int = 1
    days: int | None = None
    where: Comparison | None = None


Part = Comparison | ActivityCondition


@dataclass(frozen=True)
class Simple:
    """A condition as the form shows it."""

    every: Every
    parts: tuple[Part, ...]


# What there is to choose


def of_contacts(ruleset: Ruleset) -> Offers:
    """The fields and statuses of a contact."""
    known = {f"contact.{name}": _field(name, ruleset) for name in FIELDS}
    own = {
        f"contact.{id_}": Offer(machine.label, "state", dict(machine.states))
        for id_, machine in ruleset.machines.items()
        if id_ not in FIELDS
    }
    custom = {
        f"contact.{CUSTOM}{name}": Offer(field.label, _CUSTOM_TYPES.get(field.type, field.type))
        for name, field in ruleset.fields.items()
        if field.type != "list"
    }
    return known | own | custom


def _field(name: str, ruleset: Ruleset) -> Offer:
    declared = FIELDS[name]
    if name == "segments":
        return Offer(declared.label, "list", {s.id: s.name for s in ruleset.segments.values()})
    machine = ruleset.machines.get(name)
    states = dict(machine.states) if machine else {state: state for state in STATES.get(name, ())}
    return Offer(declared.label, declared.type, states)


def of_activity(type_: str, ruleset: Ruleset) -> Offers:
    """The properties of an activity, and of its products."""
    found: dict[str, Offer] = {}
    for name, kind in ruleset.catalog.properties(type_).items():
        if kind in ("text", "number", "money"):
            found[f"activity.{name}"] = Offer(name.replace("_", " "), kind)
        elif name == "products":
            products = {
                f"activity.products.{of}": f"{of.replace('_', ' ')} of a product" for of in OF_PRODUCTS
            }
            found |= {path: Offer(label, "text") for path, label in products.items()}
    return found


# As it is written


def written(simple: Simple) -> dict[str, Any]:
    """The condition as in YAML."""
    parts = [_written(part) for part in simple.parts]
    keys = [key for part in parts for key in part]
    if len(parts) == 1 or (simple.every == "all" and len(set(keys)) == len(keys)):
        return {key: value for part in parts for key, value in part.items()}
    return {simple.every: parts}


def _written(part: Part) -> dict[str, Any]:
    if isinstance(part, Comparison):
        return {part.path: {part.operator: part.value}}
    asked: dict[str, Any] = {"activity": part.activity}
    if part.where is not None:
        asked["where"] = _written(part.where)
    if part.days is not None:
        asked["within"] = f"{part.days}d"
    if part.done and part.times > 1:
        asked["times"] = {"gte": part.times}
    return {"did" if part.done else "did_not": asked}


# And read again


class _BeyondForm(Invalid):
    """The form cannot show the condition."""


def read(condition: Mapping[str, Any], ruleset: Ruleset) -> Simple | None:
    """The condition as the form shows it; unset if it cannot."""
    offers = of_contacts(ruleset)
    try:
        every, parts = _parts(condition)
        found = [_part(key, value, every, ruleset, offers) for key, value in parts]
    except _BeyondForm:
        return None
    flat = tuple(part for group in found for part in group)
    return Simple(every, flat) if flat else None


def _parts(condition: Mapping[str, Any]) -> tuple[Every, Sequence[tuple[str, Any]]]:
    for every in ("all", "any"):
        inner = condition.get(every)
        if isinstance(inner, list) and len(condition) == 1:
            if not all(isinstance(part, Mapping) and (every == "all" or len(part) == 1) for part in inner):
                raise _BeyondForm
            return every, [pair for part in inner for pair in part.items()]
    return "all", list(condition.items())


def _part(key: str, value: Any, every: Every, ruleset: Ruleset, offers: Offers) -> list[Part]:
    if key in ("did", "did_not"):
        return [_activity_condition(key == "did", value, ruleset)]
    found: list[Part] = list(_comparisons(key, value, offers))
    if every == "any" and len(found) > 1:
        raise _BeyondForm
    return found


def _comparisons(path: str, value: Any, offers: Offers) -> Iterator[Comparison]:
    offer = offers.get(path)
    if offer is None:
        raise _BeyondForm
    usual = "has" if offer.type == "list" else "eq"
    asked = value if isinstance(value, Mapping) else {usual: value}
    for operator, operand in asked.items():
        if operator not in OPERATORS.get(offer.type, ()) or not _fits(operand, operator, offer):
            raise _BeyondForm
        yield Comparison(path, operator, operand)


def _fits(operand: Any, operator: str, offer: Offer) -> bool:
    """Whether the form has an input for a value."""
    if ENGINE_OPERATORS[operator].timed:
        return isinstance(operand, str) and _DAYS.fullmatch(operand) is not None
    if operator == "exists":
        return isinstance(operand, bool)
    if offer.choices:
        return operand in offer.choices
    return _KINDS[offer.type](operand)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _is_day(value: Any) -> bool:
    try:
        return type(value) is date or (isinstance(value, str) and bool(date.fromisoformat(value)))
    except ValueError:
        return False


_KINDS: Mapping[str, Callable[[Any], bool]] = {
    "number": _is_number,
    "money": _is_number,
    "text": lambda value: isinstance(value, str),
    "state": lambda value: isinstance(value, str),
    "date": _is_day,
    "day": _is_day,
    "boolean": lambda value: isinstance(value, bool),
    "list": lambda _: False,
}


def _activity_condition(done: bool, asked: Any, ruleset: Ruleset) -> ActivityCondition:
    if not isinstance(asked, Mapping) or set(asked) - {"activity", "where", "within", "times"}:
        raise _BeyondForm
    activity, within = asked.get("activity"), asked.get("within")
    days = None if within is None else _DAYS.fullmatch(str(within))
    if activity not in ruleset.catalog.types() or (within is not None and days is None):
        raise _BeyondForm
    return ActivityCondition(
        str(activity),
        done,
        _times(asked.get("times")),
        None if days is None else int(days[1]),
        _where(asked.get("where"), of_activity(str(activity), ruleset)),
    )


def _times(value: Any) -> int:
    if value is None:
        return 1
    if (
        isinstance(value, Mapping)
        and list(value) == ["gte"]
        and _is_number(value["gte"])
        and value["gte"] >= 1
    ):
        return int(value["gte"])
    raise _BeyondForm


def _where(where: Any, offers: Offers) -> Comparison | None:
    if where is None:
        return None
    if not isinstance(where, Mapping) or len(where) != 1:
        raise _BeyondForm
    [(path, value)] = where.items()
    found = list(_comparisons(path, value, offers))
    if len(found) != 1:
        raise _BeyondForm
    return found[0]
