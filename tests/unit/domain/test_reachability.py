"""What a contact can receive is said in words, and why not."""

import msgspec

from engine.domain.identity.identities import Key
from engine.domain.reachability import reach_of, stopping
from tests.builders import SHIPPED, an_activity, days, the_contact, with_topics

EMAIL = "ana@x.com"


def said(activities, *, channel="Newsletter"):
    state = the_contact([an_activity("newsletter_subscribed", email=EMAIL, id_="z"), *activities]).state
    found = reach_of(state, SHIPPED.present, email=EMAIL, phone=None)
    return next((reach.reachable, reach.why) for reach in found if reach.channel == channel)


def bounced(at, message, **more):
    said = {"bounce": "permanent", "reason": "no such mailbox", "message_id": message, **more}
    return an_activity("email_bounced", at, email=EMAIL, trusted=True, **said)


def test_who_is_subscribed_with_an_address_that_works_is_reached():
    assert said([]) == (True, "subscribed on 2 March 2026 by the contact")


def test_who_unsubscribed_is_not_and_the_day_is_said():
    gone = an_activity("newsletter_unsubscribed", days(1), email=EMAIL, reason="too many mails")

    assert said([gone]) == (False, "unsubscribed on 3 March 2026 by the contact (too many mails)")


def test_a_bounced_address_says_how_often_when_and_why():
    run = [
        bounced(days(1), "one", bounce="temporary", reason="mailbox full"),
        bounced(days(2), "two"),
        bounced(days(3), "three"),
    ]

    reachable, why = said(run)

    assert not reachable
    assert why == (
        "Email bounced since 5 March 2026, 3 failed attempts in a row, "
        "the last on 5 March 2026: no such address (1 temporary bounce)"
    )


def test_a_colleague_who_ended_a_subscription_is_named():
    edited = an_activity("identified", email=EMAIL, external_id="7")
    by_eva = msgspec.structs.replace(
        an_activity("contact_edited", days(1), newsletter="unsubscribed", author="Eva"),
        stream=Key(f"e:{EMAIL}"), tracker=None, trusted=True,
    )  # fmt: skip

    assert said([edited, by_eva]) == (False, "unsubscribed on 3 March 2026 by Eva")


def test_a_complaint_is_told_and_not_said_to_be_a_wish():
    complaint = an_activity("email_complained", days(1), email=EMAIL, trusted=True)

    assert said([complaint]) == (False, "unsubscribed since 3 March 2026 (marked a mail as spam)")


def test_a_block_does_not_give_the_reason_of_an_earlier_bounce():
    full = bounced(days(1), "one", bounce="temporary", reason="mailbox full")
    complaint = an_activity("email_complained", days(2), email=EMAIL, trusted=True)

    assert said([full, complaint], channel="Email") == (
        False, "blocked since 4 March 2026 (marked a mail as spam)"
    )  # fmt: skip


def test_email_as_such_reaches_who_never_subscribed():
    gone = an_activity("newsletter_unsubscribed", days(1), email=EMAIL)

    assert said([gone], channel="Email") == (True, "active")


def test_a_channel_without_an_address_says_so():
    assert said([], channel="SMS") == (False, "no mobile phone")
    assert said([], channel="Web push") == (False, "not enabled on any device")


def test_stopping_pauses_what_is_written_to_and_leaves_consent():
    states = {"email_status": "active", "mobile_status": "active", "newsletter": "subscribed"}

    assert stopping(states, SHIPPED.present, "paused", email=EMAIL, phone=None) == {"email_status": "paused"}


def test_a_refusal_is_recorded_for_every_subscription_that_is_not_refused_yet():
    states = {"newsletter": "unsubscribed", "sms": "not_subscribed"}

    found = stopping(states, SHIPPED.present, "unsubscribed", email=EMAIL, phone=None)

    assert found == {"sms": "unsubscribed"}


def test_who_is_blocked_already_is_not_paused():
    states = {"email_status": "blocked"}

    assert stopping(states, SHIPPED.present, "paused", email=EMAIL, phone=None) == {}


def test_each_topic_has_a_line_beside_its_channel():
    topics = with_topics().present
    agreed = an_activity("topic_subscribed", days(0), email=EMAIL, topic="offers", trusted=True)
    refused = an_activity("topic_unsubscribed", days(1), email=EMAIL, topic="deals")
    state = the_contact([agreed, refused], with_topics()).state

    found = reach_of(state, topics, email=EMAIL, phone="+34600000001")

    assert [(reach.channel, reach.reachable, reach.why) for reach in found] == [
        ("Email", True, "active"),
        ("Newsletter", False, "not subscribed"),
        ("Offers and sales", True, "subscribed on 2 March 2026 by the contact"),
        ("SMS", False, "not subscribed"),
        ("Deals of the day", False, "unsubscribed on 3 March 2026 by the contact"),
        ("Web push", False, "not enabled on any device"),
    ]


def test_a_topic_does_not_reach_a_blocked_address():
    topics = with_topics()
    agreed = an_activity("topic_subscribed", days(0), email=EMAIL, topic="offers", trusted=True)
    blocked = an_activity("email_blocked", days(1), email=EMAIL, reason="asked by mail", trusted=True)
    found = reach_of(the_contact([agreed, blocked], topics).state, topics.present, email=EMAIL, phone=None)

    [offers] = [reach for reach in found if reach.channel == "Offers and sales"]

    assert (offers.reachable, offers.why) == (False, "Email blocked since 3 March 2026 (asked by mail)")


def test_stopping_for_good_ends_every_topic():
    topics = with_topics().present

    found = stopping({"topic_deals": "unsubscribed"}, topics, "unsubscribed", email=EMAIL, phone=None)

    assert found == dict.fromkeys(("newsletter", "sms", "topic_offers"), "unsubscribed")


def test_the_reason_is_plain_whatever_the_sender_calls_it():
    words = {
        "reason": "The server was unable to deliver your message",
        "diagnostic": "550 5.1.1 no such account",
    }
    run = [bounced(days(number), str(number), bounce="", **words) for number in range(1, 4)]

    assert said(run)[1].endswith("the last on 5 March 2026: no such address")


def test_words_that_nobody_knows_are_those_of_the_sender():
    run = [bounced(days(number), str(number), reason="purple weather") for number in range(1, 4)]

    assert said(run)[1].endswith("the last on 5 March 2026: purple weather")
