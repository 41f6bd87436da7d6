"""A `not` that a missing value meets: "not within the last 60 days" is true of who was never seen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from engine.domain.conditions import All, Compare, Did, Either, Not, Path, Tree
from engine.domain.fields import field as contact_field
from engine.rules.conditions.contradictions import required
from engine.rules.conditions.operators import OPERATORS, test_value
from engine.rules.conditions.predicate import OF_ACTIVITY

_OPPOSITES = {
    "within": "older_than", "older_than": "within", "before": "after", "after": "before",
    "gt": "lte", "gte": "lt", "lt": "gte", "lte": "gt",
}  # fmt: skip


class MetByMissing(NamedTuple):
    """A `not`, and the comparison in it that a missing value fails."""

    negation: Not
    comparison: Compare

    def __str__(self) -> str:
        path, operator = self.comparison.path, self.comparison.operator
        opposite = _OPPOSITES.get(operator)
        instead = f"write `{opposite}` instead, or add" if opposite else "add"
        return (
            f"this `not` is met, too, where `{path}` has no value; "
            f"if that is not meant, {instead} `{path}: {{exists: true}}` beside it"
        )


def met_by_missing(tree: Tree, *, known: frozenset[Path] = frozenset()) -> Iterator[MetByMissing]:
    """The negated comparisons that a missing value makes true.

    Left out are those of which something beside the `not`, or in it, asks whether there is a value,
    and those of statuses, counts and lists, which always have one: the initial, nought, none.
    `known` are the paths that must have a value for the tree to matter at all.
    """
    if isinstance(tree, All):
        plain = [part for part in required(tree) if isinstance(part, Compare)]
        beside = known | {part.path for part in plain if _needs_value(part)}
        for part in tree.parts:
            yield from met_by_missing(part, known=beside)
    elif isinstance(tree, Either):
        for part in tree.parts:
            yield from met_by_missing(part, known=known)
    elif isinstance(tree, Not):
        compared = list(_comparisons(tree.part))
        asked = known | {one.path for one in compared if one.operator == "exists"}
        unasked = [one for one in compared if one.path not in asked]
        yield from (MetByMissing(tree, one) for one in unasked if _needs_value(one))
    elif isinstance(tree, Did) and tree.where is not None:
        yield from met_by_missing(tree.where)


def _comparisons(tree: Tree) -> Iterator[Compare]:
    """The comparisons of a negated tree that are not negated again."""
    if isinstance(tree, Compare):
        yield tree
    elif isinstance(tree, All | Either):
        for part in tree.parts:
            yield from _comparisons(part)


def _needs_value(comparison: Compare) -> bool:
    """Whether a comparison is of a value that can be missing, and then fails."""
    operator, operand = OPERATORS[comparison.operator], comparison.operand
    return _can_be_missing(comparison.path) and not test_value(operator, None, operand, datetime.now(UTC))


def _can_be_missing(path: Path) -> bool:
    if path.source == "activity":
        return path.name not in OF_ACTIVITY
    found = contact_field(path.name, type_=path.type, absent=path.absent)
    has_one = found is None or found.absent is not None or found.counted
    return not has_one and path.type not in ("state", "list")
