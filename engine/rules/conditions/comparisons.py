"""One comparison of a condition: the path on its left, its operator and what stands on its right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.domain.conditions import All, Compare, Path, Tree
from engine.domain.fields import CUSTOM
from engine.rules.conditions.operands import UnsuitableOperand, member, operand, plain
from engine.rules.conditions.operators import OPERATORS, Operator
from engine.rules.conditions.vocabulary import Subject, Vocabulary
from engine.rules.language.nodes import Node
from engine.rules.language.suggestions import did_you_mean

COMBINING = ("all", "any", "not", "did", "did_not")
"""The keys of a condition that are no comparison."""

CONTACT = "contact."
"""The prefix of contact fields."""


def read_comparison(node: Node, key: str, subject: Subject) -> Tree | None:
    path = _path(node, key, subject)
    value = node.raw(key)
    if path is None:
        return None
    if isinstance(value, dict):
        inner = node.node(key)
        if not value:
            inner.fail("a comparison is missing, such as {gte: 10}")
        return all_of([_test(inner, name, name, path, value[name], subject) for name in inner.keys()])
    usual = "has" if path.type == "list" else "eq"
    return _test(node, key, usual, path, value, subject)


def _path(node: Node, key: str, subject: Subject) -> Path | None:
    if subject.place == "filter":
        return _contact_path(node, key, key.removeprefix(CONTACT), subject.words)
    source, _, name = key.partition(".")
    if source == "contact" and name and subject.place == "file":
        return _contact_path(node, key, name, subject.words)
    if source in ("activity", "properties") and name and subject.any_activity:
        return Path("activity", name)
    if source in ("activity", "properties") and name and subject.activities:
        return _activity_path(node, key, name, subject)
    if subject.place == "where" and source not in ("contact", "activity", "properties"):
        return _activity_path(node, key, key, subject)  # within `where` the bare name will do
    node.fail(_misplaced(key, source, subject), key)
    return None


def _misplaced(key: str, source: str, subject: Subject) -> str:
    if source == "contact":
        return "`where` looks at the activity alone: put conditions on the contact beside `did`"
    if source in ("activity", "properties"):
        return "there is no activity here to look at: ask `did: {activity: …}`"
    known = {*COMBINING, "contact.…", *(("activity.…",) if subject.activities else ())}
    return f"unknown condition {key!r}{did_you_mean(key, known)}"


def _contact_path(node: Node, key: str, name: str, words: Vocabulary) -> Path | None:
    path = words.contact_path(name)
    if path is not None:
        return path
    message, known = f"no field {name!r}", words.contact_names()
    if name.startswith(CUSTOM):
        node.fail_undeclared(message, key, name=name, known=known, file="fields.yaml")
    else:
        node.fail(f"{message}{did_you_mean(name, known)}", key, needs="transitions.yaml")
    return None


def _activity_path(node: Node, key: str, name: str, subject: Subject) -> Path | None:
    path = subject.words.activity_path(name, subject.activities)
    if path is None and subject.activities:
        known, kinds = subject.words.activity_names(subject.activities), " or ".join(subject.activities)
        message = f"{kinds} has no property {name!r}"
        node.fail_undeclared(message, key, name=name, known=known, file="activities.yaml")
    return path


def _test(node: Node, key: str, name: str, path: Path, value: Any, subject: Subject) -> Tree | None:
    operator = OPERATORS.get(str(name))
    if operator is None:
        node.fail(f"unknown operator {name!r}{did_you_mean(str(name), set(OPERATORS))}", key)
        return None
    try:
        constant = operand(operator, path, plain(value), subject.words)
        _require_named(operator, path, constant, subject)
    except UnsuitableOperand as error:
        node.fail(str(error), key, needs=_declared_in(path, subject))
        return None
    return Compare(path, operator.key, constant)


def _declared_in(path: Path, subject: Subject) -> str:
    """The file that declares what a path can be compared with, if one does."""
    if path.type == "state":
        return "transitions.yaml"
    if path.source == "contact":
        return "segments.yaml" if path.name == "segments" else ""
    named = subject.words.values_of(path.name, subject.activities)
    return "" if named is None else "segments.yaml" if named[0] == "segment" else "transitions.yaml"


def _require_named(operator: Operator, path: Path, constant: Any, subject: Subject) -> None:
    """Raise UnsuitableOperand for a segment, status or state that no activity of ours can carry."""
    if path.source != "activity" or operator.operand in ("text", "pattern", "boolean"):
        return
    found = subject.words.values_of(path.name, subject.activities)
    if found is None:
        return
    what, known = found
    for item in constant if isinstance(constant, tuple) else (constant,):
        member(item, known, what)


def all_of(parts: Sequence[Tree | None]) -> Tree | None:
    """The conjunction of all parts that could be read."""
    read = [part for part in parts if part is not None]
    if len(read) < 2:
        return read[0] if read else None
    return All(tuple(read))
