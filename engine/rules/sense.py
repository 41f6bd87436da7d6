"""Conditions that contradict themselves: found when the ruleset is read, not by their silence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.core.conditions import All, Compare, Did, Tree
from engine.rules.operators import OPERATORS, family, test_value

_LOWER = {"gt": False, "gte": True, "after": False}
_UPPER = {"lt": False, "lte": True, "before": False}


def contradiction(tree: Tree) -> str | None:
    """Why nothing can meet a tree, as far as two of its comparisons tell; unset if it can.

    It looks at what must hold together, path by path; fields that may be lists are left
    out, of which several items can each meet one comparison.
    """
    together: dict[str, list[Compare]] = {}
    for leaf in _required(tree):
        if isinstance(leaf, Compare) and leaf.path.type not in ("list", "any"):
            together.setdefault(str(leaf.path), []).append(leaf)
    for name, comparisons in together.items():
        for index, one in enumerate(comparisons):
            for other in comparisons[index + 1 :]:
                if _exclude(one, other):
                    return f"`{name}` {_said(one)} and {_said(other)}"
    return None


def _required(tree: Tree) -> Iterator[Compare | Did]:
    """The leaves that must all be met."""
    if isinstance(tree, All):
        for part in tree.parts:
            yield from _required(part)
    elif isinstance(tree, Compare | Did):
        yield tree


def _exclude(one: Compare, other: Compare) -> bool:
    for first, second in ((one, other), (other, one)):
        if first.operator == "exists":
            return first.operand is False and _needs_value(second)
        if first.operator == "eq":
            return not _meets(first.operand, second)
        if first.operator == "in":
            return not any(_meets(item, second) for item in first.operand)
        if first.operator in _LOWER and second.operator in _UPPER:
            return _empty(first, second)
    return False


def _meets(value: Any, comparison: Compare) -> bool:
    if comparison.operator == "within":
        return True
    from datetime import UTC, datetime

    return test_value(OPERATORS[comparison.operator], value, comparison.operand, datetime.now(UTC))


def _needs_value(comparison: Compare) -> bool:
    operator = OPERATORS[comparison.operator]
    return not operator.negated and not (operator.key == "exists" and comparison.operand is False)


def _empty(lower: Compare, upper: Compare) -> bool:
    if family(lower.operand) != family(upper.operand):
        return True
    both = _LOWER[lower.operator] and _UPPER[upper.operator]
    return bool(lower.operand > upper.operand if both else lower.operand >= upper.operand)


def _said(comparison: Compare) -> str:
    return f"{OPERATORS[comparison.operator].phrase} {comparison.operand}"
