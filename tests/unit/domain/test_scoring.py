"""What rules give, and what keeps them from giving more: one file of rules for each test."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.builders import NOON, an_activity, bought, days, minutes, rules, the_contact

SCORING = "rules:\n  - {{id: look, name: Look, on: product_visited, {}}}\n"


def points(activities, scoring, **more):
    """The points that a contact has under a rule on visits to products, or a whole file of rules."""
    text = scoring if scoring.startswith(("rules:", "groups:")) else SCORING.format(scoring)
    return the_contact(activities, rules(scoring=text, **more)).state.points.total


def visited(at=NOON, **more):
    return an_activity("product_visited", at, **more)


@pytest.mark.parametrize(
    ("properties", "award", "given"),
    [
        ({"price": "89.90"}, "{per: properties.price, times: 0.1}", 8),
        ({"price": 2_000}, "{per: properties.price, times: 0.1, at_most: 50}", 50),
        ({"price": -15}, "{per: properties.price, times: 0.1}", -2),
        ({"price": "dear"}, "{per: properties.price}", 0),
        ({}, "{per: properties.price}", 0),
        ({"price": 5_000_000}, "{per: properties.price}", 1_000_000),
    ],
)
def test_points_are_computed_from_what_the_activity_carries(properties, award, given):
    assert points([visited(**properties)], f"points: {award}") == given


@pytest.mark.parametrize(
    ("per", "within", "beyond"),
    [
        ("minute", timedelta(seconds=59), timedelta(seconds=60)),
        ("hour", timedelta(minutes=59), timedelta(minutes=60)),
        ("day", timedelta(hours=10, minutes=59), timedelta(hours=11)),
        ("week", timedelta(days=6, hours=10), timedelta(days=6, hours=11)),
        ("month", timedelta(days=29, hours=9), timedelta(days=29, hours=10)),
    ],
)
def test_a_limit_counts_by_the_accounts_calendar(per, within, beyond):
    """2 March 2026 is a Monday; noon UTC is 13:00 in Madrid, and from 29 March on 14:00."""
    rule = f"points: 1, limit: {{times: 1, per: {per}}}"

    assert points([visited(), visited(NOON + within)], rule) == 1
    assert points([visited(), visited(NOON + beyond)], rule) == 2


def test_an_hour_that_the_clock_repeats_is_two_hours():
    first, again = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))

    assert points([visited(first), visited(again)], "points: 1, limit: {times: 1, per: hour}") == 2


def test_once_per_object_is_once_for_each_and_never_for_none():
    seen = [visited(minutes(n), product_id=id_) for n, id_ in enumerate(("a", "b", "a", "b"))]

    assert points([*seen, visited(minutes(9))], "points: 1, once_per: properties.product_id") == 2


def test_once_per_object_and_a_limit_hold_together():
    seen = [visited(minutes(n), product_id=id_) for n, id_ in enumerate("abc")]

    rule = "points: 1, once_per: properties.product_id, limit: {times: 2, per: day}"
    assert points(seen, rule) == 2


CEILING = """
groups:
  - {id: looking, name: Looking, at_most: 10, per: day}
rules:
  - {id: look, name: Look, on: product_visited, points: 4, group: looking}
  - {id: search, name: Search, on: searched, points: 4, group: looking}
  - {id: leave, name: Leave, on: newsletter_unsubscribed, points: -3, group: looking}
"""


def test_a_groups_ceiling_cuts_the_last_points_and_begins_anew():
    activities = [visited(), an_activity("searched", minutes(1)), visited(minutes(2)), visited(minutes(3))]

    assert points(activities, CEILING.lstrip()) == 10
    assert points([*activities, visited(days(1))], CEILING.lstrip()) == 14


def test_a_loss_is_not_held_back_by_a_ceiling():
    left = an_activity("newsletter_unsubscribed", minutes(3), email="ana@x.com", tracker="t")

    assert points([visited(), visited(minutes(1)), visited(minutes(2)), left], CEILING.lstrip()) == 7


def test_a_rule_is_active_from_its_first_day_until_the_day_after_its_last():
    rule = "points: 1, active: {from: 2026-03-02, until: 2026-03-03}"
    local = datetime(2026, 3, 1, 23, 0, tzinfo=UTC)

    assert points([visited(local)], rule) == 1, "in Madrid the day has begun"
    assert points([visited(local - timedelta(seconds=1))], rule) == 0
    assert points([visited(local + timedelta(days=1))], rule) == 0


@pytest.mark.parametrize(("after", "left"), [(29, 10), (30, 5), (59, 5), (60, 0)])
def test_points_fade_in_equal_steps_down_to_nothing(after, left):
    rule = "points: 10, fades: {by: 50%, every: 30d}"

    assert points([visited(), an_activity("searched", days(after))], rule) == left


def test_points_that_were_taken_away_fade_too():
    rule = "points: -10, fades: {by: 30%, every: 1d}"

    assert [points([visited(), an_activity("searched", days(n))], rule) for n in range(5)] == [
        -10, -7, -4, -1, 0,
    ]  # fmt: skip


CASCADES = """
rules:
  - {id: look, name: Look, on: product_visited, points: 30}
  - id: crossed
    name: Over fifty
    on: points_changed
    when: {activity.from: {lt: 50}, activity.to: {gte: 50}}
    limit: once
    effects: [{add_to_segment: vip}, {set: {city: Vigo}}]
  - {id: entered, name: Became a VIP, on: segment_entered, when: {activity.segment: vip}, points: 1, effects: [{move: {newsletter: subscribed}}], limit: once}
  - {id: moved, name: Subscribed, on: status_changed, when: {activity.machine: newsletter, activity.to: subscribed}, points: 2, limit: once}
  - {id: left, name: Left, on: segment_left, when: {activity.segment: active-this-week}, points: -5, limit: once}
"""


def test_what_one_rule_changes_sets_off_another_at_once():
    contact = the_contact([visited(), visited(minutes(1))], rules(scoring=CASCADES.lstrip()))

    assert contact.state.points.total == 30 + 30 + 1 + 2
    assert "vip" in contact.state.segments
    assert contact.state.custom["city"] == "Vigo"
    assert contact.state.statuses["newsletter"].state == "subscribed"


def test_a_threshold_is_crossed_once_and_not_by_each_change_above_it():
    contact = the_contact([visited()], rules(scoring=CASCADES.lstrip()))

    assert contact.state.points.total == 30
    assert "vip" not in contact.state.segments


def test_a_segment_that_time_alone_makes_one_leave_sets_off_rules():
    contact = the_contact([visited()], rules(scoring=CASCADES.lstrip()), until=days(8))

    assert contact.state.points.total == 25


def test_an_effect_alone_needs_no_points_and_obeys_its_limit():
    rule = "effects: [{set: {shoe_size: 42}}], limit: once"
    contact = the_contact(
        [
            visited(),
            an_activity("identified", minutes(1), traits={"shoe_size": 40}),
            visited(minutes(2)),
        ],
        rules(scoring=SCORING.format(rule)),
    )

    assert contact.state.custom["shoe_size"] == 40
    assert contact.state.points.total == 0


def test_rules_see_the_contact_as_the_activity_left_it_whatever_their_order():
    either_way = [
        "rules:\n"
        "  - {id: a, name: A, on: order_completed, when: {contact.points: 0}, points: 5}\n"
        "  - {id: b, name: B, on: order_completed, when: {contact.orders: 1}, points: 7}\n",
        "rules:\n"
        "  - {id: b, name: B, on: order_completed, when: {contact.orders: 1}, points: 7}\n"
        "  - {id: a, name: A, on: order_completed, when: {contact.points: 0}, points: 5}\n",
    ]

    assert [points([bought(30, order_id="1")], text) for text in either_way] == [12, 12]
