"""Double opt-in on the real server: the form, the sender's webhook, the link, and the confirmation."""

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from msgspec import structs

from engine.contacts.sheet import consent_register, sheets
from engine.db.connection import utc_now
from engine.http_client import HttpClient
from engine.pipeline import outbox
from engine.publishing import publishing
from engine.rules import versions
from tests.builders import an_activity, identified
from tests.integration.drained import drain_all, receive_and_drain
from workers.tasks.drain import drain
from workers.tasks.outbox import send_next

INSIDE = HttpClient(allow_private=True)
ANA, ENVIRONMENT = "ana@x.example", {"LINKS": "a secret that is long enough"}


@pytest.fixture
def mailer():
    """The shop's own sender: it keeps what it is asked to mail."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            server.received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.received = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def shop(db, serving, mailer, write_key):
    """A collector of a shop that confirms subscriptions."""
    texts = publishing.completed(db, {})
    texts["settings.yaml"] = texts["settings.yaml"].replace(
        "consent_from_browser: accept", "consent_from_browser: confirm"
    ) + (
        f"webhooks: {{mailer: {{url: 'http://127.0.0.1:{mailer.server_port}/'}}}}\n"
        "preferences: {url: 'https://events.x.example', secret: $LINKS}\n"
        "double_opt_in: {webhook: mailer}\n"
    )
    publishing.publish(db, texts, by="x", message="double opt-in", now=utc_now())
    client = serving(environment=ENVIRONMENT)
    client.auth = (write_key, "")
    return client


def sign_up(shop, **more):
    event = {"anonymousId": "t1", "event": "newsletter_subscribed", "properties": {"email": ANA}, **more}
    assert shop.post("/v1/track", json=event).status_code == 200


def send_all(db, environment=None):
    while send_next(
        db, ENVIRONMENT if environment is None else environment, client=INSIDE, clock=utc_now
    ) not in (
        None,
        "held",
    ):
        pass


def pass_days(db, number):
    """Let the workers look at every contact as if so many days had passed."""
    later = utc_now() + timedelta(days=number)
    for lane in range(64):
        drain(db, lane, holder="test", clock=lambda: later)


def recompute(db):
    """Publish the rules anew, as if they had always been so."""
    texts = dict(versions.stored_version(db, versions.current_number(db)).texts)
    texts["settings.yaml"] += "# As if it had always been so.\n"
    publishing.publish(db, texts, by="x", message="recompute", now=utc_now(), recompute=True)


def the_sheet(db):
    drain_all(db)
    return sheets.sheet(db, db.contacts.find_one({"email": ANA})["_id"], now=utc_now())


def newsletter(db):
    return next(
        (reach.reachable, reach.why) for reach in the_sheet(db).reach if reach.channel == "Newsletter"
    )


def path_of(message):
    return message["data"]["confirm_url"].removeprefix("https://events.x.example")


def confirmations(db):
    return db.activities.count_documents({"source": "preference page", "type": "newsletter_subscribed"})


def test_a_subscription_takes_effect_with_the_click_and_with_its_evidence(db, shop, mailer):
    sign_up(shop)
    reachable, why = newsletter(db)
    assert not reachable and why.startswith("waiting for confirmation since ")
    send_all(db)
    [message] = mailer.received
    assert message["type"] == "consent.confirmation_requested"
    assert (message["data"]["to"], message["data"]["subscription"]) == (ANA, "newsletter")

    shop.auth = None
    asked = shop.get(path_of(message))
    assert "Yes, subscribe me" in asked.text and ANA not in asked.text
    assert confirmations(db) == 0, "a mail scanner opens every link"
    answers = [shop.post(path_of(message)) for _ in range(3)]

    assert ["You are subscribed" in answer.text for answer in answers] == [True] * 3
    assert confirmations(db) == 1
    assert newsletter(db)[0]
    [activity] = db.activities.find({"source": "preference page"})
    evidence = activity["properties"]
    assert evidence["source"] == "double opt-in" and evidence["page"] == "/confirm"
    assert evidence["text"] == "Newsletter: News and offers by email."
    assert evidence["request"] == db.activities.find_one({"tracker": "t1"})["_id"]
    assert evidence["asked_at"] <= activity["happened_at"].isoformat()
    kept = consent_register.register(db, db.contacts.find_one({"email": ANA})["_id"])
    entries = [(entry.source, entry.outcome) for entry in kept.entries if entry.subscription == "newsletter"]
    assert sorted(entries) == [
        ("Browser", "changed nothing: it needs a confirmation"),
        ("Preference page", "not subscribed → subscribed"),
    ]


def test_one_reminder_goes_out_by_time_alone(db, shop, mailer):
    sign_up(shop)
    drain_all(db)
    send_all(db)

    for number in (1, 2.01, 2.02, 4):
        pass_days(db, number)
    send_all_later(db, days=4)

    assert [message["type"].rpartition("_")[2] for message in mailer.received] == ["requested", "reminder"]
    assert path_of(mailer.received[0]) == path_of(mailer.received[1])


def send_all_later(db, *, days):
    while send_next(db, ENVIRONMENT, client=INSIDE, clock=lambda: utc_now() + timedelta(days=days)):
        pass


def test_a_request_that_was_not_confirmed_expires_with_its_link(db, shop, mailer, serving):
    sign_up(shop)
    drain_all(db)
    send_all(db)

    pass_days(db, 8)

    assert "asked" not in db.contacts.find_one({"email": ANA})
    later = serving(environment=ENVIRONMENT, clock=lambda: utc_now() + timedelta(days=8))
    assert later.post(path_of(mailer.received[0])).status_code == 410
    assert confirmations(db) == 0


def test_an_unsubscription_in_between_holds_against_an_older_link(db, shop, mailer):
    sign_up(shop)
    drain_all(db)
    send_all(db)
    receive_and_drain(db, [an_activity("newsletter_unsubscribed", utc_now(), email=ANA, trusted=True)])

    answer = shop.post(path_of(mailer.received[0]))

    assert answer.status_code == 409
    assert "You have unsubscribed" in answer.text
    assert not newsletter(db)[0]


def test_what_is_decided_before_the_mail_goes_out_is_not_mailed(db, shop, mailer):
    sign_up(shop)
    drain_all(db)
    receive_and_drain(db, [an_activity("newsletter_unsubscribed", utc_now(), email=ANA, trusted=True)])

    send_all(db)

    assert mailer.received == []
    assert db.outbox.find_one()["state"] == "dropped"


def test_folding_again_merging_and_publishing_anew_mail_nothing_twice(db, shop, mailer):
    sign_up(shop)
    drain_all(db)
    send_all(db)
    earlier = utc_now() - timedelta(hours=2)

    receive_and_drain(db, [an_activity("page_visited", earlier, tracker="t1")])
    receive_and_drain(db, [identified(earlier, external_id="7", email=ANA, trusted=True)])
    recompute(db)
    drain_all(db)
    send_all(db)

    assert len(mailer.received) == 1
    assert newsletter(db)[1].startswith("waiting")


def test_a_subscription_of_the_past_is_neither_asked_about_nor_reminded_of(db, shop, mailer):
    recompute(db)
    at = utc_now() - timedelta(days=2.5)
    late = an_activity("newsletter_subscribed", at, tracker="t1", email=ANA)
    receive_and_drain(db, [structs.replace(late, ruleset=versions.current_number(db))])
    assert newsletter(db)[1].startswith("waiting"), "its reminder is of today"
    send_all(db)

    assert mailer.received == []
    assert db.outbox.count_documents({}) == 0


def test_without_the_secret_the_call_waits_and_is_sent_once_it_is_set(db, shop, mailer):
    sign_up(shop)
    drain_all(db)

    send_all(db, environment={})
    assert mailer.received == []
    assert "LINKS" in outbox.held(db)[0].reason

    send_all_later(db, days=0.01)
    assert len(mailer.received) == 1


def test_the_link_of_a_visitor_works_after_the_merge_with_a_known_contact(db, shop, mailer):
    sign_up(shop)
    drain_all(db)
    send_all(db)
    receive_and_drain(db, [identified(utc_now(), external_id="7", email=ANA, trusted=True)])

    shop.post(path_of(mailer.received[0]))

    assert newsletter(db)[0]
    assert the_sheet(db).external_id == "7"
