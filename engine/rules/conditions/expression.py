"""A tree as a MongoDB expression: over contacts for segments, over activities for the past.

Use it as `{"$expr": …}` in a query, or in a pipeline's `$set` and `$project`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine.domain.conditions import All, Compare, Did, Either, Not, Path, Tree
from engine.domain.fields import field as contact_field
from engine.rules.conditions.operators import OPERATORS, Expression, earlier, literal, value_expression
from engine.rules.conditions.predicate import CONTEXT, OF_ACTIVITY

_PLAIN = frozenset({"text", "number", "money", "date", "day", "boolean", "state"})
"""Types of contact fields that are never lists."""


def expression(tree: Tree, *, now: datetime | str = "$$NOW") -> Expression:
    """The MongoDB expression that evaluates a tree on a document; `now` is the present."""
    if isinstance(tree, All):
        return {"$and": [expression(part, now=now) for part in tree.parts]}
    if isinstance(tree, Either):
        return {"$or": [expression(part, now=now) for part in tree.parts]}
    if isinstance(tree, Not):
        return {"$not": [expression(tree.part, now=now)]}
    if isinstance(tree, Did):
        return _did(tree, now)
    return _comparison(tree, now)


def value(path: Path) -> Expression:
    """The MongoDB expression of a path's value; null for no value."""
    if path.source == "activity":
        if path.name in OF_ACTIVITY:
            return {"$ifNull": [f"${path.name}", None]}
        inner = path.name if path.name.startswith(CONTEXT) else f"properties.{path.name}"
        return _dig("$$ROOT", inner.split("."))
    found = contact_field(path.name, type_=path.type, absent=path.absent)
    assert found is not None, path
    if path.name == "segments":
        return {"$map": {"input": {"$objectToArray": {"$ifNull": ["$segments", {}]}}, "in": "$$this.k"}}
    if found.counted:
        return {"$size": [{"$ifNull": [f"${found.stored}", []]}]}
    return {"$ifNull": [f"${found.stored}", literal(found.absent)]}


def _comparison(tree: Compare, now: Any) -> Expression:
    may_be_list = tree.path.source == "activity" or tree.path.type not in _PLAIN
    return value_expression(
        OPERATORS[tree.operator], value(tree.path), tree.operand, now, may_be_list=may_be_list
    )


def _did(tree: Did, now: Any) -> Expression:
    times: Expression = {"$ifNull": [f"$did.{tree.track.id}", []]}
    if tree.within is not None:
        cutoff = earlier(now, tree.within)
        times = {"$filter": {"input": times, "cond": {"$gt": ["$$this", cutoff]}}}
    count = {"$size": times}
    parts: list[Expression] = [{"$gte": [count, tree.least]}]
    if tree.most is not None:
        parts.append({"$lte": [count, tree.most]})
    return {"$and": parts}


def _dig(found: Expression, steps: list[str], depth: int = 0) -> Expression:
    """Follow keys; through a list, into each of its objects (see `predicate.dig`)."""
    if not steps:
        return found
    here, item = f"$$at{depth}", f"$$in{depth}"
    objects = {"$filter": {"input": here, "as": f"in{depth}", "cond": _is_object(item)}}
    each = {
        "$map": {"input": objects, "as": f"in{depth}", "in": _dig(_key(item, steps[0]), steps[1:], depth + 1)}
    }
    present = {"$filter": {"input": each, "as": f"of{depth}", "cond": {"$ne": [f"$$of{depth}", None]}}}
    inner = {"$cond": [_is_object(here), _dig(_key(here, steps[0]), steps[1:], depth + 1), None]}
    return {
        "$let": {
            "vars": {f"at{depth}": {"$ifNull": [found, None]}},
            "in": {"$cond": [{"$isArray": [here]}, present, {"$ifNull": [inner, None]}]},
        }
    }


def _key(found: Expression, name: str) -> Expression:
    """The value of a key, taken as it is, with its dots and dollars."""
    return {"$getField": {"field": literal(name), "input": found}}


def _is_object(found: Expression) -> Expression:
    return {"$eq": [{"$type": found}, "object"]}
