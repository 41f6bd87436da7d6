"""Cycles: rules whose effects lead back to themselves, found before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from engine.domain.conditions import Compare, Did, leaves
from engine.domain.rulebook import (
    MAX_REPEATS,
    AddToSegment,
    MoveStatus,
    RemoveFromSegment,
    Rule,
    Segment,
    SetField,
)
from engine.rules.conditions.contradictions import required

Change = str
"""Something of a contact that can change: `points`, `custom.size`, `newsletter`, `segment:vip`."""


def rule_cycles(rules: Mapping[str, tuple[Rule, ...]], segments: Mapping[str, Segment]) -> list[list[str]]:
    """The ids of rules that could set each other off without end, cycle by cycle.

    A rule with a small limit, or one that acts once for each object, ends by itself.
    """
    endless = [rule for found in rules.values() for rule in found if _is_unbounded(rule)]
    return cycles(
        {rule.id: [other.id for other in endless if _triggers(rule, other, segments)] for rule in endless}
    )


def cycles(graph: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Circles of a graph that have no name in common; without their names there are none."""
    left, found = dict(graph), []
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            cycle = list(error.args[1])[1:]
            found.append(cycle)
            left = {
                name: [other for other in others if other not in cycle]
                for name, others in left.items()
                if name not in cycle
            }
        else:
            return found


def _is_unbounded(rule: Rule) -> bool:
    """Whether a rule may act more often, because of one thing, than anything should."""
    return not rule.once_per and (rule.limit is None or rule.limit.times > MAX_REPEATS)


def _triggers(rule: Rule, other: Rule, segments: Mapping[str, Segment]) -> bool:
    """Whether what `rule` changes can be what `other` waits for."""
    if other.on == "points_changed":
        return rule.award is not None
    if other.on == "status_changed":
        moves = [effect for effect in rule.effects if isinstance(effect, MoveStatus)]
        return any(_accepts(other, machine=move.machine, to=move.to) for move in moves)
    if other.on in ("segment_entered", "segment_left"):
        return any(
            _accepts(other, segment=segment) for segment in _segments_crossed(rule, other.on, segments)
        )
    return False


def _segments_crossed(rule: Rule, way: str, segments: Mapping[str, Segment]) -> set[str]:
    """The segments that a rule may make a contact enter, or leave; a condition may cause either."""
    effect = AddToSegment if way == "segment_entered" else RemoveFromSegment
    found = {put.segment for put in rule.effects if isinstance(put, effect)}
    changed = {change.removeprefix("segment:") for change in _closure(_changes(rule), segments)}
    return found | {id_ for id_ in changed if id_ in segments and segments[id_].dynamic}


def _accepts(rule: Rule, **values: str) -> bool:
    """Whether a rule may react to an activity with these values."""
    return all(
        value in accepted for name, value in values.items() if (accepted := required_values(rule, name))
    )


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
    """The changes, and the segments that a contact may enter or leave because of them."""
    found = set(changes)
    for segment in segments.values():  # each comes after those that it refers to
        if segment.condition is not None and found & set(_fields_of(segment)):
            found.add(f"segment:{segment.id}")
    return found


def _fields_of(segment: Segment) -> Iterator[Change]:
    """The fields and segments that the condition of a segment looks at."""
    tree = segment.condition.tree if segment.condition is not None else None
    for leaf in leaves(tree):
        if isinstance(leaf, Did):
            continue
        if leaf.path.name == "segments":
            yield from (f"segment:{id_}" for id_ in leaf.operand if isinstance(leaf.operand, tuple))
        else:
            yield leaf.path.name


def required_values(rule: Rule, name: str) -> set[str]:
    """The values of a property of the activity that a rule demands, whatever else; none means any."""
    return {
        str(item)
        for part in ([] if rule.when.tree is None else required(rule.when.tree))
        if isinstance(part, Compare)
        and str(part.path) == f"activity.{name}"
        and part.operator in ("eq", "in")
        for item in (part.operand if isinstance(part.operand, tuple) else (part.operand,))
    }
