"""Double opt-in: what a browser subscribes waits for a click, and nothing is sent meanwhile."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from engine.domain.activities import ActivityId
from engine.domain.reachability import reach_of
from tests.arrival import Living
from tests.builders import (
    NOON,
    an_activity,
    by_hand,
    days,
    folded,
    identified,
    minutes,
    rules,
    the_contact,
    transitions_with,
)

SETTINGS = """
account: {time_zone: UTC, consent_from_browser: confirm}
webhooks: {mailer: {url: 'https://mail.example/hook'}}
preferences: {url: 'https://events.example', secret: $LINKS}
double_opt_in: {webhook: mailer}
"""
CONFIRM = rules(settings=SETTINGS, transitions=transitions_with())
ANA = "a@x.com"
KNOWN = identified(days(-9), email=ANA, trusted=True)


def by_browser(at, type_="newsletter_subscribed", **more):
    return an_activity(type_, at, tracker="t", email=ANA, **more)


def by_server(at, type_="newsletter_subscribed", **more):
    return an_activity(type_, at, email=ANA, trusted=True, **more)


ASKED = by_browser(days(0), id_="asked")


def state(*activities, until=NOON, rulebook=CONFIRM):
    return the_contact([KNOWN, *activities], rulebook, until=until).state


def calls(*activities, until=NOON, rulebook=CONFIRM):
    found = folded([KNOWN, *activities], rulebook, until=until).calls
    return [
        (call.webhook, call.activity["subscription"], "reminds" in call.activity, call.happened_at)
        for call in found
    ]


def newsletter(*activities, until=NOON):
    found = reach_of(state(*activities, until=until), CONFIRM.present, email=ANA, phone=None)
    return next((reach.reachable, reach.why) for reach in found if reach.channel == "Newsletter")


def test_a_browsers_subscription_waits_for_a_confirmation_and_reaches_nobody():
    assert state(ASKED).statuses["newsletter"].state == "not_subscribed"
    assert newsletter(ASKED) == (False, "waiting for confirmation since 2 March 2026")


def test_the_link_is_asked_for_once_and_again_after_two_days():
    assert calls(ASKED) == [("mailer", "newsletter", False, days(0))]
    assert calls(ASKED, until=days(6)) == [
        ("mailer", "newsletter", False, days(0)),
        ("mailer", "newsletter", True, days(2)),
    ]


def test_a_request_is_over_after_seven_days():
    assert "newsletter" in state(ASKED, until=days(6)).asked
    assert state(ASKED, until=days(7)).asked == {}


@pytest.mark.parametrize(
    ("then", "becomes"),
    [
        (by_server(days(1)), "subscribed"),
        (by_server(days(1), "newsletter_unsubscribed"), "unsubscribed"),
        (by_browser(days(1), "newsletter_unsubscribed"), "unsubscribed"),
        (by_server(days(1), "email_complained"), "unsubscribed"),
        (by_hand(f"e:{ANA}", days(1), newsletter="subscribed", author="Mia"), "subscribed"),
    ],
)
def test_a_decision_ends_the_waiting_and_its_reminder(then, becomes):
    found = state(ASKED, then, until=days(5))

    assert found.statuses["newsletter"].state == becomes
    assert found.asked == {}
    assert len(calls(ASKED, then, until=days(5))) == 1


def test_a_new_address_ends_the_waiting_of_the_old_one():
    moved = identified(days(1), external_id="7", email="new@x.com", trusted=True)
    known = identified(days(-9), external_id="7", email=ANA, trusted=True)

    found = the_contact([known, ASKED, moved], CONFIRM, until=days(5)).state

    assert found.asked == {}


@pytest.mark.parametrize(
    "before",
    [
        by_server(days(-2), "newsletter_unsubscribed"),
        by_server(days(-2), "email_complained"),
        by_server(days(-2)),
    ],
)
def test_whoever_refused_or_is_subscribed_is_not_asked(before):
    assert state(before, ASKED).asked == {}
    assert calls(before, ASKED) == []


def test_many_forms_ask_once_in_two_days():
    forms = [by_browser(minutes(n)) for n in range(30)]

    assert len(calls(*forms)) == 1
    assert len(calls(*forms, by_browser(days(3)), until=days(3))) == 3, "asked, reminded, asked anew"


def test_what_a_bot_fills_in_asks_nobody():
    assert calls(by_browser(days(0), bot=True)) == []


def test_an_anonymous_visitor_without_an_address_waits_for_nothing():
    visitor = an_activity("newsletter_subscribed", days(0), tracker="t")

    assert the_contact([visitor], CONFIRM).state.asked == {}


def test_a_topic_is_confirmed_by_itself():
    topic = by_browser(days(0), "topic_subscribed", topic="offers")

    assert [call[1] for call in calls(topic, ASKED)] in (
        ["topic_offers", "newsletter"],
        ["newsletter", "topic_offers"],
    )
    assert set(state(topic, ASKED, by_server(days(1)), until=days(1)).asked) == {"topic_offers"}


def test_where_browsers_are_believed_nobody_is_asked():
    accepting = rules(settings=SETTINGS.replace("confirm}", "accept}"))

    assert state(ASKED, rulebook=accepting).statuses["newsletter"].state == "subscribed"
    assert calls(ASKED, rulebook=accepting) == []


def test_without_a_webhook_it_waits_and_nobody_is_called():
    waiting = rules(settings="account: {consent_from_browser: confirm}")

    assert "newsletter" in state(ASKED, rulebook=waiting).asked
    assert calls(ASKED, until=days(9), rulebook=waiting) == []


KINDS = (
    by_browser,
    lambda at: by_browser(at, "sms_subscribed", phone="+34600000000"),
    lambda at: by_browser(at, "newsletter_unsubscribed"),
    by_server,
    lambda at: by_server(at, "newsletter_unsubscribed"),
    lambda at: by_server(at, "email_complained"),
    lambda at: an_activity("newsletter_subscribed", at, tracker="t2"),
    lambda at: an_activity("page_visited", at, tracker="t2"),
    lambda at: identified(at, tracker="t2", email=ANA, trusted=True),
    lambda at: identified(at, email=ANA, external_id="7", trusted=True),
    lambda at: identified(at, email="new@x.com", external_id="7", trusted=True),
)


@st.composite
def histories(draw):
    found = draw(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 20)), min_size=1, max_size=8))
    return [
        structs.replace(kind(days(half / 2)), id=ActivityId(f"h{number}"))
        for number, (kind, half) in enumerate(found)
    ]


@settings(max_examples=300, deadline=None)
@given(history=histories(), data=st.data())
def test_the_same_waits_however_it_arrives(history, data):
    quiet, lively = Living(CONFIRM), Living(CONFIRM)
    quiet.receive(history)
    for activity in data.draw(st.permutations(history)):
        lively.receive([activity])

    assert lively.picture() == quiet.picture()
