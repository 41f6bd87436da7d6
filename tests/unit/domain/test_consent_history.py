"""The consent register: every act with what it changed, and the state on any day."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from engine.domain.consent_history import consent_acts, consent_types, states_at
from tests.builders import an_activity, by_hand, days, folded, identified, imported, with_topics

TOPICS = with_topics()
KNOWN = identified(days(-9), email="a@x.com", trusted=True)


def yes(at, **more):
    return an_activity("newsletter_subscribed", at, **{"email": "a@x.com", "trusted": True, **more})


def no(at, **more):
    return an_activity("newsletter_unsubscribed", at, **{"email": "a@x.com", **more})


def moves_of(settled):
    return {
        (derived.cause, derived.properties["machine"]): derived.properties["to"]
        for derived in settled.derived
        if derived.type == "status_changed"
    }


def register(*activities, rulebook=TOPICS, undone=()):
    return consent_acts(
        activities, rulebook, undone=undone, moves=moves_of(folded([KNOWN, *activities], rulebook))
    )


def lines(*activities, **more):
    return [(act.machine, act.before, act.after, act.hindrance) for act in register(*activities, **more)]


def test_each_act_says_what_it_changed():
    topic = an_activity("topic_subscribed", days(1), email="a@x.com", trusted=True, topic="offers")

    assert lines(no(days(2)), yes(days(0)), topic) == [
        ("newsletter", "not_subscribed", "subscribed", ""),
        ("topic_offers", "not_subscribed", "subscribed", ""),
        ("newsletter", "subscribed", "unsubscribed", ""),
    ]


def test_a_complaint_concerns_every_list_by_email():
    complaint = an_activity("email_complained", days(1), email="a@x.com", trusted=True)

    assert lines(yes(days(0)), complaint)[1:] == [
        ("newsletter", "subscribed", "unsubscribed", ""),
        ("topic_offers", "not_subscribed", "unsubscribed", ""),
    ]


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (imported(days(2), email="a@x.com", newsletter="subscribed"), "refused"),
        (yes(days(2), trusted=False), "unproven"),
        (yes(days(1), email=None, tracker="t1"), "simultaneous"),
        (no(days(2)), "same"),
    ],
)
def test_what_changed_nothing_says_why(act, why):
    visit = an_activity("page_visited", days(0), tracker="t1", email="a@x.com", trusted=True)

    [hindered] = [found for found in register(visit, no(days(1)), act) if not found.changed]

    assert (hindered.activity.type, hindered.after, hindered.hindrance) == (act.type, "unsubscribed", why)


def test_an_act_that_was_undone_is_kept_and_changed_nothing():
    row = structs.replace(imported(days(0), email="a@x.com", newsletter="subscribed"), id="row")
    undo = by_hand("e:a@x.com", days(2), undoes="row")

    assert lines(row, undo, undone={"row"}) == [("newsletter", "not_subscribed", "not_subscribed", "undone")]


def test_a_topic_that_nobody_declared_concerns_nothing():
    assert lines(an_activity("topic_subscribed", days(0), email="a@x.com", trusted=True, topic="other")) == []


def test_what_a_rule_changed_is_named_as_such():
    eager = with_topics(
        scoring="rules: [{id: r, name: R, on: registered, effects: [{move: {newsletter: subscribed}}]}]"
    )
    registered = an_activity("registered", days(0), email="a@x.com", trusted=True)

    [act] = register(registered, rulebook=eager)

    assert (act.after, act.by_rule) == ("subscribed", True)


def test_the_state_of_a_day_is_that_of_the_last_change_before_even_if_it_came_late():
    late = structs.replace(no(days(1)), received_at=days(30))
    acts = register(yes(days(0)), late, yes(days(2)))

    states = [states_at(acts, days(number + 0.5))["newsletter"].after for number in range(3)]

    assert states == ["subscribed", "unsubscribed", "subscribed"]
    assert states_at(acts, days(-1)) == {}


def test_the_register_reads_the_types_that_the_rules_name():
    assert {"topic_subscribed", "email_complained", "contact_edited"} <= consent_types(TOPICS.present)


KINDS = {
    "yes": lambda at, n: yes(at, id_=n),
    "no": lambda at, n: no(at, id_=n),
    "browser": lambda at, n: yes(at, id_=n, trusted=False, tracker="t1"),
    "anonymous": lambda at, n: an_activity("newsletter_subscribed", at, id_=n, tracker="t1"),
    "visit": lambda at, n: an_activity("page_visited", at, id_=n, tracker="t1", email="a@x.com"),
    "complaint": lambda at, n: an_activity("email_complained", at, id_=n, email="a@x.com", trusted=True),
    "hand": lambda at, n: structs.replace(by_hand("e:a@x.com", at, newsletter="subscribed"), id=n),
    "file": lambda at, n: structs.replace(imported(at, email="a@x.com", newsletter="subscribed"), id=n),
    "topic": lambda at, n: an_activity(
        "topic_unsubscribed", at, id_=n, email="a@x.com", topic="offers", tracker="t1"
    ),
}


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.integers(0, 4)), min_size=1, max_size=7))
def test_the_register_ends_where_the_sheet_is(drawn):
    history = [KINDS[kind](days(day), f"act{number}") for number, (kind, day) in enumerate(drawn)]
    settled = folded([KNOWN, *history], TOPICS)
    [contact] = [c for c in settled.contacts.values() if "e:a@x.com" in c.person.keys()]
    held = {span.key for span in contact.person.spans}
    mine = [activity for activity in history if activity.stream in held]

    acts = consent_acts(mine, TOPICS, moves=moves_of(settled))

    last = states_at(acts, days(99))
    for machine in ("newsletter", "topic_offers"):
        present = contact.state.statuses[machine].state
        assert (last[machine].after if machine in last else "not_subscribed") == present


def test_the_order_in_which_they_arrived_changes_nothing():
    acts = [yes(days(0)), no(days(1)), imported(days(2), email="a@x.com", newsletter="subscribed")]

    found = {tuple(lines(*order)) for order in itertools.permutations(acts)}

    assert len(found) == 1
