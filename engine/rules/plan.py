"""The impact of a change of the rules, by comparing two folds of each contact."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from engine.domain.activities import ContactId
from engine.domain.contact import ContactState
from engine.domain.rulebook import Ruleset
from engine.domain.scoring import LedgerEntry
from engine.rules.conditions.explain import explain, lines

EXAMPLES = 10
"""Contacts that are named for their points, and as many for each segment and direction below."""

EXAMPLES_OF_SEGMENT = 3

STEPS = (1, 5, 10, 25, 50, 100, 250, 500, 1_000)
"""The lower bounds of the distribution's columns, on either side of zero."""


@dataclass(frozen=True)
class Side:
    """A contact under one ruleset: its state, and what each rule's points are worth."""

    state: ContactState
    by_rule: Mapping[str, int]


@dataclass(frozen=True)
class Example:
    """A contact that a change would move, by how much, and why."""

    contact: ContactId
    name: str
    what: str
    points: int
    reasons: list[str]


@dataclass
class Plan:
    """The impact of a change on all contacts, or on a sample.

    `gain` and `lose` count contacts, `gained` and `lost` points; `distribution` counts
    contacts by change, in columns named by their first value.  `statuses` are moves
    `from → to` by machine.  `names` are those of rules, also of rules that go.
    """

    contacts: int = 0
    gain: int = 0
    lose: int = 0
    gained: int = 0
    lost: int = 0
    by_rule: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    names: dict[str, str] = field(default_factory=dict)
    distribution: Counter[int] = field(default_factory=Counter)
    segments: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    statuses: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    movers: list[Example] = field(default_factory=list)
    crossers: dict[tuple[str, str], list[Example]] = field(default_factory=lambda: defaultdict(list))

    def add(
        self, contact: ContactId, name: str, before: Side, after: Side, ruleset: Ruleset, now: datetime
    ) -> None:
        """Count one contact."""
        self.contacts += 1
        self._add_points(contact, name, before, after, ruleset)
        self._add_segments(contact, name, before, after, ruleset, now)
        for machine, status in after.state.statuses.items():
            was = before.state.statuses.get(machine)
            if was is not None and was.state != status.state:
                self.statuses[machine][f"{was.state} → {status.state}"] += 1

    def merge(self, other: Plan) -> None:
        """Add the counts of another process."""
        for name in ("contacts", "gain", "lose", "gained", "lost"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.distribution.update(other.distribution)
        for mine, theirs in (
            (self.by_rule, other.by_rule),
            (self.segments, other.segments),
            (self.statuses, other.statuses),
        ):
            for key, counts in theirs.items():
                mine[key].update(counts)
        self.names |= other.names
        self._keep(other.movers)
        for crossing, examples in other.crossers.items():
            self.crossers[crossing] = [*self.crossers[crossing], *examples][:EXAMPLES_OF_SEGMENT]

    @property
    def examples(self) -> list[Example]:
        """The contacts with the largest changes, and some for each segment."""
        return [*self.movers, *(example for examples in self.crossers.values() for example in examples)]

    def _add_points(self, contact: ContactId, name: str, before: Side, after: Side, ruleset: Ruleset) -> None:
        change = after.state.points.total - before.state.points.total
        self.distribution[column(change)] += 1
        reasons = []
        for rule in sorted(before.by_rule.keys() | after.by_rule.keys()):
            by = after.by_rule.get(rule, 0) - before.by_rule.get(rule, 0)
            if by:
                self.by_rule[rule].update(contacts=1, points=by, gain=max(by, 0), lose=max(-by, 0))
                self.names.setdefault(rule, ruleset.rule_name(rule))
                reasons.append((abs(by), f"{self.names[rule]}: {by:+d}"))
        if change > 0:
            self.gain, self.gained = self.gain + 1, self.gained + change
        elif change < 0:
            self.lose, self.lost = self.lose + 1, self.lost - change
        if change:
            because = [words for _, words in sorted(reasons, key=lambda reason: -reason[0])]
            self._keep([Example(contact, name, f"{change:+d} points", change, because)])

    def _keep(self, movers: Iterable[Example]) -> None:
        ranked = sorted([*self.movers, *movers], key=lambda example: (-abs(example.points), example.contact))
        self.movers = ranked[:EXAMPLES]

    def _add_segments(
        self, contact: ContactId, name: str, before: Side, after: Side, ruleset: Ruleset, now: datetime
    ) -> None:
        was, now_in = set(before.state.segments), set(after.state.segments)
        for way, crossed in (("enter", now_in - was), ("leave", was - now_in)):
            for segment in crossed:
                self.segments[segment][way] += 1
                examples = self.crossers[(segment, way)]
                if len(examples) < EXAMPLES_OF_SEGMENT:
                    examples.append(_crosser(contact, name, segment, way, after.state, ruleset, now))

    def as_json(self, *, share: float = 1.0) -> dict[str, Any]:
        """The plan as JSON; of a sample, the numbers are those of all contacts, estimated."""
        found: dict[str, Any] = {
            "contacts": _of_all(self.contacts, share),
            "points": self._points_as_json(share),
            "segments": {
                id_: self._crossings(counts, share) for id_, counts in sorted(self.segments.items())
            },
            "statuses": {
                machine: {move: _of_all(count, share) for move, count in sorted(counts.items())}
                for machine, counts in sorted(self.statuses.items())
            },
            "examples": [asdict(example) for example in self.examples],
        }
        if share < 1.0:
            found["sample"] = {
                "contacts": self.contacts,
                "share": share,
                "gain_error": self.error(self.gain, share),
                "lose_error": self.error(self.lose, share),
            }
        return found

    def _points_as_json(self, share: float) -> dict[str, Any]:
        return {
            **{name: _of_all(getattr(self, name), share) for name in ("gain", "lose", "gained", "lost")},
            "by_rule": {
                rule: {
                    "name": self.names[rule],
                    "contacts": _of_all(counts["contacts"], share),
                    "points": _of_all(counts["gain"], share) - _of_all(counts["lose"], share),
                }
                for rule, counts in sorted(self.by_rule.items())
            },
            "distribution": [
                {"from": first, "contacts": _of_all(count, share)}
                for first, count in sorted(self.distribution.items())
            ],
        }

    def _crossings(self, counts: Mapping[str, int], share: float) -> dict[str, int]:
        """The numbers of contacts that enter and leave a segment; for a sample, with the margin of error."""
        ways = ("enter", "leave")
        errors = {f"{way}_error": self.error(counts[way], share) for way in ways} if share < 1.0 else {}
        return {**{way: _of_all(counts[way], share) for way in ways}, **errors}

    def error(self, count: int, share: float) -> int:
        """The margin of error of an estimated count, with 95% confidence.

        The normal approximation of the binomial, corrected for the finite whole.
        """
        if not self.contacts or share >= 1.0:
            return 0
        part = count / self.contacts
        deviation = math.sqrt(part * (1 - part) / self.contacts * (1 - share))
        return math.ceil(1.96 * deviation * self.contacts / share)


def _of_all(count: int, share: float) -> int:
    """A count in a sample of the contacts, extrapolated to all."""
    return round(count / share)


def column(change: int) -> int:
    """The first value of the column that a change of points falls into; 0 is no change."""
    size = max((step for step in STEPS if step <= abs(change)), default=0)
    return size if change > 0 else -size


def worth_by_rule(entries: Iterable[LedgerEntry], now: datetime) -> Counter[str]:
    """The present value of each rule's entries."""
    worth: Counter[str] = Counter()
    for entry in entries:
        worth[entry.rule] += entry.worth(now)
    return worth


def _crosser(
    contact: ContactId,
    name: str,
    segment: str,
    way: str,
    state: ContactState,
    ruleset: Ruleset,
    now: datetime,
) -> Example:
    declared = ruleset.segments.get(segment)
    reasons = []
    if declared is not None and declared.condition is not None and declared.condition.tree is not None:
        reasons = list(lines(explain(declared.condition.tree, state, now, ruleset)))
    verb = "enters" if way == "enter" else "leaves"
    return Example(contact, name, f"{verb} {declared.name if declared else segment}", 0, reasons)
