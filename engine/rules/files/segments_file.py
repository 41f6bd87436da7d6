"""segments.yaml: the segments, each static or with a condition that decides."""

from __future__ import annotations

from graphlib import TopologicalSorter

from engine.domain.conditions import Compare, Condition, Tree, leaves
from engine.domain.rulebook import Segment
from engine.rules.conditions.condition_reader import condition, read_condition
from engine.rules.conditions.vocabulary import Subject, Vocabulary
from engine.rules.files.cycles import cycles
from engine.rules.files.rule_tests import RuleTestEntry
from engine.rules.language.entries import Entry, flag, identifier, list_of, text
from engine.rules.language.references import refuse_repeats


class SegmentEntry(Entry):
    id = identifier("What conditions and effects name it by; it never changes.")
    name = text("What people read.")
    description = text("What it is for.", default="")
    static = flag("Whether members are put in by hand, by import or by a rule.")
    when = condition("Who belongs to it.")


class SegmentsFile(Entry):
    """Segments"""

    segments = list_of("The segments.", SegmentEntry)
    tests = list_of("What a few activities must come to.", RuleTestEntry)


def read_segments(file: SegmentsFile, words: Vocabulary) -> dict[str, Segment]:
    """The segments, each after those that it refers to."""
    refuse_repeats((entry.node for entry in file.segments), "segment")
    entries_by_id = {entry.id: entry for entry in file.segments}
    segments = {entry.id: _segment(entry, words) for entry in file.segments}
    return _in_order(segments, entries_by_id)


def _segment(entry: SegmentEntry, words: Vocabulary) -> Segment:
    if entry.static and entry.when:
        entry.node.fail("a static segment has no condition: take `static` or `when` away", "static")
    if not entry.static and not entry.when:
        entry.node.fail("`when` is missing: who belongs to it; or write `static: true`")
    return Segment(
        id=entry.id,
        name=entry.name,
        condition=read_condition(entry.node, Subject(words)) if entry.when else None,
        description=entry.description.strip(),
    )


def _in_order(segments: dict[str, Segment], entries_by_id: dict[str, SegmentEntry]) -> dict[str, Segment]:
    """Each segment after those that its condition names; a cycle is a problem."""
    graph = {
        id_: [other for other in mentioned(segment.condition) if other in segments]
        for id_, segment in segments.items()
    }
    found = cycles(graph)
    for cycle in found:
        path = " → ".join([*reversed(cycle), cycle[-1]])
        entries_by_id[cycle[-1]].node.fail(f"segments refer to each other in a circle: {path}", "when")
    return segments if found else {id_: segments[id_] for id_ in TopologicalSorter(graph).static_order()}


def mentioned(condition: Condition | None) -> list[str]:
    """The segments that a condition asks about."""
    return [] if condition is None else named_in(condition.tree)


def named_in(tree: Tree | None) -> list[str]:
    """The segments that a tree asks about."""
    return [
        str(id_)
        for leaf in leaves(tree)
        if isinstance(leaf, Compare) and leaf.path.source == "contact" and leaf.path.name == "segments"
        for id_ in (leaf.operand if isinstance(leaf.operand, tuple) else [leaf.operand])
        if isinstance(id_, str)
    ]
