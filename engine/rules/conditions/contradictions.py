"""Conditions that contradict themselves, found when the ruleset is read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

from engine.domain.conditions import All, Compare, Did, Either, Not, Tree
from engine.rules.conditions.explain import span_words
from engine.rules.conditions.operators import OPERATORS, family, test_value

_LOWER = {"gt": False, "gte": True, "after": False}
_UPPER = {"lt": False, "lte": True, "before": False}


def contradiction(tree: Tree) -> str | None:
    """Why nothing can meet a tree, as far as two of its parts tell; unset if it can.

    It looks at what must hold together, path by path; fields that may be lists are left
    out, of which several items can each meet one comparison.
    """
    parts = list(required(tree))
    return (
        _exclusive_comparisons(parts)
        or _negated(parts)
        or _impossible_past(parts)
        or _impossible_alternatives(parts)
    )


def never_by_itself(tree: Tree, activity: str) -> str | None:
    """Why a rule on an activity cannot ask that it has not been done: the activity itself counts."""
    for part in required(tree):
        did = part.part if isinstance(part, Not) else part
        if not isinstance(did, Did) or did.where is not None or activity not in did.activities:
            continue
        if did.least <= 1 if isinstance(part, Not) and did.most is None else did.most == 0:
            return (
                f"the {activity} itself counts as done; "
                f"for the first one write `did: {{activity: {activity}, times: 1}}`"
            )
    return None


def _exclusive_comparisons(parts: list[Tree]) -> str | None:
    """Two comparisons that no value meets."""
    together: dict[str, list[Compare]] = {}
    for part in parts:
        if isinstance(part, Compare) and part.path.type not in ("list", "any"):
            together.setdefault(str(part.path), []).append(part)
    for name, comparisons in together.items():
        for one, other in combinations(comparisons, 2):
            if _exclude(one, other):
                return f"`{name}` {_phrase(one)} and {_phrase(other)}"
    return None


def _negated(parts: list[Tree]) -> str | None:
    """Something that must be met, and must not."""
    plain = [part for part in parts if not isinstance(part, Not)]
    for part in parts:
        if isinstance(part, Not) and part.part in plain:
            return f"{_described(part.part)} and the same with `not`"
    return None


def _impossible_past(parts: list[Tree]) -> str | None:
    """Something that must have been done, of a kind that there cannot be."""
    for part in parts:
        if isinstance(part, Did) and part.least > 0 and part.where is not None:
            reason = contradiction(part.where)
            if reason is not None:
                return f"`did {', '.join(part.activities)}`, of which {reason}"
    return None


def _impossible_alternatives(parts: list[Tree]) -> str | None:
    """Alternatives none of which can be met, by themselves or beside what else must be."""
    single = tuple(part for part in parts if not isinstance(part, Either))
    for part in parts:
        if isinstance(part, Either):
            reasons = [contradiction(All((*single, way))) for way in part.parts]
            if all(reasons):
                return f"no part of `any` can: {reasons[0]}"
    return None


def required(tree: Tree) -> Iterator[Tree]:
    """The parts that must all be met, none of them an `all`."""
    if isinstance(tree, All):
        for part in tree.parts:
            yield from required(part)
    elif isinstance(tree, Not) and isinstance(tree.part, Not):
        yield from required(tree.part.part)
    else:
        yield tree


def _described(tree: Tree) -> str:
    if isinstance(tree, Compare):
        return f"`{tree.path}` {_phrase(tree)}"
    return f"`did {', '.join(tree.activities)}`" if isinstance(tree, Did) else "a part of it"


def _exclude(one: Compare, other: Compare) -> bool:
    for first, second in ((one, other), (other, one)):
        if first.operator == "exists":
            return first.operand is False and _needs_value(second)
        if first.operator == "eq":
            return not _meets(first.operand, second)
        if first.operator == "in":
            return not any(_meets(item, second) for item in first.operand)
        if first.operator == "within" and second.operator == "older_than":
            return bool(first.operand <= second.operand)
        if first.operator in _LOWER and second.operator in _UPPER:
            return _empty(first, second)
    return False


def _meets(value: Any, comparison: Compare) -> bool:
    if OPERATORS[comparison.operator].timed:
        return True
    return test_value(OPERATORS[comparison.operator], value, comparison.operand, datetime.now(UTC))


def _needs_value(comparison: Compare) -> bool:
    operator = OPERATORS[comparison.operator]
    return not operator.negated and not (operator.key == "exists" and comparison.operand is False)


def _empty(lower: Compare, upper: Compare) -> bool:
    if family(lower.operand) != family(upper.operand):
        return True
    both = _LOWER[lower.operator] and _UPPER[upper.operator]
    return bool(lower.operand > upper.operand if both else lower.operand >= upper.operand)


def _phrase(comparison: Compare) -> str:
    operand = comparison.operand
    shown = span_words(operand) if isinstance(operand, timedelta) else operand
    return f"{OPERATORS[comparison.operator].phrase} {shown}"
