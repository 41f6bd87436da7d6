"""Conditions as they stand in files, read into a tree; every problem is reported at its line."""

from __future__ import annotations

from engine.domain.conditions import ALWAYS, All, Compare, Condition, Did, Either, Not, Path, Tree
from engine.errors import Problem
from engine.rules.conditions import predicate
from engine.rules.conditions.comparisons import all_of, read_comparison
from engine.rules.conditions.contradictions import contradiction, never_by_itself
from engine.rules.conditions.did_entry import DidEntry, DidNotEntry
from engine.rules.conditions.missing_values import met_by_missing
from engine.rules.conditions.vocabulary import Subject, Vocabulary
from engine.rules.language.entries import Key
from engine.rules.language.nodes import File, Node, Problems
from engine.rules.language.references import known_activities

MAX_DEPTH = 40
"""How deep conditions may be nested; people cannot read a deeper one."""


def condition(about: str) -> Key[bool]:
    """A condition: whether there is one, for `read_condition` needs to know what it is about."""
    return Key(about, lambda node, name: name in node, {"$ref": "#/$defs/condition"})


def read_condition(owner: Node, subject: Subject) -> Condition:
    """Read and compile the `when` of an entry; without one everything meets it."""
    if "when" not in owner:
        return ALWAYS
    tree = read_tree(owner.node("when"), subject)
    if tree is None:
        return ALWAYS
    reason = contradiction(_of_type(tree, subject)) or (
        never_by_itself(tree, subject.activities[0]) if subject.itself and subject.activities else None
    )
    if reason is not None:
        owner.fail(f"this can never match: {reason}", "when")
    _warn_of_missing_values(tree, subject)
    return predicate.condition(tree)


def _warn_of_missing_values(tree: Tree, subject: Subject) -> None:
    for found in met_by_missing(tree):
        for negation, node in subject.negations:
            if negation is found.negation:
                node.warn(str(found), "not")


def problems_of(text: str, words: Vocabulary) -> list[Problem]:
    """The problems of a stand-alone condition on contacts, with the lines of its text."""
    problems = Problems()
    inside = "".join(f"  {line}\n" for line in text.splitlines())
    node = File("condition", problems).parse(f"when:\n{inside}")
    if node.is_mapping("when"):
        read_condition(node, Subject(words))
    elif not problems and node.raw("when") is not None:
        node.fail("a condition must be a mapping, such as `contact.points: {gte: 10}`", "when")
    elif not problems:
        node.fail("a condition must say something, such as `contact.points: {gte: 10}`", "when")
    moved = (Problem(p.file, max(1, p.line - 1), max(1, p.column - 2), p.message) for p in problems)
    return sorted(dict.fromkeys(moved), key=lambda problem: (problem.line, problem.column))


def _of_type(tree: Tree, subject: Subject) -> Tree:
    """The tree, and that the activity is of the one type which the rule waits for."""
    if len(subject.activities) != 1:
        return tree
    return All((Compare(Path("activity", "type", "text"), "eq", subject.activities[0]), tree))


def read_tree(node: Node, subject: Subject, *, depth: int = 0) -> Tree | None:
    """A mapping: all of its keys must be met.  Unset if something is wrong with it."""
    if depth > MAX_DEPTH:
        node.fail(f"conditions are nested more than {MAX_DEPTH} deep")
        return None
    if not node.keys():
        node.fail("a condition must say something, such as `contact.points: {gte: 10}`")
    return all_of([_part(node, key, subject, depth=depth) for key in node.keys()])


def _part(node: Node, key: str, subject: Subject, *, depth: int) -> Tree | None:
    if key == "not":
        inner = read_tree(node.node(key), subject, depth=depth + 1)
        if inner is None:
            return None
        negation = Not(inner)
        subject.negations.append((negation, node))
        return negation
    if key in ("all", "any"):
        return _combination(node, key, subject, depth=depth)
    if key in ("did", "did_not"):
        return _did(node, key, subject, depth=depth)
    return read_comparison(node, key, subject)


def _combination(node: Node, key: str, subject: Subject, *, depth: int) -> Tree | None:
    parts = [read_tree(child, subject, depth=depth + 1) for child in node.nodes(key)]
    if not parts:
        node.fail(f"`{key}` needs a list of at least one condition", key)
    read = tuple(part for part in parts if part is not None)
    return Either(read) if key == "any" and len(read) > 1 else all_of(read)


def _did(node: Node, key: str, subject: Subject, *, depth: int) -> Tree | None:
    if subject.place != "file":
        node.fail(f"`{key}` cannot stand {_NO_PAST[subject.place]}", key)
        return None
    entry = DidEntry(node.node(key)) if key == "did" else DidNotEntry(node.node(key))
    types = known_activities(entry.activity, subject.words.catalog, node=entry.node, key="activity")
    where = None
    if entry.where is not None:
        past = Subject(subject.words, types, place="where", negations=subject.negations)
        where = read_tree(entry.where, past, depth=depth + 1)
    if not types:
        return None
    least, most = entry.times if isinstance(entry, DidEntry) else (1, None)
    tree = Did(types, where=where, within=entry.within, least=least, most=most)
    return Not(tree) if key == "did_not" else tree


_NO_PAST = {"filter": "in a filter", "where": "within `where`: that looks at one activity alone"}
