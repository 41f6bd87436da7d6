"""Tests beside the rules run through the real fold, and say what they found instead."""

import pytest

from engine.rules.rehearsal import rehearse
from engine.rules.ruleset import compile_ruleset, read_folder, rule_tests_of
from engine.settings import CONFIG_DIR

SHIPPED = read_folder(CONFIG_DIR)
TEST = """
rules:
  - {{id: look, name: Look, on: product_visited, points: 10, fades: {{by: 50%, every: 30d}}}}
tests:
  - name: it
    given: [{{product_visited: {{}}}}]
    {}
"""


def differences(more):
    texts = SHIPPED | {"scoring.yaml": TEST.format(more)}
    [result] = [r for r in rehearse(rule_tests_of(texts), compile_ruleset(texts)) if r.test.name == "it"]
    return dict(result.differences)


def test_the_shipped_tests_pass():
    results = rehearse(rule_tests_of(SHIPPED), compile_ruleset(SHIPPED))

    assert len(results) > 8
    assert [result.test.name for result in results if not result.passed] == []


@pytest.mark.parametrize(("later", "points"), [("29d", 10), ("30d", 5), ("60d", 0)])
def test_points_fade_in_equal_steps(later, points):
    assert differences(f"later: {later}\n    expect: {{points: {points}}}") == {}


def test_a_status_of_the_shops_own_can_be_asked_and_begins_in_its_initial_state():
    mood = """
  mood:
    states: {calm: calm, cross: cross}
    initial: calm
    transitions: [{on: order_cancelled, from: calm, to: cross}]
"""
    segments = """
segments:
  - {id: calm, name: Calm, when: {contact.mood: calm}}
  - {id: cross, name: Cross, when: {contact.mood: {in: [cross]}}}
tests:
  - {name: calm, given: [{page_visited: {}}], expect: {segments: [calm], mood: calm}}
  - {name: cross, given: [{order_cancelled: {order_id: "1"}}], expect: {segments: [cross], not_segments: [calm]}}
"""
    texts = SHIPPED | {"segments.yaml": segments, "scoring.yaml": ""}
    texts["transitions.yaml"] = texts["transitions.yaml"].replace("machines:\n", f"machines:{mood}", 1)

    results = rehearse(rule_tests_of(texts), compile_ruleset(texts))

    assert {result.test.name for result in results} >= {"calm", "cross"}
    assert [result.differences for result in results if not result.passed] == []


def test_what_is_found_instead_is_told():
    expect = "expect: {points: 7, newsletter: subscribed, segments: [customers, active-this-week], not_segments: [active-this-week]}"

    assert differences(expect) == {
        "points": (7, 10),
        "newsletter": ("subscribed", "not_subscribed"),
        "segments": (["active-this-week", "customers"], ["active-this-week"]),
        "not_segments": (["active-this-week"], []),
    }
