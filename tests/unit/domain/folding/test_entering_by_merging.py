"""What only two contacts together have reached takes effect as they merge, and once."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.folding import component, united_fold
from engine.rules.ruleset import read_folder
from engine.settings import CONFIG_DIR
from tests.builders import NAMESPACE, an_activity, bought, days, folded, identified, minutes, rules
from tests.unit.domain.folding.test_fold import Living, histories

SEGMENTS = """
segments:
  - {id: two-products, name: Saw two products, when: {did: {activity: product_visited, within: 30d, times: {gte: 2}}}}
  - {id: one-product, name: Saw a product, when: {did: {activity: product_visited, within: 1d}}}
  - {id: newcomers, name: No order yet, when: {did_not: {activity: order_completed, within: 3650d}}}
  - {id: known, name: Known, when: {contact.identified: true}}
  - {id: warm, name: Warm, when: {contact.points: {gte: 10}}}
"""
SCORING = """
rules:
  - {id: entered, name: Entered, on: segment_entered, when: {activity.segment: two-products}, points: 500, effects: [{webhook: crm}]}
  - {id: known, name: Known, on: segment_entered, when: {activity.segment: known}, effects: [{webhook: crm}]}
  - {id: searched, name: Searched, on: searched, points: 6}
  - {id: first-review, name: Reviewed, on: product_reviewed, points: 6, limit: once}
  - {id: ten, name: Ten points, on: points_changed, when: {contact.points: {gte: 10}}, limit: once, effects: [{webhook: crm}]}
"""
SETTINGS = "webhooks:\n  crm: {url: https://crm.example.com/}\n"
BOOK = rules(
    segments=SEGMENTS,
    scoring=SCORING,
    settings=SETTINGS,
)


def seen(at, who, **more):
    return an_activity("product_visited", at, **({"email": who} if "@" in who else {"tracker": who}), **more)


def crossings(settled, segment):
    """When the contact entered and left a segment, and because of what."""
    found = [d for d in settled.derived if d.properties.get("segment") == segment]
    return [(d.type.removeprefix("segment_"), d.happened_at, d.cause) for d in found]


def calls(settled, rule):
    return [(call.root, call.happened_at) for call in settled.calls if call.rule == rule]


TWO_VIEWS = [
    seen(minutes(0), "t1", id_="view-1"),
    identified(minutes(1), tracker="t1", email="ana@x.com", id_="first-claim"),
    seen(minutes(2), "t2", id_="view-2"),
    identified(minutes(3), tracker="t2", email="ana@x.com", id_="claim"),
]


def test_a_segment_that_only_both_together_are_in_is_entered_as_they_merge():
    settled = folded(TWO_VIEWS, BOOK)

    [ana] = settled.contacts.values()
    assert crossings(settled, "two-products") == [("entered", minutes(3), "claim")]
    assert ana.state.segments["two-products"] == minutes(3)
    assert calls(settled, "entered") == [("claim", minutes(3))]
    assert [(e.points, e.happened_at) for e in settled.ledger] == [(500, minutes(3))]


def test_a_segment_that_either_was_in_keeps_its_date_and_says_nothing_new():
    settled = folded(
        [
            seen(minutes(0), "t2", id_="view-1"),
            seen(minutes(1), "t2", id_="view-2"),
            identified(minutes(2), email="ana@x.com"),
            identified(minutes(3), tracker="t2", email="ana@x.com", id_="claim"),
        ],
        BOOK,
    )

    assert crossings(settled, "two-products") == [("entered", minutes(1), "view-2")]
    assert calls(settled, "entered") == [("view-2", minutes(1))]


def test_a_segment_that_only_one_of_them_was_in_is_left_as_they_merge():
    settled = folded(
        [
            bought(10, minutes(0), email="ana@x.com"),
            an_activity(at=minutes(1), tracker="t2"),
            identified(minutes(3), tracker="t2", email="ana@x.com", id_="claim"),
        ],
        BOOK,
    )

    assert crossings(settled, "newcomers")[-1] == ("left", minutes(3), "claim")


def test_a_window_that_closed_for_one_of_them_before_they_merged_stays_closed():
    settled = folded(
        [
            seen(days(0), "t2"),
            identified(days(0), email="ana@x.com"),
            identified(days(3), tracker="t2", email="ana@x.com"),
        ],
        BOOK,
    )

    assert [(way, at) for way, at, _ in crossings(settled, "one-product")] == [
        ("entered", days(0)),
        ("left", days(1)),
    ]


def test_a_window_that_is_open_for_one_of_them_does_not_close_by_the_others():
    settled = folded(
        [
            seen(days(0), "ana@x.com"),
            seen(days(0.5), "t2"),
            identified(days(3), tracker="t2", email="ana@x.com"),
        ],
        BOOK,
    )

    assert [(way, at) for way, at, _ in crossings(settled, "one-product")] == [
        ("entered", days(0)),
        ("left", days(1.5)),
    ]


@pytest.mark.parametrize("segment", ["warm"])
def test_points_that_only_both_together_have_count_for_rules_and_segments_from_the_merge(segment):
    settled = folded(
        [
            an_activity("searched", minutes(0), email="ana@x.com"),
            an_activity("searched", minutes(1), tracker="t2"),
            identified(minutes(3), tracker="t2", email="ana@x.com", id_="claim"),
        ],
        BOOK,
    )

    assert calls(settled, "ten") == [("claim", minutes(3))]
    assert crossings(settled, segment) == [("entered", minutes(3), "claim")]


def test_points_that_one_of_them_had_reached_say_nothing_new():
    settled = folded(
        [
            an_activity("searched", minutes(0), tracker="t2"),
            an_activity("searched", minutes(1), tracker="t2", id_="second"),
            identified(minutes(2), email="ana@x.com"),
            identified(minutes(3), tracker="t2", email="ana@x.com", id_="claim"),
        ],
        BOOK,
    )

    assert calls(settled, "ten") == [("second", minutes(1))]


def test_a_rule_that_acts_once_acted_for_both_of_them():
    settled = folded(
        [
            an_activity("product_reviewed", minutes(0), email="ana@x.com"),
            an_activity("product_reviewed", minutes(1), tracker="t2"),
            identified(minutes(3), tracker="t2", email="ana@x.com"),
        ],
        BOOK,
    )

    [ana] = settled.contacts.values()
    assert ana.state.points.total == 6
    assert calls(settled, "ten") == []


def with_a_machine():
    """A status that two searches move, and a rule that waits for it."""
    shipped = read_folder(CONFIG_DIR)["transitions.yaml"].split("\ntests:")[0]
    mood = """machines:
  mood:
    states: {calm: calm, keen: keen}
    initial: calm
    transitions: [{on: product_reviewed, from: calm, to: keen, when: {contact.points: {gte: 10}}}]
"""
    keen = "  - {id: keen, name: Keen, on: status_changed, when: {activity.machine: mood}, points: 7, effects: [{webhook: crm}]}\n"
    return rules(
        segments=SEGMENTS,
        scoring=SCORING + keen,
        settings=SETTINGS,
        transitions=shipped.replace("machines:\n", mood, 1),
    )


def test_a_status_that_only_both_together_reach_is_announced_as_they_merge_and_keeps_its_date():
    history = [
        an_activity("searched", minutes(0), email="ana@x.com"),
        an_activity("searched", minutes(1), tracker="t2"),
        an_activity("product_reviewed", minutes(2), tracker="t2"),
        identified(minutes(3), tracker="t2", email="ana@x.com", id_="claim"),
    ]
    late = an_activity("page_visited", minutes(0.5), tracker="t3")
    third = identified(minutes(5), tracker="t3", email="ana@x.com")

    for settled in (folded(history, with_a_machine()), folded([*history, late, third], with_a_machine())):
        [ana] = settled.contacts.values()
        assert (ana.state.statuses["mood"].state, ana.state.statuses["mood"].since) == ("keen", minutes(2))
        assert calls(settled, "keen") == [("claim", minutes(3))]


def test_a_status_that_one_of_them_reached_is_not_announced_again():
    settled = folded(
        [
            an_activity("searched", minutes(0), tracker="t2"),
            an_activity("searched", minutes(1), tracker="t2"),
            an_activity("product_reviewed", minutes(2), tracker="t2", id_="review"),
            identified(minutes(2.5), email="ana@x.com"),
            identified(minutes(3), tracker="t2", email="ana@x.com", id_="claim"),
        ],
        with_a_machine(),
    )

    assert calls(settled, "keen") == [("review", minutes(2))]


def test_who_becomes_identified_without_a_merge_enters_then():
    settled = folded(
        [seen(minutes(0), "t1"), identified(minutes(1), tracker="t1", email="a@x.com", id_="claim")], BOOK
    )

    assert crossings(settled, "known") == [("entered", minutes(1), "claim")]
    assert calls(settled, "known") == [("claim", minutes(1))]


def test_two_known_people_who_merge_enter_together_and_each_was_known_before():
    settled = folded(
        [
            identified(minutes(0), email="ana@x.com", id_="one"),
            seen(minutes(1), "ana@x.com"),
            identified(minutes(2), external_id="7", id_="other"),
            an_activity("product_visited", minutes(3), external_id="7"),
            identified(minutes(4), external_id="7", email="ana@x.com", trusted=True, id_="claim"),
        ],
        BOOK,
    )

    assert crossings(settled, "two-products") == [("entered", minutes(4), "claim")]
    assert crossings(settled, "known") == [("entered", minutes(0), "one")]


def test_three_browsers_one_after_the_other_enter_as_the_second_is_known():
    visits = [seen(minutes(n), f"t{n}", id_=f"view-{n}") for n in range(4)]
    claims = [
        identified(minutes(10 + n), tracker=f"t{n}", email="ana@x.com", id_=f"claim-{n}") for n in range(4)
    ]

    settled = folded([*visits, *claims], BOOK)

    assert crossings(settled, "two-products") == [("entered", minutes(11), "claim-1")]
    assert calls(settled, "entered") == [("claim-1", minutes(11))]


def test_one_claim_that_merges_three_contacts_enters_once():
    settled = folded(
        [
            seen(minutes(0), "ana@x.com"),
            an_activity("product_visited", minutes(1), external_id="7"),
            seen(minutes(2), "t3"),
            identified(
                minutes(4), tracker="t3", external_id="7", email="ana@x.com", trusted=True, id_="claim"
            ),
        ],
        BOOK,
    )

    assert len(settled.contacts) == 1
    assert crossings(settled, "two-products") == [("entered", minutes(4), "claim")]
    assert calls(settled, "entered") == [("claim", minutes(4))]


def test_what_comes_late_before_a_merge_does_not_move_what_the_merge_brought_about():
    late = an_activity("searched", minutes(0.5), tracker="t2")

    assert calls(folded([*TWO_VIEWS, late], BOOK), "entered") == [("claim", minutes(3))]


def test_the_order_of_arrival_does_not_matter():
    shuffler = random.Random(1)
    more = [
        *TWO_VIEWS,
        seen(minutes(5), "t3"),
        bought(5, minutes(6), tracker="t3", order_id="o"),
        identified(minutes(7), tracker="t3", email="ana@x.com"),
        an_activity("searched", minutes(8), tracker="t1"),
    ]
    pictures = []
    for _ in range(40):
        living = Living(BOOK)
        for activity in shuffler.sample(more, len(more)):
            living.receive([activity])
        pictures.append(living.picture())

    assert all(picture == pictures[0] for picture in pictures)


@settings(max_examples=200, deadline=None)
@given(history=histories(), data=st.data())
def test_any_order_and_any_batches_agree_with_rules_on_segments_and_points(history, data):
    shuffled = data.draw(st.permutations(history))
    size = data.draw(st.integers(1, 5))

    quiet, lively = Living(BOOK), Living(BOOK)
    quiet.receive(history)
    for start in range(0, len(shuffled), size):
        lively.receive(shuffled[start : start + size])

    assert lively.picture() == quiet.picture()


@settings(max_examples=150, deadline=None)
@given(history=histories())
def test_nothing_is_dated_before_it_could_be_known(history):
    """Every entry that a contact shows was either entered by one side alone, or at a claim."""
    ordered = sorted(history, key=lambda activity: activity.moment)
    told = set()
    for end in range(1, len(ordered) + 1):
        before = component.refold(ordered[:end], BOOK, namespace=NAMESPACE, shared=set())
        told |= {
            (d.properties["segment"], d.happened_at) for d in before.derived if d.type == "segment_entered"
        }
    settled = component.refold(ordered, BOOK, namespace=NAMESPACE, shared=set())

    entered = {
        (d.properties["segment"], d.happened_at) for d in settled.derived if d.type == "segment_entered"
    }
    if not settled.newly_shared and not any(a.undoes or a.deletes or a.by_import for a in ordered):
        assert entered <= told


def test_many_browsers_of_one_person_are_each_folded_apart_for_their_own_time_alone(monkeypatch):
    taken = []
    take = united_fold.ContactFold._take
    monkeypatch.setattr(
        united_fold.ContactFold, "_take", lambda self, *args: (taken.append(1), take(self, *args))
    )
    visits = [
        [*(an_activity(at=minutes(100 * n + k), tracker=f"t{n}") for k in range(5)),
         identified(minutes(100 * n + 9), tracker=f"t{n}", email="ana@x.com")]
        for n in range(60)
    ]  # fmt: skip
    history = [activity for visit in visits for activity in visit]

    folded(history, BOOK)

    assert len(taken) < 3 * len(history)


def test_many_browsers_at_the_same_time_do_not_take_forever(monkeypatch):
    monkeypatch.setattr(united_fold, "FREE_EFFORT", 0)
    taken = []
    take = united_fold.ContactFold._take
    monkeypatch.setattr(
        united_fold.ContactFold, "_take", lambda self, *args: (taken.append(1), take(self, *args))
    )
    visits = [an_activity("searched", minutes(n), tracker=f"t{n % 40}") for n in range(400)]
    claims = [identified(minutes(1_000 + n), tracker=f"t{n}", email="ana@x.com") for n in range(40)]

    settled = folded([*visits, *claims], BOOK)

    [ana] = settled.contacts.values()
    assert (ana.state.activities, ana.state.points.total) == (440, 2_400)
    assert len(taken) < 8 * len(visits)


@settings(max_examples=100, deadline=None)
@given(history=histories(), data=st.data())
def test_any_order_agrees_when_the_sides_are_too_much_to_be_kept_apart(history, data):
    shuffled = data.draw(st.permutations(history))
    quiet, lively = Living(BOOK), Living(BOOK)
    free, effort = united_fold.FREE_EFFORT, united_fold.MAX_EFFORT
    united_fold.FREE_EFFORT, united_fold.MAX_EFFORT = 0, 1
    try:
        quiet.receive(history)
        for activity in shuffled:
            lively.receive([activity])
    finally:
        united_fold.FREE_EFFORT, united_fold.MAX_EFFORT = free, effort

    assert lively.picture() == quiet.picture()
