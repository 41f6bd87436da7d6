"""Circles: rules whose effects lead back to themselves, found before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from engine.core.conditions import Compare, Did, leaves
from engine.core.rulebook import AddToSegment, MoveStatus, RemoveFromSegment, Rule, Segment, SetField

Change = str
"""Something of a contact that can change: `points`, `custom.size`, `newsletter`, `segment:vip`."""


ENOUGH = 20
"""How often in a circle rules may set each other off, if their limits allow it."""


def circle_of(rules: Mapping[str, tuple[Rule, ...]], segments: Mapping[str, Segment]) -> list[str]:
    """The ids of rules that could set each other off without end; empty if there are none.

    A rule with a small limit, or one that acts once for each object, ends by itself.
    """
    endless = [rule for found in rules.values() for rule in found if _goes_on(rule)]
    graph = {rule.id: [other.id for other in endless if _sets_off(rule, other, segments)] for rule in endless}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])[1:]
    return []


def _goes_on(rule: Rule) -> bool:
    """Whether a rule may act more often, because of one thing, than anything should."""
    return not rule.once_per and (rule.limit is None or rule.limit.times > ENOUGH)


def _sets_off(rule: Rule, other: Rule, segments: Mapping[str, Segment]) -> bool:
    """Whether what `rule` changes can be what `other` waits for."""
    if other.on == "points_changed":
        return rule.award is not None
    changes = _closure(_changes(rule), segments)
    if other.on == "status_changed":
        return any(isinstance(effect, MoveStatus) for effect in rule.effects)
    if other.on in ("segment_entered", "segment_left"):
        crossed = {change.removeprefix("segment:") for change in changes if change.startswith("segment:")}
        asked = segments_asked(other)
        return bool(crossed & asked) if asked else bool(crossed)
    return False


def _changes(rule: Rule) -> Iterator[Change]:
    if rule.award is not None:
        yield "points"
    for effect in rule.effects:
        if isinstance(effect, AddToSegment | RemoveFromSegment):
            yield f"segment:{effect.segment}"
        elif isinstance(effect, SetField):
            yield f"custom.{effect.field}"
        elif isinstance(effect, MoveStatus):
            yield effect.machine


def _closure(changes: Iterator[Change], segments: Mapping[str, Segment]) -> set[Change]:
    """The changes, and the segments that somebody may enter or leave because of them."""
    found = set(changes)
    for segment in segments.values():  # each comes after those that it refers to
        if segment.condition is not None and found & set(_asked(segment)):
            found.add(f"segment:{segment.id}")
    return found


def _asked(segment: Segment) -> Iterator[Change]:
    """What the condition of a segment looks at."""
    tree = segment.condition.tree if segment.condition is not None else None
    for leaf in leaves(tree):
        if isinstance(leaf, Did):
            continue
        if leaf.path.name == "segments":
            yield from (f"segment:{id_}" for id_ in leaf.operand if isinstance(leaf.operand, tuple))
        else:
            yield leaf.path.name


def segments_asked(rule: Rule) -> set[str]:
    """The segments that a rule on entering or leaving names; none means all."""
    return {
        str(item)
        for leaf in leaves(rule.when.tree)
        if isinstance(leaf, Compare)
        and str(leaf.path) == "activity.segment"
        and leaf.operator in ("eq", "in")
        for item in (leaf.operand if isinstance(leaf.operand, tuple) else (leaf.operand,))
    }
