"""Operators: what each compares, in Python and in MongoDB, and how a person reads it.

One value an operator.  `test(found, operand)` and `expression(found, operand)` must mean the
same; a test compares the two on a real server over generated values.  What is common to all:

- a field that is missing and one that is null are both "no value", which equals nothing;
- values of different kinds (a number and a text, say) are never equal and never in order;
- of a list, one item that fits is enough.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import re2

from engine.rules.conditions.regex import to_pcre

Operand = Literal["scalar", "ordered", "date", "list", "text", "boolean", "duration", "pattern"]
Expression = Any
"""Something that MongoDB's aggregation computes."""

NUMBERS = frozenset({int, float, Decimal})


@dataclass(frozen=True)
class Operator:
    """A comparison by its key in YAML; `phrase` reads between a field and a value.

    `test` and `expression` take one value that was found; `negated` operators are met
    where the plain one is not.  `whole` ones look at a list as a whole.  `python` is a
    shorter form for values of the usual kind, as source text with `v` and `k`.
    """

    key: str
    phrase: str
    operand: Operand
    test: Callable[[Any, Any, datetime], bool]
    expression: Callable[[Expression, Any, Any], Expression]
    negated: bool = False
    whole: bool = False
    python: str | None = None

    @property
    def timed(self) -> bool:
        """Whether time alone changes the answer: the moment slides out of the span."""
        return self.operand == "duration"


def test_value(operator: Operator, found: Any, operand: Any, now: datetime) -> bool:
    """Whether a value meets an operator; `operand` is in the form that `operands` gives it."""
    if isinstance(found, list) and not operator.whole:
        met = any(operator.test(item, operand, now) for item in found)
    else:
        met = operator.test(found, operand, now)
    return met is not operator.negated


def value_expression(
    operator: Operator, found: Expression, operand: Any, now: Any, *, may_be_list: bool
) -> Expression:
    """The same in MongoDB; `may_be_list` unless it is known that `found` is none."""
    if operator.whole or not may_be_list:
        met = operator.expression(found, operand, now)
    else:
        item = operator.expression("$$item", operand, now)
        met = {
            "$let": {
                "vars": {"found": found},
                "in": {
                    "$cond": [
                        {"$isArray": ["$$found"]},
                        {"$anyElementTrue": [{"$map": {"input": "$$found", "as": "item", "in": item}}]},
                        operator.expression("$$found", operand, now),
                    ]
                },
            }
        }
    return {"$not": [met]} if operator.negated else met


def family(value: Any) -> str:
    """The kind of a value: only values of one kind compare."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float | Decimal):
        return "number"
    if isinstance(value, datetime):
        return "date"
    return "text" if isinstance(value, str) else "other"


def literal(value: Any) -> Expression:
    """A constant, so that a text like `$email` is not taken for a field."""
    return {"$literal": value}


_IS: dict[str, Callable[[Expression], Expression]] = {
    "number": lambda found: {"$isNumber": found},
    "text": lambda found: {"$eq": [{"$type": found}, "string"]},
    "boolean": lambda found: {"$eq": [{"$type": found}, "bool"]},
    "date": lambda found: {"$eq": [{"$type": found}, "date"]},
}


def _equal(found: Any, operand: Any, _now: datetime) -> bool:
    return family(found) == family(operand) and bool(found == operand)


def _equal_expression(found: Expression, operand: Any, _now: Any) -> Expression:
    return {"$eq": [found, literal(operand)]}


def _in(found: Any, operand: Any, now: datetime) -> bool:
    return any(_equal(found, item, now) for item in operand)


def _in_expression(found: Expression, operand: Any, _now: Any) -> Expression:
    return {"$in": [found, literal(list(operand))]}


def _order(
    compare: Callable[[Any, Any], bool], name: str
) -> tuple[Callable[[Any, Any, datetime], bool], Callable[[Expression, Any, Any], Expression]]:
    def test(found: Any, operand: Any, _now: datetime) -> bool:
        return family(found) == family(operand) and compare(found, operand)

    def expression(found: Expression, operand: Any, _now: Any) -> Expression:
        return {"$and": [_IS[family(operand)](found), {name: [found, literal(operand)]}]}

    return test, expression


_GT, _GTE = _order(lambda f, w: f > w, "$gt"), _order(lambda f, w: f >= w, "$gte")
_LT, _LTE = _order(lambda f, w: f < w, "$lt"), _order(lambda f, w: f <= w, "$lte")


def _text(
    test: Callable[[str, Any], bool], expression: Callable[[Expression, Any], Expression]
) -> tuple[Callable[[Any, Any, datetime], bool], Callable[[Expression, Any, Any], Expression]]:
    def tested(found: Any, operand: Any, _now: datetime) -> bool:
        return isinstance(found, str) and test(found, operand)

    def expressed(found: Expression, operand: Any, _now: Any) -> Expression:
        return {"$cond": [_IS["text"](found), expression(found, operand), False]}

    return tested, expressed


_CONTAINS = _text(lambda f, w: w in f, lambda f, w: {"$gte": [{"$indexOfBytes": [f, literal(w)]}, 0]})
_STARTS = _text(str.startswith, lambda f, w: {"$eq": [{"$indexOfBytes": [f, literal(w)]}, 0]})
_ENDS = _text(
    str.endswith, lambda f, w: {"$regexMatch": {"input": f, "regex": literal(re.escape(w) + r"\z")}}
)
_MATCHES = _text(
    lambda f, w: re2.search(w, f) is not None,
    lambda f, w: {"$regexMatch": {"input": f, "regex": literal(to_pcre(w))}},
)


def _exists(found: Any, operand: Any, _now: datetime) -> bool:
    return (found is not None) is operand


def _exists_expression(found: Expression, operand: Any, _now: Any) -> Expression:
    return {"$ne" if operand else "$eq": [{"$ifNull": [found, None]}, None]}


def _has(count: Callable[[list[bool]], bool]) -> Callable[[Any, Any, datetime], bool]:
    def test(found: Any, operand: Any, now: datetime) -> bool:
        return isinstance(found, list) and count(
            [any(_equal(item, one, now) for item in found) for one in operand]
        )

    return test


def _has_expression(combine: str) -> Callable[[Expression, Any, Any], Expression]:
    def expression(found: Expression, operand: Any, _now: Any) -> Expression:
        each = [{"$in": [literal(one), found]} for one in operand]
        return {"$cond": [{"$isArray": [found]}, {combine: each}, False]}

    return expression


def _within(found: Any, operand: timedelta, now: datetime) -> bool:
    return isinstance(found, datetime) and now - operand < found <= now


def _within_expression(found: Expression, operand: timedelta, now: Any) -> Expression:
    return {"$and": [_IS["date"](found), {"$gt": [found, earlier(now, operand)]}, {"$lte": [found, now]}]}


def _older_than(found: Any, operand: timedelta, now: datetime) -> bool:
    return isinstance(found, datetime) and found <= now - operand


def _older_than_expression(found: Expression, operand: timedelta, now: Any) -> Expression:
    return {"$and": [_IS["date"](found), {"$lte": [found, earlier(now, operand)]}]}


def earlier(now: Any, span: timedelta) -> Expression:
    """A moment that lies `span` before another; computed here if the other is fixed."""
    if isinstance(now, datetime):
        return now - span
    return {"$dateSubtract": {"startDate": now, "unit": "second", "amount": int(span.total_seconds())}}


OPERATORS: dict[str, Operator] = {
    operator.key: operator
    for operator in (
        Operator("eq", "is", "scalar", _equal, _equal_expression, python="v == k"),
        Operator("ne", "is not", "scalar", _equal, _equal_expression, negated=True, python="v != k"),
        Operator("gt", "is over", "ordered", *_GT, python="v > k"),
        Operator("gte", "is at least", "ordered", *_GTE, python="v >= k"),
        Operator("lt", "is under", "ordered", *_LT, python="v < k"),
        Operator("lte", "is at most", "ordered", *_LTE, python="v <= k"),
        Operator("in", "is one of", "list", _in, _in_expression, python="v in k"),
        Operator("not_in", "is none of", "list", _in, _in_expression, negated=True, python="v not in k"),
        Operator("has", "has", "list", _has(all), _has_expression("$and"), whole=True),
        Operator("has_any", "has one of", "list", _has(any), _has_expression("$or"), whole=True),
        Operator("has_all", "has all of", "list", _has(all), _has_expression("$and"), whole=True),
        Operator("contains", "contains", "text", *_CONTAINS, python="k in v"),
        Operator("starts_with", "begins with", "text", *_STARTS, python="v.startswith(k)"),
        Operator("ends_with", "ends with", "text", *_ENDS, python="v.endswith(k)"),
        Operator("matches", "matches", "pattern", *_MATCHES),
        Operator("exists", "is there", "boolean", _exists, _exists_expression, whole=True),
        Operator("before", "is before", "date", *_LT, python="v < k"),
        Operator("after", "is after", "date", *_GT, python="v > k"),
        Operator("within", "is within the last", "duration", _within, _within_expression),
        Operator("older_than", "is longer ago than", "duration", _older_than, _older_than_expression),
    )
}  # fmt: skip
