"""A topic is a list of its own: its status moves as that of the newsletter does, and by nothing of another list."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from tests.builders import an_activity, by_hand, days, identified, imported, minutes, the_contact, with_topics

TOPICS = with_topics()
KNOWN = identified(days(-9), email="a@x.com", trusted=True)


def states(activities, rulebook=TOPICS):
    found = the_contact([KNOWN, *activities], rulebook).state.statuses
    return {name: found[name].state for name in ("newsletter", "sms", "topic_offers", "topic_deals")}


def offers(*activities, rulebook=TOPICS):
    return states(activities, rulebook)["topic_offers"]


def subscribed(at, topic="offers", **more):
    return an_activity("topic_subscribed", at, **{"email": "a@x.com", "trusted": True, **more}, topic=topic)


def unsubscribed(at, topic="offers", **more):
    return an_activity("topic_unsubscribed", at, **{"email": "a@x.com", **more}, topic=topic)


def complained(at):
    return an_activity("email_complained", at, email="a@x.com", trusted=True)


def edited(at, to):
    return by_hand("e:a@x.com", at, topic_offers=to, author="Mia")


def in_a_file(at, to):
    return imported(at, email="a@x.com", topic_offers=to)


BEFORE = {
    "not_subscribed": [],
    "subscribed": [subscribed(days(-2))],
    "unsubscribed": [unsubscribed(days(-1))],
}
MOVES = [
    (subscribed, {"not_subscribed": "subscribed", "subscribed": "subscribed", "unsubscribed": "subscribed"}),
    (unsubscribed, dict.fromkeys(BEFORE, "unsubscribed")),
    (complained, dict.fromkeys(BEFORE, "unsubscribed")),
    (lambda at: edited(at, "subscribed"), dict.fromkeys(BEFORE, "subscribed")),
    (lambda at: edited(at, "unsubscribed"), dict.fromkeys(BEFORE, "unsubscribed")),
    (
        lambda at: in_a_file(at, "subscribed"),
        {"not_subscribed": "subscribed", "subscribed": "subscribed", "unsubscribed": "unsubscribed"},
    ),
    (lambda at: in_a_file(at, "unsubscribed"), dict.fromkeys(BEFORE, "unsubscribed")),
    (lambda at: subscribed(at, "other"), {state: state for state in BEFORE}),
    (lambda at: unsubscribed(at, "deals"), {state: state for state in BEFORE}),
    (
        lambda at: an_activity("newsletter_unsubscribed", at, email="a@x.com"),
        {state: state for state in BEFORE},
    ),
]


@pytest.mark.parametrize(("act", "leads"), MOVES)
@pytest.mark.parametrize("before", BEFORE)
def test_each_act_leads_from_each_state_to_one(act, leads, before):
    assert offers(*BEFORE[before], act(minutes(0))) == leads[before]


def test_a_topic_moves_neither_the_newsletter_nor_another_topic():
    assert states([subscribed(days(0))]) == {
        "newsletter": "not_subscribed",
        "sms": "not_subscribed",
        "topic_offers": "subscribed",
        "topic_deals": "not_subscribed",
    }


def test_a_complaint_about_a_mail_ends_the_topics_by_email_alone():
    found = states([subscribed(days(0)), subscribed(days(0), "deals"), complained(days(1))])

    assert (found["topic_offers"], found["topic_deals"]) == ("unsubscribed", "subscribed")


def test_stop_to_a_message_ends_the_topics_by_sms_alone():
    known = identified(days(-8), email="a@x.com", phone="+34600000001", trusted=True)
    stop = an_activity("sms_unsubscribed", days(1), phone="+34600000001", trusted=True)

    found = states([known, subscribed(days(0)), subscribed(days(0), "deals"), stop])

    assert (found["topic_offers"], found["topic_deals"]) == ("subscribed", "unsubscribed")


@pytest.mark.parametrize("setting", ["accept", "confirm", "refuse"])
def test_a_browser_subscribes_only_where_the_account_accepts_it(setting):
    by = with_topics(settings=f"account: {{consent_from_browser: {setting}}}")
    visitor = an_activity("page_visited", days(-1), tracker="t", email="a@x.com")

    found = offers(visitor, subscribed(days(0), trusted=False, tracker="t"), rulebook=by)

    assert found == ("subscribed" if setting == "accept" else "not_subscribed")


def test_a_browser_may_unsubscribe_and_lifts_no_refusal():
    assert offers(subscribed(days(0)), unsubscribed(days(1))) == "unsubscribed"
    assert offers(unsubscribed(days(0)), subscribed(days(1), trusted=False)) == "unsubscribed"


@pytest.mark.parametrize("ids", [("a", "b"), ("b", "a")])
def test_of_a_yes_and_a_no_in_the_same_millisecond_the_no_holds(ids):
    yes, no = subscribed(days(0), id_=ids[0]), unsubscribed(days(0), id_=ids[1])

    assert offers(yes, no) == offers(no, yes) == "unsubscribed"


def test_a_refusal_outlives_the_undoing_of_the_import_that_subscribed():
    row = structs.replace(in_a_file(days(0), "subscribed"), id="row")
    undone = by_hand("e:a@x.com", days(2), undoes="row")

    assert offers(row, unsubscribed(days(1)), undone) == "unsubscribed"
    assert offers(row, undone) == "not_subscribed"


ACTS = {
    "yes": lambda at, n: subscribed(at, id_=n),
    "no": lambda at, n: unsubscribed(at, id_=n),
    "complaint": lambda at, n: structs.replace(complained(at), id=n),
    "hand": lambda at, n: structs.replace(edited(at, "unsubscribed"), id=n),
    "file": lambda at, n: structs.replace(in_a_file(at, "subscribed"), id=n),
    "browser": lambda at, n: subscribed(at, id_=n, trusted=False),
}
"""One trusted yes, three refusals, and two weak yeses."""


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(ACTS)), st.integers(0, 3)), min_size=2, max_size=4))
def test_a_no_is_lost_in_no_order(drawn):
    acts = [ACTS[kind](days(day), f"act{number}") for number, (kind, day) in enumerate(drawn)]

    [found] = {offers(*order) for order in itertools.permutations(acts)}

    refusals = [day for kind, day in drawn if kind in ("no", "complaint", "hand")]
    lifted = [day for kind, day in drawn if kind == "yes"]
    if refusals and not any(day > max(refusals) for day in lifted):
        assert found == "unsubscribed"
    elif not refusals:
        assert found == "subscribed"
