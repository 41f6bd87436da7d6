"""Cascades: how far one activity may lead, and what a circle of rules is."""

import pytest

from engine.domain.folding import fold as fold_module
from engine.errors import FoldFailed
from engine.rules.rehearsal import rehearse
from engine.rules.ruleset import compile_ruleset, read_folder, rule_tests_of
from engine.settings import CONFIG_DIR
from tests.builders import an_activity, folded, rules, the_contact

ENTERED = "{id: entered, name: Entered, on: segment_entered, points: 1}"


def segments_on(condition, count):
    """So many segments, each with a condition that may name its number."""
    lines = [
        f"  - {{id: s{n}, name: S{n}, when: {{{condition.replace('N', str(n))}}}}}" for n in range(count)
    ]
    return "segments:\n" + "\n".join(lines)


@pytest.mark.parametrize("count", [201, 1000])
def test_one_event_may_enter_a_thousand_segments_and_each_counts(count):
    book = rules(segments=segments_on("contact.orders: {gte: 0}", count), scoring=f"rules:\n  - {ENTERED}\n")

    contact = the_contact([an_activity()], book)

    assert len(contact.state.segments) == count
    assert contact.state.points.total == count


def test_one_edit_may_put_a_contact_into_as_many_static_segments():
    effects = ", ".join(f"{{add_to_segment: s{n}}}" for n in range(300))
    scoring = f"rules:\n  - {{id: put, name: Put, on: page_visited, effects: [{effects}]}}\n  - {ENTERED}\n"
    lines = "\n".join(f"  - {{id: s{n}, name: S{n}, static: true}}" for n in range(300))

    contact = the_contact([an_activity()], rules(segments=f"segments:\n{lines}", scoring=scoring))

    assert contact.state.points.total == 300


def test_a_ladder_of_rules_that_each_act_once_is_as_long_as_it_is():
    """Each step gives the point that the next segment asks for: long, and no circle."""
    steps = 400
    climbs = [
        f"  - {{id: r{n}, name: R{n}, on: segment_entered, when: {{activity.segment: s{n}}}, points: 1, limit: once}}"
        for n in range(steps)
    ]
    book = rules(
        segments=segments_on("contact.points: {gte: N}", steps),
        scoring="rules:\n" + "\n".join(climbs),
    )

    contact = the_contact([an_activity()], book)

    assert contact.state.points.total == steps


def in_a_circle(monkeypatch, scoring):
    """Rules that the check would refuse."""
    monkeypatch.setattr("engine.rules.ruleset._refuse_cycles", lambda *_: None)
    segments = "segments:\n" + "\n".join(
        f"  - {{id: {name}, name: {name}, static: true}}" for name in ("a", "b")
    )
    return rules(segments=segments, scoring=scoring)


def test_points_that_give_points_are_a_circle_that_is_found_by_its_depth(monkeypatch):
    more = "rules:\n  - {id: more, name: More, on: points_changed, points: 1}\n  - {id: seen, name: Seen, on: page_visited, points: 1}"
    book = in_a_circle(monkeypatch, more)

    with pytest.raises(FoldFailed, match="rules run in a circle"):
        folded([an_activity(id_="first")], book)


def test_a_circle_that_grows_wider_with_every_step_is_found_as_soon(monkeypatch):
    swap = "effects: [{remove_from_segment: a}, {remove_from_segment: b}, {add_to_segment: a}, {add_to_segment: b}]"
    book = in_a_circle(
        monkeypatch,
        f"rules:\n  - {{id: begin, name: Begin, on: page_visited, {swap}}}\n  - {{id: swap, name: Swap, on: segment_entered, {swap}}}",
    )
    crossed = []
    record = fold_module.segments.record_occurrence
    monkeypatch.setattr(
        fold_module.segments,
        "record_occurrence",
        lambda *args: (crossed.append(args[1]), record(*args)),
    )

    with pytest.raises(FoldFailed, match="rules run in a circle"):
        folded([an_activity()], book)

    assert len(crossed) < 5_000


def test_a_circle_of_rules_is_refused_by_the_check():
    from engine.errors import InvalidRules

    with pytest.raises(InvalidRules, match="set each other off without end"):
        rules(scoring="rules:\n  - {id: more, name: More, on: points_changed, points: 1}")


def test_the_shipped_tests_pass_beside_many_segments():
    texts = read_folder(CONFIG_DIR)
    own = segments_on("contact.points: {gte: 0}", 300).removeprefix("segments:\n")
    texts["segments.yaml"] = texts["segments.yaml"].replace("segments:\n", f"segments:\n{own}\n", 1)

    results = rehearse(rule_tests_of(texts), compile_ruleset(texts))

    assert [result.test.name for result in results if not result.passed] == []


def test_a_test_over_which_the_rules_fail_is_a_test_that_fails(monkeypatch):
    monkeypatch.setattr("engine.rules.ruleset._refuse_cycles", lambda *_: None)
    scoring = """
rules:
  - {id: more, name: More, on: points_changed, points: 1}
  - {id: seen, name: Seen, on: page_visited, points: 1}
tests:
  - {name: endless, given: [{page_visited: {}}], expect: {points: 1}}
"""
    texts = read_folder(CONFIG_DIR) | {"scoring.yaml": scoring, "segments.yaml": ""}

    [endless] = [
        r for r in rehearse(rule_tests_of(texts), compile_ruleset(texts)) if r.test.name == "endless"
    ]

    assert "circle" in endless.differences["result"][1]
