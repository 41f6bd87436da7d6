"""The fold of a contact into which others merged.

Until they merge, each side is folded alone.  What segments and points did there is repeated
in the fold of both together, which is free from the merge on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from engine.domain.activities import ActivityId, ContactId, Moment
from engine.domain.folding.before_merges import BeforeMerge, TwoSides
from engine.domain.folding.fold import ContactFold, begin, fold, naming
from engine.domain.folding.outcome import Outcome
from engine.domain.identity.people import Merged, Placement
from engine.domain.rulebook import Rulebook
from engine.domain.valuation import NO_FIGURES, Valuation

MAX_EFFORT = 4
"""How many times the length of a history may be folded to keep the sides of merges apart."""

FREE_EFFORT = 2_000
"""Activities that are folded beyond that, however short the history is."""


@dataclass
class Side:
    """A contact, and those that merged into it, in the order in which they did."""

    placements: list[Placement] = field(default_factory=list)
    merges: list[Union] = field(default_factory=list)

    def everything(self) -> list[Placement]:
        """All placements; what another contact brought along fills gaps."""
        brought = (placement for union in self.merges for placement in union.loser.everything())
        moved = map(_moved, brought)
        return sorted([*self.placements, *moved], key=_moment)


@dataclass(frozen=True)
class Union:
    """A merge seen from the survivor."""

    loser: Side
    at: datetime
    cause: ActivityId
    moment: Moment


def sides(placements: Iterable[Placement], merges: Sequence[Merged]) -> dict[ContactId, Side]:
    """The surviving contacts of placements, given in the order of happening, with those that merged."""
    found: dict[ContactId, Side] = {}
    moments: dict[ActivityId, Moment] = {}
    for placement in placements:
        moments[placement.activity.id] = placement.activity.moment
        found.setdefault(placement.contact, Side()).placements.append(placement)
    for merge in merges:
        loser = found.pop(merge.loser, Side())
        union = Union(loser, merge.at, merge.cause, moments[merge.cause])
        found.setdefault(merge.winner, Side()).merges.append(union)
    return {contact: side for contact, side in found.items() if _beginning(side) is not None}


def fold_united(
    side: Side,
    rulebook: Rulebook,
    *,
    contact: ContactId,
    until: datetime | None = None,
    valued: Valuation = NO_FIGURES,
) -> Outcome:
    """Fold a contact's whole history, with those that merged into it.  Raises FoldFailed.

    `valued` are the survivor's calculated figures.
    """
    if not side.merges:
        return fold(None, side.placements, rulebook, contact=contact, until=until, valued=valued)
    empty = begin(None, side.everything(), rulebook, contact=contact, valued=valued)
    return _Course(side, empty).run(None).finish(until)


def _moment(placement: Placement) -> Moment:
    return placement.activity.moment


def _moved(placement: Placement) -> Placement:
    """An activity of a contact that merged into another: it says nothing of the survivor's address."""
    return Placement(
        placement.activity,
        placement.contact,
        gaps_only=True,
        proven=placement.proven,
        forgotten=placement.forgotten,
    )


class _Course:
    """The fold of one side, up to some moment.

    Both sides of a merge are folded apart from where the second begins: `forks` are copies
    of the fold at these places, each with the number of placements taken.  So what is
    folded twice is only the time in which they were two.
    """

    def __init__(self, side: Side, empty: ContactFold) -> None:
        self._empty = empty
        self._merges = side.merges
        self._placements = list(side.placements)
        self._begins: list[Moment | None] = [_beginning(union.loser) for union in side.merges]
        self._fold: ContactFold = empty.copy()
        self._taken = 0
        self._effort = 0
        self._max_effort = MAX_EFFORT * len(side.everything()) + FREE_EFFORT
        self._forks: dict[int, tuple[ContactFold, int]] = {}
        self._unforked = [number for number, begins in enumerate(self._begins) if begins is not None]
        self._unforked.sort(key=self._begin_of, reverse=True)

    def run(self, end: Moment | None) -> ContactFold:
        """Fold what happened before `end`, or everything."""
        before: BeforeMerge | None = None
        for number, union in enumerate(self._merges):
            self._take_until(union.moment, number)
            if self._effort > self._max_effort:
                self._unite_all_from(number)
                break
            with naming(union.cause):
                self._fold.pass_time(union.at)
                before = self._unite(number, union, before)
            if number + 1 == len(self._merges) or self._merges[number + 1].cause != union.cause:
                self._take_cause(union, before)
                before = None
        self._take_until(end, len(self._merges))
        return self._fold

    def _take_until(self, end: Moment | None, first: int) -> None:
        """Take placements up to a moment, and fork where the others of `first` and later merges begin."""
        while self._taken < len(self._placements):
            placement = self._placements[self._taken]
            if end is not None and _moment(placement) >= end:
                break
            self._fork(first, _moment(placement))
            self._fold.take(placement)
            self._taken += 1
            self._effort += 1
        self._fork(first, end)

    def _fork(self, first: int, reached: Moment | None) -> None:
        while self._unforked and (reached is None or self._begin_of(self._unforked[-1]) < reached):
            number = self._unforked.pop()
            if number >= first:
                self._forks[number] = (self._fold.copy(), self._taken)

    def _begin_of(self, number: int) -> Moment:
        begins = self._begins[number]
        assert begins is not None
        return begins

    def _unite(self, number: int, union: Union, before: BeforeMerge | None) -> BeforeMerge:
        """Fold both sides of a merge together, up to that."""
        alone = self._fold
        segments = frozenset(alone.state.segments) if before is None else before.segments
        points = [alone.state.points.total] if before is None else [before.points]
        begins = self._begins[number]
        if begins is None or begins >= union.moment:  # it did nothing before
            self._bring(union.loser)
        else:
            other = _Course(union.loser, replace(self._empty, figures=())).run(union.moment)
            other.pass_time(union.at)
            points.append(other.state.points.total)
            self._fold_together(number, alone, other, union)
        return BeforeMerge(segments, max(points))

    def _fold_together(self, number: int, alone: ContactFold, other: ContactFold, union: Union) -> None:
        fork, taken = self._forks.pop(number)
        self._fold, self._taken = fork, taken
        self._bring(union.loser)
        self._forget_forks_after(number)
        since = len(fork.reactions)
        self._fold.sides = TwoSides(alone.reactions[since:], other.reactions, inside=fork.state.segments)
        self._take_until(union.moment, number + 1)
        self._fold.pass_time(union.at)
        self._fold.sides = None

    def _unite_all_from(self, number: int) -> None:
        """Fold the rest as one contact from where the first of its sides begins.

        Dozens of busy browsers at the same time are one by one too much work.  What they
        reach together is then dated at the activity that reaches it.
        """
        forks = [fork for later, fork in self._forks.items() if later >= number]
        if forks:
            self._fold, self._taken = min(forks, key=lambda fork: fork[1])
            self._fold.sides = None
        self._forks, self._unforked = {}, []
        for union in self._merges[number:]:
            self._bring(union.loser)

    def _bring(self, loser: Side) -> None:
        """Add the placements of a contact that merged to those that are not taken yet."""
        rest = [*self._placements[self._taken :], *map(_moved, loser.everything())]
        self._placements[self._taken :] = sorted(rest, key=_moment)

    def _forget_forks_after(self, number: int) -> None:
        """Forks within the time that is folded together now are made again."""
        again = [
            later
            for later in self._forks
            if later > number and self._begin_of(later) > self._begin_of(number)
        ]
        for later in again:
            del self._forks[later]
        self._unforked = sorted([*self._unforked, *again], key=self._begin_of, reverse=True)

    def _take_cause(self, union: Union, before: BeforeMerge) -> None:
        """Take the activity that merged; without it (it is another contact's) only its effect."""
        if self._taken < len(self._placements):
            placement = self._placements[self._taken]
            if placement.activity.id == union.cause:
                self._fold.take(placement, merged=before)
                self._taken += 1
                return
        with naming(union.cause):
            self._fold.merge(before, union.cause, union.at)


def _beginning(side: Side) -> Moment | None:
    """When a contact, or the first of those that merged into it, did something for the first time."""
    firsts = [_moment(side.placements[0])] if side.placements else []
    firsts += [first for union in side.merges if (first := _beginning(union.loser)) is not None]
    return min(firsts, default=None)
