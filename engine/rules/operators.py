"""Operators: what each compares, in Python and in MongoDB, and how a person reads it.

One value an operator.  `test(found, wanted)` and `query(wanted)` must mean the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import re2

Operand = Literal["scalar", "ordered", "list", "text", "boolean"]


@dataclass(frozen=True)
class Operator:
    """A comparison by its key in YAML; `phrase` reads between a field and a value."""

    key: str
    phrase: str
    operand: Operand
    test: Callable[[Any, Any], bool]
    query: Callable[[Any], dict[str, Any]]


def _family(value: Any) -> str:
    """The type bracket in which MongoDB compares."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float | Decimal):
        return "number"
    if isinstance(value, datetime):
        return "date"
    return type(value).__name__


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def test(found: Any, wanted: Any) -> bool:
        return _family(found) == _family(wanted) and compare(found, wanted)

    return test


def _equal(found: Any, wanted: Any) -> bool:
    if isinstance(found, list) and not isinstance(wanted, list):
        return any(_equal(item, wanted) for item in found)
    if found is None or wanted is None:
        return found is wanted
    return _family(found) == _family(wanted) and bool(found == wanted)


def _within(found: Any, wanted: Any) -> bool:
    return any(_equal(found, item) for item in wanted)


def _text(compare: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    def test(found: Any, wanted: Any) -> bool:
        return isinstance(found, str) and compare(found, wanted)

    return test


def _members(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


def _matches(found: str, wanted: str) -> bool:
    return re2.search(wanted, found) is not None


OPERATORS: dict[str, Operator] = {
    operator.key: operator
    for operator in (
        Operator("eq", "is", "scalar", _equal, lambda v: {"$eq": v}),
        Operator("ne", "is not", "scalar", lambda f, w: not _equal(f, w), lambda v: {"$ne": v}),
        Operator("gt", "is over", "ordered", _ordered(lambda f, w: f > w), lambda v: {"$gt": v}),
        Operator("gte", "is at least", "ordered", _ordered(lambda f, w: f >= w), lambda v: {"$gte": v}),
        Operator("lt", "is under", "ordered", _ordered(lambda f, w: f < w), lambda v: {"$lt": v}),
        Operator("lte", "is at most", "ordered", _ordered(lambda f, w: f <= w), lambda v: {"$lte": v}),
        Operator("in", "is one of", "list", _within, lambda v: {"$in": v}),
        Operator("not_in", "is none of", "list", lambda f, w: not _within(f, w), lambda v: {"$nin": v}),
        Operator("has", "has", "scalar", lambda f, w: _within(w, _members(f)), lambda v: {"$elemMatch": {"$eq": v}}),
        Operator("contains", "contains", "text", _text(lambda f, w: w in f), lambda v: {"$regex": re.escape(v)}),
        Operator("starts_with", "begins with", "text", _text(str.startswith), lambda v: {"$regex": "^" + re.escape(v)}),
        Operator("ends_with", "ends with", "text", _text(str.endswith), lambda v: {"$regex": re.escape(v) + r"\z"}),
        Operator("matches", "matches", "text", _text(_matches), lambda v: {"$regex": v}),
        Operator("exists", "is there", "boolean", lambda f, w: (f is not None) == w, lambda v: {"$ne" if v else "$eq": None}),
        Operator("before", "is before", "ordered", _ordered(lambda f, w: f < w), lambda v: {"$lt": v}),
        Operator("after", "is after", "ordered", _ordered(lambda f, w: f > w), lambda v: {"$gt": v}),
    )
}  # fmt: skip
