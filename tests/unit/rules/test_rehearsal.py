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


def test_what_is_found_instead_is_told():
    expect = "expect: {points: 7, newsletter: subscribed, segments: [customers, active-this-week], not_segments: [active-this-week]}"

    assert differences(expect) == {
        "points": (7, 10),
        "newsletter": ("subscribed", "not_subscribed"),
        "segments": (["active-this-week", "customers"], ["active-this-week"]),
        "not_segments": (["active-this-week"], []),
    }
