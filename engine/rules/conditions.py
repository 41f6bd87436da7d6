"""Conditions: one tree of `all`, `any`, `not` and comparisons, compiled once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import re2
from ruamel.yaml.comments import CommentedMap

from engine.core.activities import Activity
from engine.core.contact import ContactState
from engine.core.fields import CUSTOM, FIELDS, field
from engine.core.rulebook import Condition
from engine.rules.operators import OPERATORS, Operator
from engine.rules.source import Node, did_you_mean

Reader = Callable[[Activity, ContactState], Any]

MAX_DEPTH = 40
"""How deep conditions may be nested; a deeper one nobody can read."""

COMBINATIONS = ("all", "any", "not")


def always(_activity: Activity, _state: ContactState) -> bool:
    """The condition of a rule that has none."""
    return True


def compile_condition(owner: Node, key: str = "when") -> Condition:
    """Compile the condition at `key` of a rule; problems are noted at their lines."""
    if key not in owner:
        return always
    return _compile(owner.node(key), depth=0)


def _compile(node: Node, *, depth: int) -> Condition:
    if depth > MAX_DEPTH:
        node.fail(f"conditions are nested more than {MAX_DEPTH} deep")
        return always
    parts = [_part(node, key, depth=depth) for key in node.keys()]
    if not parts:
        node.fail("a condition must say something, such as `contact.points: {gte: 10}`")
    return parts[0] if len(parts) == 1 else _all(parts)


def _part(node: Node, key: str, *, depth: int) -> Condition:
    if key == "not":
        inner = _compile(node.node(key), depth=depth + 1)
        return lambda activity, state: not inner(activity, state)
    if key in COMBINATIONS:
        children = [_compile(child, depth=depth + 1) for child in node.nodes(key)]
        if not children:
            node.fail(f"`{key}` needs at least one condition", key)
        return _all(children) if key == "all" else _any(children)
    return _comparison(node, key)


def _all(parts: list[Condition]) -> Condition:
    fixed = tuple(parts)
    return lambda activity, state: all(part(activity, state) for part in fixed)


def _any(parts: list[Condition]) -> Condition:
    fixed = tuple(parts)
    return lambda activity, state: any(part(activity, state) for part in fixed)


def _comparison(node: Node, path: str) -> Condition:
    read = _reader(node, path)
    value = node.raw(path)
    wanted = value if isinstance(value, CommentedMap) else {"eq": value}
    tests = []
    for name, operand in wanted.items():
        operator = OPERATORS.get(str(name))
        if operator is None:
            node.fail(f"unknown operator {name!r}{did_you_mean(str(name), OPERATORS)}", path)
            continue
        tests.append(_test(read, operator, _operand(node, path, operator, operand)))
    return tests[0] if len(tests) == 1 else _all(tests)


def _test(read: Reader, operator: Operator, wanted: Any) -> Condition:
    test = operator.test
    return lambda activity, state: test(read(activity, state), wanted)


def _reader(node: Node, path: str) -> Reader:
    source, _, name = path.partition(".")
    if source == "contact" and name:
        return _contact_reader(node, path, name)
    if source in ("activity", "properties") and name:
        return _activity_reader(name)
    known = {"all", "any", "not", "contact.…", "activity.…"}
    node.fail(f"unknown condition {path!r}{did_you_mean(path, known)}", path)
    return lambda _activity, _state: None


def _contact_reader(node: Node, path: str, name: str) -> Reader:
    found = field(name)
    if found is None or found.read is None:
        usable = {n for n, f in FIELDS.items() if f.read is not None} | {f"{CUSTOM}…"}
        node.fail(f"no field {name!r}{did_you_mean(name, usable)}", path)
        return lambda _activity, _state: None
    read = found.read
    return lambda _activity, state: read(state)


def _activity_reader(name: str) -> Reader:
    if name in ("type", "tracker", "trusted"):
        return lambda activity, _state: getattr(activity, name)
    steps = name.split(".")

    def read(activity: Activity, _state: ContactState) -> Any:
        value: Any = activity.properties
        for step in steps:
            value = value.get(step) if isinstance(value, Mapping) else None
        return value

    return read


def _operand(node: Node, path: str, operator: Operator, operand: Any) -> Any:
    """The value to compare with, as plain Python; a wrong kind is a problem."""
    value = _plain(operand)
    if operator.operand == "list" and not isinstance(value, list):
        node.fail(f"`{operator.key}` needs a list", path)
        return []
    if operator.operand == "boolean" and not isinstance(value, bool):
        node.fail(f"`{operator.key}` needs true or false", path)
        return True
    if operator.operand == "text" and not isinstance(value, str):
        node.fail(f"`{operator.key}` needs a text", path)
        return ""
    if operator.key == "matches":
        return _expression(node, path, value)
    return value


def _expression(node: Node, path: str, pattern: str) -> Any:
    try:
        re2.compile(pattern)
    except re2.error as error:
        node.fail(f"{pattern!r} is no regular expression: {error}", path)
        return "$^"
    return pattern


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, bool):
        return value
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value
