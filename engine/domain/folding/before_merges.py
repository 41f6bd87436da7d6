"""What two contacts did, each for itself, before it was known that they are one person.

A merge unites their histories, but not their pasts: a segment that only both together would
have been in, or a number of points that only both together had, is reached as they merge.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from engine.domain.activities import Activity, ActivityId
from engine.domain.rulebook import Rule
from engine.domain.segments import Crossed
from engine.domain.statuses import Moved


class SegmentReaction(msgspec.Struct, frozen=True):
    """A dynamic segment that was entered or left, because of an activity or because time passed."""

    root: ActivityId
    at: datetime
    crossed: Crossed


class RuleReaction(msgspec.Struct, frozen=True):
    """A rule that was applied because points had changed."""

    root: ActivityId
    at: datetime
    rule: Rule
    event: Activity


class StatusReaction(msgspec.Struct, frozen=True):
    """A machine that moved."""

    root: ActivityId
    at: datetime
    moved: Moved


Reaction = SegmentReaction | RuleReaction | StatusReaction


class BeforeMerge(msgspec.Struct, frozen=True):
    """The survivor's segments before a merge, and the most points that either contact had."""

    segments: frozenset[str]
    points: int


class TwoSides:
    """What two contacts did, each for itself, until they merged: it is repeated, and no more.

    `inside` are the dynamic segments that the first was in when the second began.
    """

    def __init__(
        self,
        first: Iterable[Reaction],
        second: Iterable[Reaction],
        *,
        inside: Iterable[str],
    ) -> None:
        self._inside: tuple[set[str], set[str]] = (set(inside), set())
        self._by_root: dict[ActivityId, list[tuple[int, Reaction]]] = {}
        for side, reactions in enumerate((first, second)):
            for reaction in reactions:
                self._by_root.setdefault(reaction.root, []).append((side, reaction))
        self._times = sorted({found.at for own in self._by_root.values() for _, found in own})

    def next_due(self, after: datetime) -> datetime | None:
        """The next time at which one of them did something, be it because time had passed."""
        index = bisect_right(self._times, after)
        return self._times[index] if index < len(self._times) else None

    def take_move(self, root: ActivityId, moved: Moved) -> bool:
        """Whether one of them made a move, too; it is then not repeated."""
        for found in self._by_root.get(root, []):
            reaction = found[1]
            if isinstance(reaction, StatusReaction) and _is_same_move(reaction.moved, moved):
                self._by_root[root].remove(found)
                return True
        return False

    def repeat(self, root: ActivityId) -> Iterator[Reaction]:
        """What followed from a root; a segment is left once neither of them is in it."""
        applied = set()
        for side, reaction in self._by_root.pop(root, ()):
            if isinstance(reaction, StatusReaction):
                yield reaction
                continue
            if isinstance(reaction, RuleReaction):
                if (reaction.rule.id, reaction.event.id) not in applied:
                    applied.add((reaction.rule.id, reaction.event.id))
                    yield reaction
                continue
            segment = reaction.crossed.segment
            if reaction.crossed.entered:
                self._inside[side].add(segment)
            else:
                self._inside[side].discard(segment)
                if segment in self._inside[1 - side]:
                    continue
            yield reaction

    def forget(self, segment: str) -> None:
        """A segment is no longer declared."""
        for inside in self._inside:
            inside.discard(segment)


def _is_same_move(one: Moved, other: Moved) -> bool:
    """Whether both end in the same state; where they began may differ."""
    return (one.machine, one.to) == (other.machine, other.to)
