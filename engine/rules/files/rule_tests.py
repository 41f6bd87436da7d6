"""Tests that stand beside the rules: what a few activities must come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from engine.domain.folding.profile import CLEARED
from engine.domain.segments import ADD_TO, REMOVE_FROM
from engine.domain.statuses import ENDS, UNTIL
from engine.rules.conditions.operands import plain
from engine.rules.conditions.vocabulary import Vocabulary
from engine.rules.language.entries import Entry, Key, duration, required, text
from engine.rules.language.nodes import Node
from engine.rules.language.parsing import Place
from engine.rules.language.suggestions import did_you_mean


@dataclass(frozen=True)
class GivenActivity:
    """An activity of a test: `after` so long since the one before."""

    type: str
    properties: Mapping[str, Any]
    after: timedelta


@dataclass(frozen=True)
class RuleTest:
    """A test: what is given, what is expected, and where it stands.

    `expect` may name `points`, `segments` (it is in these, and perhaps in others),
    `not_segments` (it is in none of these) and any status.
    `later` is how much time goes by after the last activity.
    """

    name: str
    given: tuple[GivenActivity, ...]
    expect: Mapping[str, Any]
    file: str
    place: Place
    later: timedelta = timedelta(0)


ALSO_GIVEN = frozenset({"traits", CLEARED, ENDS, UNTIL, ADD_TO, REMOVE_FROM})
"""Undeclared properties of activities that describe the contact."""

BY_PEOPLE = frozenset({"contact_edited", "contact_imported"})
"""The activities that carry statuses, each by its name."""

APART = timedelta(minutes=1)
"""Between two activities of a test, unless it says otherwise."""


class RuleTestEntry(Entry):
    name = text("What it shows.")
    given = required(
        Key(
            "Activities, such as {added_to_cart: {price: 60}, after: 2d}; a minute apart without `after`.",
            lambda node, name: list(node.nodes(name)),
            {"type": "array", "items": {"type": "object", "minProperties": 1}},
        ),
        "a list of activities",
    )
    later = duration("How much time goes by after the last activity.")
    expect = Key(
        "What must have come of it: points, segments, not_segments, or any status.",
        Node.node,
        {"type": "object", "minProperties": 1},
        required=True,
    )


def read_tests(file: str, entries: Iterable[RuleTestEntry], words: Vocabulary) -> list[RuleTest]:
    """The tests of one file."""
    return [
        RuleTest(
            name=entry.name,
            given=tuple(given for node in entry.given if (given := _given(node, words)) is not None),
            expect=_expect(entry.expect, words),
            file=file,
            place=entry.node.place(),
            later=entry.later or timedelta(0),
        )
        for entry in entries
    ]


def _given(node: Node, words: Vocabulary) -> GivenActivity | None:
    """`{added_to_cart: {price: 60}, after: 2d}`."""
    after = node.duration("after")
    names = [name for name in node.keys() if name != "after"]
    if len(names) != 1:
        node.fail("name one activity, such as {added_to_cart: {price: 60}}")
        return None
    [name] = names
    known = set(words.catalog.types())
    if name not in known:
        node.fail(f"no activity {name!r}{did_you_mean(name, known)}", name, needs="activities.yaml")
        return None
    return GivenActivity(name, _properties(node, name, words), APART if after is None else after)


def _properties(node: Node, name: str, words: Vocabulary) -> dict[str, Any]:
    """The properties of a given activity; one that its type cannot have is a problem."""
    inner = node.node(name)
    known = {*words.properties_of(name), *ALSO_GIVEN}
    for key in inner.keys():
        if key not in known and not (name in BY_PEOPLE and key in words.machines):
            message = f"{name} has no property {key!r}"
            inner.fail_undeclared(message, key, name=key, known=known, file="activities.yaml")
    return {key: _deep(inner.raw(key)) for key in inner.keys()}


def _deep(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _deep(inner) for key, inner in value.items()}
    return [_deep(item) for item in value] if isinstance(value, list) else plain(value)


def _segments(node: Node, key: str, words: Vocabulary) -> list[str]:
    named = node.texts(key)
    for segment in named:
        if segment not in words.segments:
            hint = did_you_mean(segment, words.segments)
            node.fail(f"no segment {segment!r}{hint}", key, needs="segments.yaml")
    return sorted(named)


def _expect(node: Node, words: Vocabulary) -> dict[str, Any]:
    known = {"points", "segments", "not_segments", *words.machines}
    expected: dict[str, Any] = {}
    for name in node.keys():
        if name not in known:
            node.fail(f"cannot expect {name!r}{did_you_mean(name, known)}", name, needs="transitions.yaml")
        elif name in ("segments", "not_segments"):
            expected[name] = _segments(node, name, words)
        elif name == "points":
            expected[name] = node.whole(name)
        else:
            expected[name] = node.choice(name, words.machines[name])
    if not node.keys():
        node.fail("`expect` is missing: what must have come of it, such as {points: 15}")
    return expected
