"""`did` and `did_not`: what a condition asks of the past."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.rules.language.entries import TEXTS, Entry, Key, Schema, duration
from engine.rules.language.nodes import Node
from engine.rules.language.suggestions import did_you_mean

MAX_TIMES = 1_000
"""The most times that a condition can count: each of them is kept with the contact."""


def _types(node: Node, key: str) -> tuple[str, ...]:
    types = node.texts(key)
    if not types:
        node.fail(f"`{key}` is missing: what must have been done", key)
    return types


def _times(node: Node, key: str) -> Times:
    value = node.raw(key)
    if value is None:
        return 1, None
    if _is_count(value):
        return int(value), int(value)
    if not isinstance(value, dict):
        node.fail(f"`{key}` must be a number or a range, such as {{gte: 3}}", key)
        return 1, None
    least, most = _range(node.node(key))
    if most is not None and least > most:
        node.fail(f"this can never match: at least {least} times and at most {most}", key)
    return least, most


def _range(node: Node) -> Times:
    least, most = 0, None
    for name in node.keys():
        count = node.raw(name)
        if not _is_count(count):
            node.fail(f"`{name}` must be a whole number from 0 to {MAX_TIMES:,}", name)
        elif name in _RANGES:
            low, high = _RANGES[name](int(count))
            least = max(least, low)
            most = high if most is None else most if high is None else min(most, high)
        else:
            node.fail(f"`times` cannot have {name!r}{did_you_mean(name, _RANGES)}", name)
    return least, most


Times = tuple[int, int | None]
"""How often at least and at most: `3`, `{gte: 3}`, `{lte: 5}`, `{gte: 2, lt: 4}`."""

_RANGES: dict[str, Callable[[int], Times]] = {
    "gte": lambda n: (n, None), "gt": lambda n: (n + 1, None), "eq": lambda n: (n, n),
    "lte": lambda n: (0, n), "lt": lambda n: (0, n - 1),
}  # fmt: skip


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_TIMES


_COUNT: Schema = {"type": "integer", "minimum": 0, "maximum": MAX_TIMES}
_COUNTS: Schema = {
    "anyOf": [
        _COUNT,
        {"type": "object", "properties": dict.fromkeys(_RANGES, _COUNT), "additionalProperties": False},
    ]
}


class DidNotEntry(Entry):
    """`did_not`: what was not done."""

    activity = Key("What: a type of activity, or several.", _types, TEXTS, required=True)
    where = Key(
        "A condition on each such activity, which looks at nothing else.",
        lambda node, name: node.node(name) if name in node else None,
        {"type": "object"},
    )
    within = duration("How far back; without it, since ever.")


class DidEntry(DidNotEntry):
    """`did`: what was done."""

    times = Key("How often, as a number or a range; without it, at least once.", _times, _COUNTS)
