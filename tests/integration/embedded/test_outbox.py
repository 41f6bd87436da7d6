"""Webhooks: called once for what happened, signed, tried again, and not for what is past."""

import base64
import hashlib
import hmac
import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from engine.db.connection import utc_now
from engine.pipeline import inbox, outbox
from engine.publishing import publishing
from tests.builders import an_activity
from tests.integration.drained import drain_all
from workers.tasks.outbox import send_next

SECRET = "whsec_" + base64.b64encode(b"a secret of ours").decode()
SCORING = """
rules:
  - {id: tell, name: Tell, on: product_visited, effects: [{webhook: crm}]}
"""


@pytest.fixture
def crm():
    """Another system: it keeps what it is sent, and answers as it is told."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(server.answers.pop(0) if server.answers else 200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.received, server.answers = [], []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def told(db, crm):
    settings = f"account: {{time_zone: UTC}}\nwebhooks:\n  crm: {{url: 'http://127.0.0.1:{crm.server_port}/hook', secret: {SECRET}}}\n"
    texts = publishing.completed(db, {"settings.yaml": settings, "scoring.yaml": SCORING})
    publishing.publish(db, texts, by="ana", message="tell the CRM", now=utc_now())
    return db


def visited(ago=timedelta(0), **more):
    return an_activity("product_visited", utc_now() - ago, tracker="t1", **more)


def receive(db, *activities):
    import msgspec

    now = [msgspec.structs.replace(activity, ruleset=2) for activity in activities]
    inbox.receive(db, now)
    drain_all(db)


def send_all(db, *, later=timedelta(0)):
    while send_next(db, clock=lambda: utc_now() + later):
        pass


def test_a_call_is_signed_and_tells_the_contact_and_the_activity(told, crm):
    receive(told, visited(id_="v1", name="Boot"))
    send_all(told)

    [(headers, body)] = crm.received
    message = json.loads(body)
    assert message["data"]["rule"] == "tell"
    assert message["data"]["activity"] == {
        "id": "v1",
        "type": "product_visited",
        "properties": {"name": "Boot"},
    }
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(b"a secret of ours", signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert outbox.counts(told) == {"waiting": 0, "sent": 1, "failed": 0}


def test_what_is_folded_again_is_not_called_again_and_what_is_past_never(told, crm):
    receive(told, visited(id_="v1"))
    send_all(told)

    receive(told, visited(timedelta(minutes=5), id_="late"), visited(timedelta(days=3), id_="past"))
    send_all(told)

    assert [json.loads(body)["data"]["activity"]["id"] for _, body in crm.received] == ["v1", "late"]


def test_a_call_that_fails_is_tried_again_later_and_by_hand_after_that(told, crm):
    crm.answers = [500] * (len(outbox.PAUSES) + 1)
    receive(told, visited())

    send_all(told)
    assert len(crm.received) == 1, "not at once"
    for pause in outbox.PAUSES:
        send_all(told, later=pause + timedelta(seconds=1))
    for _ in outbox.PAUSES:
        send_all(told, later=timedelta(days=2))
    assert outbox.counts(told)["failed"] == 1
    assert len({headers["webhook-id"] for headers, _ in crm.received}) == 1

    assert outbox.retry(told, now=utc_now()) == 1
    send_all(told)
    assert outbox.counts(told) == {"waiting": 0, "sent": 1, "failed": 0}


def test_a_sender_that_dies_over_a_call_is_followed_by_another(told, crm):
    receive(told, visited())
    assert outbox.claim(told, now=utc_now()) is not None, "and now it dies"

    send_all(told)
    assert crm.received == []
    send_all(told, later=outbox.CLAIM + timedelta(seconds=1))

    assert len(crm.received) == 1


def test_a_webhook_that_is_gone_fails_for_good(told, crm):
    crm.answers = [410]
    receive(told, visited())
    send_all(told)

    assert outbox.counts(told) == {"waiting": 0, "sent": 0, "failed": 1}
