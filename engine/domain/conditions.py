"""Conditions: one tree of comparisons, whatever is then made of it.

A tree is a value.  `engine.rules` reads it from YAML and makes of it a Python predicate,
a MongoDB expression and words for people; all three mean the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Literal, NewType

from engine.domain.activities import Activity
from engine.domain.contact import ContactState

Predicate = Callable[[Activity | None, ContactState, datetime], bool]
"""A compiled tree: the activity (if there is one), the contact as it leaves it, and the present."""

ValueType = Literal["text", "number", "money", "date", "day", "boolean", "list", "state", "any"]
"""The type of a path's value.  `day` is a calendar day, stored as the text YYYY-MM-DD."""

TrackId = NewType("TrackId", str)


@dataclass(frozen=True)
class Path:
    """The path of a value: a field of the contact, or a property of the activity.

    `absent` is what a status of the shop's own means that a contact has not met yet: its
    initial state.  (It is no part of what a track is called by.)
    """

    source: Literal["contact", "activity"]
    name: str
    type: ValueType = "any"
    absent: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"{self.source}.{self.name}"


@dataclass(frozen=True)
class Compare:
    """`path` compared with a fixed value."""

    path: Path
    operator: str
    operand: Any


@dataclass(frozen=True)
class Track:
    """A fact to remember about a contact's past: when activities last met a condition.

    At most `cap` times are kept, the newest first.  Two conditions that ask the same of
    the past share a track.
    """

    activities: tuple[str, ...]
    where: Tree | None
    cap: int
    meets: Predicate | None = field(default=None, compare=False)
    """`where`, compiled; unset if there is none."""

    @cached_property
    def id(self) -> TrackId:
        text = f"{self.activities!r}\n{self.where!r}\n{self.cap}"
        return TrackId(hashlib.blake2b(text.encode(), digest_size=6).hexdigest())


@dataclass(frozen=True)
class Did:
    """Whether activities of a kind happened at least `least` and at most `most` times.

    `within` looks back that far, exclusive: what happened exactly so long ago is over.
    """

    activities: tuple[str, ...]
    where: Tree | None = None
    within: timedelta | None = None
    least: int = 1
    most: int | None = None

    @property
    def track(self) -> Track:
        return Track(
            self.activities, self.where, cap=max(self.least, 0 if self.most is None else self.most + 1)
        )


@dataclass(frozen=True)
class All:
    """Every part must be met."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True)
class Either:
    """At least one part must be met."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True)
class Not:
    """The part must not be met."""

    part: Tree


Tree = Compare | Did | All | Either | Not


NextChange = Callable[[ContactState, datetime], datetime | None]


@dataclass(frozen=True, eq=False)
class Condition:
    """A tree and what is compiled from it.

    `next_change` tells when time alone may next change the answer (unset: it never does);
    `tracks` are what it asks of the past.  The condition of a rule that has none has no
    tree.
    """

    tree: Tree | None
    meets: Predicate
    next_change: NextChange | None = None
    tracks: tuple[Track, ...] = ()

    @property
    def timed(self) -> bool:
        return self.next_change is not None


def always(_activity: Activity | None, _state: ContactState, _now: datetime) -> bool:
    """Meets everything."""
    return True


ALWAYS = Condition(tree=None, meets=always)


def leaves(tree: Tree | None) -> Iterator[Compare | Did]:
    """The comparisons and questions of a tree, in the order of the file."""
    if tree is None:
        return
    if isinstance(tree, All | Either):
        for part in tree.parts:
            yield from leaves(part)
    elif isinstance(tree, Not):
        yield from leaves(tree.part)
    else:
        yield tree
