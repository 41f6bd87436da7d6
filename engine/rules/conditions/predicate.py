"""A tree as a Python predicate: one function, generated once, with no tree left to walk.

The source is put together from names of our own making alone; everything that an admin
wrote comes in as a constant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import re2

from engine.domain.activities import Activity
from engine.domain.conditions import (
    ALWAYS,
    All,
    Compare,
    Condition,
    Did,
    Either,
    NextChange,
    Not,
    Path,
    Predicate,
    Track,
    Tree,
    leaves,
)
from engine.domain.contact import ContactState
from engine.domain.fields import field as contact_field
from engine.rules.conditions.operators import NUMBERS, OPERATORS, Operator, family, test_value

OF_ACTIVITY = ("type", "tracker", "trusted", "bot", "source")
"""The fields of an activity besides its properties."""

CONTEXT = "context."


def condition(tree: Tree | None) -> Condition:
    """Compile a tree; no tree is met by everything."""
    if tree is None:
        return ALWAYS
    return Condition(tree=tree, meets=predicate(tree), next_change=_next_change(tree), tracks=tracks_of(tree))


def predicate(tree: Tree) -> Predicate:
    """The function `(activity, state, now) -> bool` of a tree."""
    source = _Source()
    text = source.expression(tree)
    code = f"lambda a, s, now: {text}"
    compiled: Predicate = eval(compile(code, "<condition>", "eval"), source.constants)
    return compiled


def tracks_of(tree: Tree | None) -> tuple[Track, ...]:
    """The distinct facts about the past that a tree uses."""
    tracks = {leaf.track.id: leaf.track for leaf in leaves(tree) if isinstance(leaf, Did)}
    return tuple(
        track if track.where is None else replace(track, meets=predicate(track.where))
        for track in tracks.values()
    )


def read(path: Path) -> Callable[[Activity | None, ContactState], Any]:
    """A function that finds the value of a path, None for no value."""
    if path.source == "contact":
        found = contact_field(path.name, type_=path.type, absent=path.absent)
        assert found is not None, path
        reader = found.read
        return lambda _activity, state: reader(state)
    if path.name in OF_ACTIVITY:
        name = path.name
        return lambda activity, _state: None if activity is None else getattr(activity, name)
    steps = tuple(path.name.removeprefix(CONTEXT).split("."))
    in_context = path.name.startswith(CONTEXT)

    def read_payload(activity: Activity | None, _state: ContactState) -> Any:
        if activity is None:
            return None
        return dig(activity.context if in_context else activity.properties, steps)

    return read_payload


def dig(value: Any, steps: tuple[str, ...]) -> Any:
    """Follow keys into an event's payload; through a list, into each of its items."""
    for position, step in enumerate(steps):
        if isinstance(value, list):
            found = (dig(item, steps[position:]) for item in value if isinstance(item, Mapping))
            return [item for item in found if item is not None]
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


@dataclass
class _Source:
    """Source text in the making, and the constants that it names."""

    constants: dict[str, Any] = field(default_factory=lambda: {"NUMBERS": NUMBERS})

    def expression(self, tree: Tree) -> str:
        if isinstance(tree, All):
            return "(" + " and ".join(map(self.expression, tree.parts)) + ")"
        if isinstance(tree, Either):
            return "(" + " or ".join(map(self.expression, tree.parts)) + ")"
        if isinstance(tree, Not):
            return f"(not {self.expression(tree.part)})"
        if isinstance(tree, Did):
            return self._did(tree)
        return self._comparison(tree)

    def _comparison(self, tree: Compare) -> str:
        operator = OPERATORS[tree.operator]
        if tree.operator == "matches":
            return self._matches(tree)
        if tree.path.source == "contact" and tree.path.name == "segments" and operator.whole:
            return self._segments(tree)
        slow = self._constant(_slow(operator, tree.operand))
        value = self._value(tree.path)
        usual = _USUAL.get(_kind(tree.operand) or "")
        if operator.python is None or usual is None:
            return f"{slow}({value}, now)"
        fixed = frozenset(tree.operand) if isinstance(tree.operand, list | tuple) else tree.operand
        quick = operator.python.replace("k", self._constant(fixed))
        return f"(({quick}) if (v := {value}).__class__ {usual} else {slow}(v, now))"

    def _segments(self, tree: Compare) -> str:
        if tree.operator not in ("has", "has_any", "has_all"):
            slow = self._constant(_slow(OPERATORS[tree.operator], tree.operand))
            return f"{slow}({self._value(tree.path)}, now)"
        ids = frozenset(tree.operand)
        if tree.operator == "has_any":
            return f"(not {self._constant(ids.isdisjoint)}(s.segments))"
        return f"{self._constant(ids.issubset)}(s.segments)"

    def _matches(self, tree: Compare) -> str:
        search = self._constant(re2.compile(tree.operand).search)
        slow = self._constant(_slow(OPERATORS["matches"], tree.operand))
        value = self._value(tree.path)
        return f"(({search}(v) is not None) if (v := {value}).__class__ is str else {slow}(v, now))"

    def _did(self, tree: Did) -> str:
        return f"{self._constant(_did(tree))}(s, now)"

    def _value(self, path: Path) -> str:
        if path.source == "activity" and path.name not in OF_ACTIVITY and "." not in path.name:
            return f"(None if a is None else a.properties.get({self._constant(path.name)}))"
        if path.source == "contact":
            found = contact_field(path.name, type_=path.type, absent=path.absent)
            assert found is not None, path
            return f"{self._constant(found.read)}(s)"
        return f"{self._constant(read(path))}(a, s)"

    def _constant(self, value: Any) -> str:
        name = f"_{len(self.constants)}"
        self.constants[name] = value
        return name


_USUAL = {"text": "is str", "number": "in NUMBERS"}


def _kind(operand: Any) -> str | None:
    """The kind of value that an operand is usually compared with, if there is one alone."""
    if isinstance(operand, list | tuple):
        kinds = {family(item) for item in operand}
        return kinds.pop() if len(kinds) == 1 and kinds <= {"text", "number"} else None
    kind = family(operand)
    return kind if kind in ("text", "number") else None


def _slow(operator: Operator, operand: Any) -> Callable[[Any, datetime], bool]:
    """The operator as it is for any value: lists, other kinds, nothing at all."""
    return lambda found, now: test_value(operator, found, operand, now)


def _did(tree: Did) -> Callable[[ContactState, datetime], bool]:
    track, least, most, within = tree.track.id, tree.least, tree.most, tree.within

    def did(state: ContactState, now: datetime) -> bool:
        times = state.did.get(track, ())
        count = len(times) if within is None else _since(times, now - within)
        return count >= least and (most is None or count <= most)

    return did


def _since(times: Any, cutoff: datetime) -> int:
    """The number of `times` (the newest first) after `cutoff`."""
    count = 0
    for at in times:
        if at <= cutoff:
            break
        count += 1
    return count


def _next_change(tree: Tree) -> NextChange | None:
    """The next time at which a tree may change by itself: the earliest of its leaves."""
    timed = [found for leaf in leaves(tree) if (found := _changes(leaf)) is not None]
    if not timed:
        return None

    def next_change(state: ContactState, now: datetime) -> datetime | None:
        earliest = None
        for times in timed:
            for at in times(state):
                if at > now and (earliest is None or at < earliest):
                    earliest = at
        return earliest

    return next_change


def _changes(leaf: Compare | Did) -> Callable[[ContactState], list[datetime]] | None:
    """The moments at which a leaf may change its answer, past ones included."""
    if isinstance(leaf, Did):
        return None if leaf.within is None else _closes(leaf, leaf.within)
    return _slides(leaf.path, leaf.operand) if OPERATORS[leaf.operator].timed else None


def _closes(leaf: Did, within: timedelta) -> Callable[[ContactState], list[datetime]]:
    """A window closes for the one activity whose leaving it makes too few, or few enough."""
    track = leaf.track.id
    decisive = [n for n in (leaf.least - 1, leaf.most) if n is not None and n >= 0]

    def closes(state: ContactState) -> list[datetime]:
        times = state.did.get(track, ())
        return [times[n] + within for n in decisive if n < len(times)]

    return closes


def _slides(path: Path, span: timedelta) -> Callable[[ContactState], list[datetime]]:
    reader = read(path)

    def slides(state: ContactState) -> list[datetime]:
        found = reader(None, state)
        return [found, found + span] if isinstance(found, datetime) else []

    return slides
