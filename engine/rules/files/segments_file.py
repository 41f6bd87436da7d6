"""segments.yaml: the segments, each static or with a condition that decides."""

from __future__ import annotations

from graphlib import TopologicalSorter

from engine.domain.conditions import Compare, Condition, Tree, leaves
from engine.domain.rulebook import Segment
from engine.rules.conditions.condition_reader import Subject, read_condition
from engine.rules.conditions.vocabulary import Vocabulary
from engine.rules.files.cycles import cycles
from engine.rules.language.nodes import Node
from engine.rules.language.references import identifier, no_repeats


def segment_kinds(root: Node) -> tuple[frozenset[str], frozenset[str]]:
    """The ids of the static and of the dynamic segments, before any is read."""
    static: set[str] = set()
    dynamic: set[str] = set()
    for node in root.nodes("segments"):
        (dynamic if "when" in node else static).add(str(node.raw("id")))
    return frozenset(static), frozenset(dynamic)


def read_segments(root: Node, words: Vocabulary) -> dict[str, Segment]:
    """The segments, each after those that it refers to."""
    nodes = list(root.nodes("segments"))
    no_repeats(nodes, "segment")
    segments = {}
    places = {}
    for node in nodes:
        segment = _segment(node, words)
        segments[segment.id] = segment
        places[segment.id] = node
    return _in_order(segments, places)


def _segment(node: Node, words: Vocabulary) -> Segment:
    static = node.flag("static")
    if static and "when" in node:
        node.fail("a static segment has no condition: take `static` or `when` away", "static")
    if not static and "when" not in node:
        node.fail("`when` is missing: who belongs to it; or write `static: true`")
    segment = Segment(
        id=identifier(node),
        name=node.text("name"),
        condition=read_condition(node, Subject(words)) if "when" in node else None,
        description=node.text("description", default=" ").strip(),
    )
    node.finish(also={"when"})
    return segment


def _in_order(segments: dict[str, Segment], places: dict[str, Node]) -> dict[str, Segment]:
    """Each segment after those that its condition names; a cycle is a problem."""
    graph = {
        id_: [other for other in mentioned(segment.condition) if other in segments]
        for id_, segment in segments.items()
    }
    found = cycles(graph)
    for cycle in found:
        round_ = " → ".join([*reversed(cycle), cycle[-1]])
        places[cycle[-1]].fail(f"segments refer to each other in a circle: {round_}", "when")
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
