"""Tests that stand beside the rules: what a few activities must come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from engine.domain.profile import CLEARED
from engine.domain.segments import ADD_TO, REMOVE_FROM
from engine.domain.statuses import ENDS, UNTIL
from engine.rules.conditions.condition_reader import plain
from engine.rules.conditions.vocabulary import Vocabulary
from engine.rules.language.nodes import Node
from engine.rules.language.parsing import Place
from engine.rules.language.suggestions import did_you_mean


@dataclass(frozen=True)
class Given:
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
    given: tuple[Given, ...]
    expect: Mapping[str, Any]
    file: str
    place: Place
    later: timedelta = timedelta(0)
    at: datetime | None = None


ALSO_GIVEN = frozenset({"traits", CLEARED, ENDS, UNTIL, ADD_TO, REMOVE_FROM})
"""What activities carry without that it is declared: what they say of the contact."""

BY_PEOPLE = frozenset({"contact_edited", "contact_imported"})
"""The activities that carry statuses, each by its name."""

APART = timedelta(minutes=1)
"""Between two activities of a test, unless it says otherwise."""


def read_tests(root: Node, file: str, words: Vocabulary) -> list[RuleTest]:
    """The tests of one file."""
    return [_test(node, file, words) for node in root.nodes("tests")]


def _test(node: Node, file: str, words: Vocabulary) -> RuleTest:
    given = [found for item in node.nodes("given") if (found := _given(item, words)) is not None]
    test = RuleTest(
        name=node.text("name"),
        given=tuple(given),
        expect=_expect(node.node("expect"), words),
        file=file,
        place=node.place(),
        later=node.duration("later") or timedelta(0),
    )
    if "given" not in node:
        node.fail("`given` is missing: a list of activities")
    node.finish()
    return test


def _given(node: Node, words: Vocabulary) -> Given | None:
    """`{added_to_cart: {price: 60}, after: 2d}`."""
    after = node.duration("after") if "after" in node else None
    names = [name for name in node.keys() if name != "after"]
    if len(names) != 1:
        node.fail("name one activity, such as {added_to_cart: {price: 60}}")
        return None
    [name] = names
    known = set(words.catalog.types())
    if name not in known:
        node.fail(f"no activity {name!r}{did_you_mean(name, known)}", name, needs="activities.yaml")
        return None
    return Given(name, _properties(node, name, words), APART if after is None else after)


def _properties(node: Node, name: str, words: Vocabulary) -> dict[str, Any]:
    """What a given activity carries; one that no activity of this type can have is a problem."""
    inner = node.node(name)
    known = {*words.properties_of(name), *ALSO_GIVEN}
    for key in inner.keys():
        if key not in known and not (name in BY_PEOPLE and key in words.machines):
            said = f"{name} has no property {key!r}{did_you_mean(key, known)} (declare it in activities.yaml)"
            inner.fail(said, key, needs="activities.yaml")
    value = node.raw(name)
    return {str(key): _deep(said) for key, said in value.items()} if isinstance(value, dict) else {}


def _deep(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _deep(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_deep(item) for item in value]
    return plain(value)


def _segments(node: Node, key: str, words: Vocabulary) -> list[str]:
    named = node.texts(key)
    for segment in named:
        if segment not in words.segments:
            said = f"no segment {segment!r}{did_you_mean(segment, words.segments)}"
            node.fail(said, key, needs="segments.yaml")
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
            expected[name] = node.choice(name, set(words.machines[name]))
    if not node.keys():
        node.fail("`expect` is missing: what must have come of it, such as {points: 15}")
    return expected
