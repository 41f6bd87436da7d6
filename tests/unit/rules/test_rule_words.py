"""A rule is told in words: when it acts, and what it brings about."""

import pytest

from engine.rules.rule_words import brings, reacts_to
from engine.rules.ruleset import compile_ruleset, read_folder
from engine.settings import CONFIG_DIR

SHIPPED = read_folder(CONFIG_DIR)
GROUP = "groups:\n  - {id: browsing, name: Looking around, at_most: 15, per: day}\n"


def told(more, on="order_completed"):
    text = f"{GROUP}rules:\n  - {{id: r, name: R, on: {on}, {more}}}\n"
    ruleset = compile_ruleset(SHIPPED | {"scoring.yaml": text})
    [rule] = ruleset.rules[on]
    return reacts_to(rule, ruleset), brings(rule, ruleset)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("points: 1", "+1 point"),
        ("points: -10, limit: once", "\N{MINUS SIGN}10 points, once"),
        ("points: 2, expires_after: 60d, limit: {times: 5, per: day}", "+2 points, for 60 days, at most 5 times a day"),
        ("points: 2, limit: {times: 1, per: hour}", "+2 points, once an hour"),
        ("points: 2, group: browsing", "+2 points, with “Looking around” at most 15 points a day"),
        ("points: 10, fades: {by: 50%, every: 30d}", "+10 points, of which 50% go every 30 days"),
        (
            "points: {per: properties.total, times: 0.1, at_most: 50}, once_per: properties.order_id",
            "0.1 \N{MULTIPLICATION SIGN} total as points (at most 50), once for each order_id",
        ),
        ("points: 1, active: {from: 2026-11-20, until: 2026-12-01}", "+1 point, from 2026-11-20, until 2026-12-01"),
        (
            "effects: [{add_to_segment: vip}, {remove_from_segment: vip}, {move: {newsletter: unsubscribed}}]",
            "into “VIP”, out of “VIP”, Newsletter becomes unsubscribed",
        ),
    ],
)  # fmt: skip
def test_what_a_rule_gives_is_told_with_its_bounds(more, says):
    assert told(more)[1] == says


def test_when_a_rule_acts_is_told():
    assert told("points: 1")[0] == "On “Order completed”"
    assert (
        told("points: 1, when: {activity.total: {gte: 50}}")[0]
        == "On “Order completed”, when total is at least 50"
    )
