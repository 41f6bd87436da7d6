"""What was not understood is kept, and makes its activity once when it is run again and understood."""

import base64
import json
import time

import pytest

from engine.db.connection import utc_now
from engine.notices import not_understood, returned_mail
from engine.notices.not_understood import PayloadNotFound, list_not_understood, run_again
from engine.notices.raw_notices import raw_notice
from engine.publishing import publishing
from tests.returned import RIDDLE, bounce
from tests.unit.domain.bounce_messages.corpus import report
from workers.collector.webhooks import brevo, twilio
from workers.collector.webhooks.registry import PROVIDERS

ANA = "ana@x.example"
PASSWORD = {"authorization": "Basic " + base64.b64encode(b"hook:long password").decode()}
NEW = "vanished"


@pytest.fixture
def client(db, serving):
    texts = publishing.completed(db, {})
    services = "\n".join(f"  {name}: {{secret: $SECRET}}" for name in ("brevo", "twilio", "bounce"))
    settings = f"{texts['settings.yaml']}sending_services:\n{services}\n"
    publishing.publish(db, texts | {"settings.yaml": settings}, by="x", message="x", now=utc_now())
    client = serving(environment={"SECRET": "long password"})
    client.headers.update(PASSWORD)
    return client


@pytest.fixture
def unknown(db, client):
    """A bounce by a name that is not known, and its id here."""
    event = {"event": NEW, "email": ANA, "ts_event": utc_now().timestamp(), "message-id": "<1@x>"}
    client.post("/webhooks/brevo", content=json.dumps(event))
    [kept] = list_not_understood(db)
    return kept


def learn(monkeypatch):
    """A later version knows the name."""
    monkeypatch.setitem(brevo._TYPES, NEW, brevo._TYPES["hard_bounce"])


def test_what_is_understood_now_makes_its_activity_once_and_is_done(db, unknown, monkeypatch):
    learn(monkeypatch)

    first, again = (run_again(db, unknown.id, now=utc_now(), wait=60) for _ in range(2))

    assert (first.state, again.state) == ("done", "done")
    [activity] = db.activities.find({"type": "email_bounced"})
    assert first.activities == [activity["_id"]]
    assert ANA in raw_notice(db, activity["_id"]).text
    assert list_not_understood(db) == [] and list_not_understood(db, done=True) == [first]


def test_what_is_still_not_understood_stays_with_the_time_of_the_attempt(db, unknown):
    found = run_again(db, unknown.id, now=utc_now(), wait=60)

    assert (found.state, found.reason, found.activities) == ("kept", f"unknown event '{NEW}'", [])
    assert found.tried_at is not None


def test_its_service_may_send_it_again_meanwhile(db, client, unknown, monkeypatch):
    learn(monkeypatch)
    client.post("/webhooks/brevo", content=unknown.event)

    run_again(db, unknown.id, now=utc_now(), wait=60)

    assert db.activities.count_documents({"type": "email_bounced"}) == 1


def test_a_kill_before_it_is_marked_as_done_counts_nothing_twice(db, unknown, monkeypatch):
    learn(monkeypatch)
    settle, times = not_understood.settle, []

    def killed_once(*args, **more):
        times.append(1)
        if len(times) == 1:
            raise not_understood.Unavailable("killed")
        settle(*args, **more)

    monkeypatch.setattr(not_understood, "settle", killed_once)

    assert run_again(db, unknown.id, now=utc_now(), wait=60).state == "done"
    assert len(times) == 2
    assert db.activities.count_documents({"type": "email_bounced"}) == 1


def test_a_module_that_breaks_keeps_the_payload_with_the_error(db, unknown, monkeypatch):
    broken = PROVIDERS["brevo"].__class__("Brevo", lambda _: 1 / 0, PROVIDERS["brevo"].verify, "")
    monkeypatch.setitem(PROVIDERS, "brevo", broken)

    found = run_again(db, unknown.id, now=utc_now(), wait=60)

    assert (found.state, found.reason) == ("kept", "ZeroDivisionError: division by zero")


@pytest.mark.parametrize(
    "raw", [RIDDLE, bounce(1).replace(b"rfc822; ana@x.example", b"").replace(b"To: ana@x.example", b"")]
)
def test_returned_mail_is_read_again_as_it_came(db, client, raw, monkeypatch):
    client.post("/webhooks/bounce", content=raw, headers={"content-type": "message/rfc822"})
    [kept] = list_not_understood(db)
    assert kept.raw == raw

    known = returned_mail.read(
        report("Final-Recipient: rfc822; ana@x.example\nAction: failed\nStatus: 5.1.1\n")
    )
    monkeypatch.setattr(returned_mail, "read", lambda _: known)

    found = run_again(db, kept.id, now=utc_now(), wait=60)

    assert found.state == "done"
    assert db.activities.count_documents({"_id": {"$in": found.activities}, "type": "email_bounced"}) == 1


def test_a_form_is_read_again_with_the_time_at_which_it_came(db, client, monkeypatch):
    monkeypatch.setitem(
        PROVIDERS, "twilio", PROVIDERS["twilio"].__class__(
            "Twilio", twilio.read, lambda *_: None, "", twilio.payload_of
        )
    )  # fmt: skip
    form = {"MessageSid": "SM1", "MessageStatus": "evaporated", "To": "+34600777123"}
    client.post("/webhooks/twilio", data=form)
    [kept] = list_not_understood(db)
    monkeypatch.setitem(twilio._TYPES, "evaporated", "sms_bounced")
    time.sleep(0.01)

    run_again(db, kept.id, now=utc_now(), wait=60)

    [activity] = db.activities.find({"type": "sms_bounced"})
    assert (activity["happened_at"], activity["identities"]["phone"]) == (kept.received_at, "+34600777123")


def test_a_body_that_is_cut_is_kept_and_asked_for_again(db, client):
    for _ in range(3):
        assert client.post("/webhooks/brevo", content='{"event": "hard_bou').status_code == 400

    [kept] = list_not_understood(db)
    assert (kept.event, kept.reason[:11]) == ('{"event": "hard_bou', "is not JSON")
    assert run_again(db, kept.id, now=utc_now(), wait=60).state == "kept"


def test_a_payload_that_is_not_there_is_told(db):
    with pytest.raises(PayloadNotFound):
        run_again(db, "nothing", now=utc_now())


def test_without_a_collector_it_waits(db, unknown, client):
    client.__exit__()

    assert run_again(db, unknown.id, now=utc_now(), wait=0.2).state == "waiting"
    assert [kept.id for kept in not_understood.marked(db)] == [unknown.id]
