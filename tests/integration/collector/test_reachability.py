"""The question of a sender, on the real server: who may be written to, by which key, and who may ask."""

import random

import pytest
from msgspec import structs

from engine.contacts.listing import listing
from engine.contacts.listing.listing import Listing
from engine.contacts.reachability_lookup import reachability
from engine.db.connection import utc_now
from engine.domain.reachability import UnknownChannel, receiving
from engine.publishing import publishing
from engine.rules import versions
from tests.builders import an_activity, bought, identified, minutes, transitions_with
from tests.integration.drained import receive_and_drain

CHANNELS = ("email", "newsletter", "topic_offers", "sms", "topic_deals", "push")


@pytest.fixture
def lists(db):
    """The shop has topics: offers by email, and deals by SMS."""
    texts = publishing.completed(db, {"transitions.yaml": transitions_with()})
    publishing.publish(db, texts, by="test", message="topics", now=utc_now())
    return db


@pytest.fixture
def server(serving, secret_key):
    client = serving()
    client.auth = (secret_key, "")
    return client


def subscribed(email="ana@x.com", at=0):
    return an_activity("newsletter_subscribed", minutes(at), email=email, trusted=True)


def test_a_contact_is_found_by_each_of_its_keys(lists, server):
    receive_and_drain(lists, [identified(minutes(0), email="ana@x.com", external_id="a/1"), subscribed()])

    by_email = server.get("/v1/contacts/ana@x.com/reachability").json()
    by_number = server.get("/v1/contacts/a%2F1/reachability").json()
    by_id = server.get(f"/v1/contacts/{by_email['contact']}/reachability").json()

    assert by_email["channels"]["newsletter"] == {
        "label": "Newsletter", "reachable": True, "why": "subscribed on 2 March 2026 by the contact"
    }  # fmt: skip
    assert by_email["channels"] == by_number["channels"] == by_id["channels"]
    assert list(by_email["channels"]) == list(CHANNELS)
    assert by_email["channels"]["sms"] == {"label": "SMS", "reachable": False, "why": "no mobile phone"}


def test_many_are_asked_for_at_once_in_their_order(lists, server):
    receive_and_drain(
        lists, [subscribed(), an_activity("email_blocked", minutes(1), email="bo@x.com", trusted=True)]
    )

    asked = server.post(
        "/v1/contacts/reachability", json={"contacts": ["bo@x.com", "nobody@x.com", "ANA@x.com"]}
    )

    bo, nobody, ana = asked.json()["contacts"]
    assert (bo["key"], bo["channels"]["email"]["reachable"]) == ("bo@x.com", False)
    assert nobody == {"key": "nobody@x.com", "contact": None, "channels": {}}
    assert ana["channels"]["newsletter"]["reachable"]


def test_an_id_of_before_a_merge_leads_to_who_it_is_now(lists, server):
    receive_and_drain(lists, [bought("5", minutes(0), tracker="t", order_id="1")])
    before = lists.contacts.find_one({}, {"_id": 1})["_id"]
    receive_and_drain(
        lists, [subscribed(at=1), identified(minutes(2), tracker="t", email="ana@x.com", trusted=True)]
    )

    found = server.get(f"/v1/contacts/{before}/reachability").json()

    assert found["channels"]["newsletter"]["reachable"]


def test_nobody_else_may_ask(lists, server, client):
    receive_and_drain(lists, [subscribed()])

    assert client.get("/v1/contacts/ana@x.com/reachability").status_code == 403
    assert client.post("/v1/contacts/reachability", json={"contacts": ["ana@x.com"]}).status_code == 403
    server.auth = ("wrong", "")
    assert server.get("/v1/contacts/ana@x.com/reachability").status_code == 401


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "body"), (b'{"contacts": "ana@x.com"}', "array"), (b'{"contacts": []}', "1 to 1,000"),
        (b'{"contacts": [' + b",".join([b'"a"'] * 1_001) + b"]}", "1,001 entries"), (b"\xff", "body"),
    ],
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_refused_in_words(server, body, words):
    refused = server.post("/v1/contacts/reachability", content=body)

    assert refused.status_code == 400 and words in refused.text


def test_the_answer_has_the_link_to_the_preference_page_where_there_is_one(lists, serving, secret_key):
    settings = publishing.completed(lists, {})["settings.yaml"]
    page = "\npreferences: {url: https://events.x.com, secret: $PAGE}\n"
    publishing.publish(
        lists,
        publishing.completed(lists, {"settings.yaml": settings + page}),
        by="t",
        message="t",
        now=utc_now(),
    )
    receive_and_drain(lists, [subscribed()])
    with_secret = serving(environment={"PAGE": "0123456789abcdef0123"})
    without = serving()
    for client in (with_secret, without):
        client.auth = (secret_key, "")

    found = with_secret.get("/v1/contacts/ana@x.com/reachability").json()

    assert found["preferences"].startswith("https://events.x.com/preferences/")
    assert with_secret.get(found["preferences"].removeprefix("https://events.x.com")).status_code == 200
    assert "preferences" not in without.get("/v1/contacts/ana@x.com/reachability").json()


def test_nobody_of_that_key_is_404(server):
    assert server.get("/v1/contacts/nobody@x.com/reachability").status_code == 404


def test_the_list_of_who_can_receive_something_has_those_whose_sheets_say_so(lists):
    chance, activities = random.Random(18), []
    for number in range(60):
        who = {"email": f"c{number}@x.com"} | ({"phone": f"+3460000{number:04}"} if number % 3 else {})
        activities.append(identified(minutes(0), trusted=True, **who))
        for step in range(chance.randint(0, 9)):
            type_ = chance.choice(
                ["newsletter_subscribed", "newsletter_unsubscribed", "sms_subscribed", "sms_unsubscribed",
                 "topic_subscribed", "topic_subscribed", "topic_unsubscribed", "email_bounced", "email_bounced",
                 "email_bounced", "sms_bounced", "sms_bounced", "email_complained", "email_blocked",
                 "push_subscribed", "push_unsubscribed"]
            )  # fmt: skip
            more = {"topic": chance.choice(["offers", "deals"])} if type_.startswith("topic") else {}
            activities.append(
                an_activity(type_, minutes(step + 1), trusted=True, message_id=f"{number}-{step}",
                            device_id="d", email=who["email"], **more)
            )  # fmt: skip
    ruleset = versions.current(lists)
    receive_and_drain(lists, [structs.replace(activity, ruleset=ruleset.version) for activity in activities])
    everybody = listing.page(lists, Listing(), limit=100).rows

    found = {each.contact: each.reach for each in reachability(lists, [row.id for row in everybody], ruleset)}
    for channel in CHANNELS:
        reached = {
            id_ for id_, reach in found.items() for each in reach if each.id == channel and each.reachable
        }
        listed = listing.page(lists, Listing(where=receiving(channel, ruleset)), limit=100).rows
        assert {row.id for row in listed} == reached
        assert 0 < len(reached) < 60, channel


def test_an_unknown_list_is_named_with_those_there_are(lists):
    with pytest.raises(UnknownChannel, match=r"'topic_news'.*newsletter, topic_offers"):
        receiving("topic_news", versions.current(lists))
