"""What services do when all does not go well: they retry for hours, replay, reorder and cut what they send."""

import base64
import hashlib
import hmac
import itertools
import json
from datetime import timedelta

import pytest

from engine.db.connection import utc_now
from engine.publishing import publishing
from tests.builders import identified
from tests.integration.drained import drain_all, receive_and_drain
from workers.collector.webhooks.signatures import MAX_AGE

ANA = "ana@x.example"
KEY = "signing key"
START = utc_now() - timedelta(days=4)


class Clock:
    """A clock that a test sets."""

    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def environment():
    return {"KEY": KEY}


@pytest.fixture
def post(db, serving, clock, environment):
    texts = publishing.completed(db, {"settings.yaml": "sending_services: {mailgun: {secret: $KEY}}\n"})
    publishing.publish(db, texts, by="x", message="service", now=utc_now())
    receive_and_drain(db, [identified(START - timedelta(days=9), email=ANA, trusted=True)])
    client = serving(environment=environment, clock=clock)

    def call(body):
        return client.post("/webhooks/mailgun", content=body)

    return call


def signed(event, number, at, *, happened=None):
    """A request of Mailgun, signed at a moment."""
    stamp, token = str(int(at.timestamp())), f"token-{at.timestamp()}"
    signature = hmac.new(KEY.encode(), (stamp + token).encode(), hashlib.sha256).hexdigest()
    data = {
        "event": event, "id": f"{event}-{number}", "recipient": ANA, "severity": "permanent",
        "timestamp": (happened or at).timestamp(),
        "message": {"headers": {"message-id": f"{number}@shop"}},
        "delivery-status": {"code": 550, "message": "5.1.1 unknown user"},
    }  # fmt: skip
    return json.dumps({
        "signature": {"timestamp": stamp, "token": token, "signature": signature}, "event-data": data
    }).encode()  # fmt: skip


def state(db):
    drain_all(db)
    return db.contacts.find_one({"email": ANA})["statuses"]["email_status"]["state"]


def test_a_service_that_retries_for_hours_is_heard_once_with_the_time_at_which_it_happened(
    db, post, clock, environment
):
    environment.clear()
    for hours in range(8):  # the secret is not set yet: it is sent again
        clock.now = START + timedelta(hours=hours)
        assert post(signed("failed", 1, clock.now, happened=START)).status_code == 503
    environment["KEY"] = KEY
    for hours in range(8, 72, 8):  # our answer was lost on the way: it is sent again
        clock.now = START + timedelta(hours=hours)
        assert post(signed("failed", 1, clock.now, happened=START)).status_code == 200

    [kept] = db.activities.find({"type": "email_bounced"})
    assert abs(kept["happened_at"] - START) < timedelta(seconds=1)
    assert db.raw_notices.count_documents({}) == 1


def test_a_request_that_is_replayed_later_is_refused_and_one_that_is_replayed_at_once_changes_nothing(
    db, post, clock
):
    body = signed("failed", 1, clock.now)
    assert [post(body).status_code for _ in range(2)] == [200, 200]

    clock.now += MAX_AGE + timedelta(seconds=2)

    assert post(body).status_code == 403
    assert db.activities.count_documents({"type": "email_bounced"}) == 1


def test_every_order_of_arrival_ends_in_the_same_state(db, post, clock):
    happened = [START + timedelta(minutes=n) for n in range(4)]
    events = [("failed", 1), ("failed", 2), ("opened", 3), ("failed", 4)]
    bodies = [signed(*event, START, happened=at) for event, at in zip(events, happened, strict=True)]
    ends = set()
    clock.now = START + timedelta(minutes=5)

    for order in itertools.islice(itertools.permutations(bodies), 0, None, 5):
        db.activities.delete_many({"type": {"$in": ["email_bounced", "email_opened"]}})
        db.contacts.update_many({}, {"$set": {"upkeep": 0}})
        for body in order:
            assert post(body).status_code == 200
        ends.add((state(db), tuple(db.contacts.find_one({"email": ANA})["mail"]["failing"])))

    assert ends == {("active", ("4@shop",))}


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_request_that_is_cut_changes_nothing(db, post, clock, share):
    body = signed("failed", 1, clock.now)

    assert post(body[: int(len(body) * share)]).status_code in (400, 403)
    assert db.activities.count_documents({"type": "email_bounced"}) == 0


def test_another_key_or_a_changed_body_is_no_proof(db, post, clock):
    body = json.loads(signed("failed", 1, clock.now))
    body["signature"]["signature"] = base64.b16encode(b"guess" * 6).decode()

    assert post(json.dumps(body).encode()).status_code == 403
    assert db.activities.count_documents({"type": "email_bounced"}) == 0
