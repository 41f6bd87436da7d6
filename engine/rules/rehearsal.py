"""Running the tests that stand beside the rules, through the very fold that contacts go through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from engine.domain.activities import Activity, ActivityId, ContactId
from engine.domain.contact import ContactState
from engine.domain.folding.fold import fold
from engine.domain.identity.identities import Key
from engine.domain.identity.people import Placement
from engine.domain.rulebook import Rulebook, Ruleset
from engine.errors import FoldFailed
from engine.rules.files.rule_tests import RuleTest

BEGINNING = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
"""The start time of every test: a Monday, noon in Madrid."""


@dataclass(frozen=True)
class RuleTestResult:
    """The result of a test; `differences` are expected and found values by name, empty if it passed."""

    test: RuleTest
    differences: Mapping[str, tuple[Any, Any]]

    @property
    def passed(self) -> bool:
        return not self.differences


def rehearse(tests: Iterable[RuleTest], ruleset: Ruleset) -> list[RuleTestResult]:
    """Run tests under a ruleset."""
    rulebook = Rulebook(rulesets={ruleset.version: ruleset}, present=ruleset)
    return [RuleTestResult(test, _rehearsed(test, rulebook)) for test in tests]


def _rehearsed(test: RuleTest, rulebook: Rulebook) -> dict[str, tuple[Any, Any]]:
    """The differences of a test; that the rules fail is one, too."""
    try:
        return _differences(test, _played(test, rulebook))
    except FoldFailed as error:
        return {"result": ("a contact", error.reason)}


def _played(test: RuleTest, rulebook: Rulebook) -> ContactState:
    placements, at = [], BEGINNING
    for number, given in enumerate(test.given):
        at = at if number == 0 else at + given.after
        activity = Activity(
            id=ActivityId(f"test-{number}"),
            type=given.type,
            stream=Key("t:test"),
            happened_at=at,
            received_at=at,
            tracker="test",
            properties=dict(given.properties),
            traits=dict(given.properties.get("traits", {})),
            trusted=True,
            ruleset=rulebook.present.version,
        )
        placements.append(Placement(activity, ContactId("test"), proven=True, first_seen=BEGINNING))
    return fold(None, placements, rulebook, contact=ContactId("test"), until=at + test.later).state


def _differences(test: RuleTest, state: ContactState) -> dict[str, tuple[Any, Any]]:
    found: dict[str, Any] = {"points": state.points.total}
    found.update((machine, status.state) for machine, status in state.statuses.items())
    for name, inside in (("segments", True), ("not_segments", False)):
        expected = test.expect.get(name, [])
        found[name] = [segment for segment in expected if (segment in state.segments) == inside]
    return {
        name: (expected, found.get(name))
        for name, expected in test.expect.items()
        if found.get(name) != expected
    }
