"""Webhooks of sending services: verified, kept once, and what is not understood kept whole."""

import base64
import json
from datetime import timedelta

import pytest

from engine.db.connection import utc_now
from engine.publishing import publishing
from tests.builders import identified
from tests.integration.drained import drain_all, receive_and_drain
from workers.collector.webhooks import door, receiving

ANA = "ana@x.example"
PASSWORD = {"authorization": "Basic " + base64.b64encode(b"hook:long password").decode()}


@pytest.fixture
def post(db, serving):
    declared = "sending_services:\n  brevo: {secret: [$OLD, $BREVO]}\n  postmark: {secret: $UNSET}\n  ses: {secret: $TOPIC}\n"
    texts = publishing.completed(db, {})
    settings = texts["settings.yaml"] + declared
    publishing.publish(db, texts | {"settings.yaml": settings}, by="x", message="services", now=utc_now())
    environment = {
        "OLD": "an old password",
        "BREVO": "long password",
        "TOPIC": "arn:aws:sns:eu-west-1:1:mail",
    }
    client = serving(environment=environment)

    def call(provider, content, headers=PASSWORD):
        return client.post(f"/webhooks/{provider}", content=json.dumps(content), headers=headers)

    return call


def brevo(event, number=0, **more):
    at = (utc_now() - timedelta(minutes=9 - number)).timestamp()
    return {"event": event, "email": ANA, "ts_event": at, "message-id": f"<{number}@x>", **more}


def bounces(number):
    return [brevo("hard_bounce", n, reason="550 5.1.1 unknown user") for n in range(number)]


def the_status(db):
    drain_all(db)
    return db.contacts.find_one({"email": ANA})["statuses"]["email_status"]


def test_three_bounces_stop_the_mail_with_their_reason_and_a_repetition_is_none(db, post):
    receive_and_drain(db, [identified(email=ANA, trusted=True)])
    two = bounces(2)
    for content in (two, two, two[::-1]):
        answer = post("brevo", content)
        assert answer.json() == {"success": True, "accepted": 2, "not_understood": 0}
    assert the_status(db)["state"] == "active"

    post("brevo", bounces(3))

    stopped = the_status(db)
    assert (stopped["state"], stopped["reason"]) == ("bounced", "550 5.1.1 unknown user")


def test_an_open_in_between_prevents_it_whichever_arrives_first(db, post):
    receive_and_drain(db, [identified(email=ANA, trusted=True)])
    first, second, _, last = bounces(4)

    for content in (last, second, brevo("opened", 2), first):
        post("brevo", content)

    assert the_status(db)["state"] == "active"


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer guess"}])
def test_a_forged_one_changes_nothing_and_is_counted(db, post, headers):
    answer = post("brevo", bounces(3), headers)

    assert answer.status_code == 403
    assert db.activities.count_documents({}) == 0


def test_what_is_not_understood_is_kept_whole_and_the_rest_goes_on(db, post):
    answer = post("brevo", [brevo("delivered"), brevo("teleported", colour="blue")])

    assert answer.json() == {"success": True, "accepted": 1, "not_understood": 1}
    [kept] = db.refusals.find()
    assert (kept["source"], kept["reason"]) == ("webhook:brevo", "unknown event 'teleported'")
    assert json.loads(kept["event"])["colour"] == "blue"


def test_a_service_that_is_unknown_undeclared_or_without_its_secret_is_told_so(post):
    assert post("nobody", {}).status_code == 404
    assert post("mailjet", {}).status_code == 404
    assert post("postmark", {}).status_code == 503, "it is sent again"


def test_a_topic_of_amazon_is_confirmed_once_it_is_verified(post, monkeypatch):
    url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t"
    asked = []
    monkeypatch.setattr(door.ses, "fetch", asked.append)
    message = {
        "Type": "SubscriptionConfirmation",
        "TopicArn": "arn:aws:sns:eu-west-1:1:mail",
        "SubscribeURL": url,
    }

    assert post("ses", message).status_code == 403, "it is not signed"
    assert asked == []

    monkeypatch.setattr(receiving, "verify", lambda *_: None)
    assert post("ses", message).status_code == 200
    assert asked == [url]
