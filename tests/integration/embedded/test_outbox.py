"""Webhooks: called once for what happened, signed, tried again, and not for what is past."""

import base64
import hashlib
import hmac
import json
import threading
import time
from contextlib import contextmanager, suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from engine.db.connection import utc_now
from engine.http_client import HttpClient
from engine.pipeline import inbox, outbox
from engine.publishing import publishing
from engine.rules import versions
from tests.builders import an_activity
from tests.integration.drained import drain_all
from tests.waiting import until
from workers.tasks import outbox as workers_outbox
from workers.tasks.outbox import LOOK, send_next

SECRET = "whsec_" + base64.b64encode(b"a secret of ours").decode()
INSIDE = HttpClient(allow_private=True, deadline=2.0)
"""Calls receivers on this machine."""

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
            answer = server.answers.pop(0) if server.answers else 200
            if answer == "drip":
                self.drip()
                return
            self.send_response(answer)
            if 300 <= answer < 400:
                self.send_header("Location", f"http://127.0.0.1:{server.server_port}/elsewhere")
            self.end_headers()

        def drip(self):
            with suppress(OSError):
                while server.dripping:
                    self.wfile.write(b"H")
                    time.sleep(0.05)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.received, server.answers, server.dripping = [], [], True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.dripping = False
    server.shutdown()
    server.server_close()


@pytest.fixture
def told(db, crm):
    publish(db, crm, secret=SECRET)
    return db


def publish(db, crm, *, secret):
    """Rules that call the CRM, with a secret as it is written in settings.yaml."""
    settings = f"account: {{time_zone: UTC}}\nwebhooks:\n  crm: {{url: 'http://127.0.0.1:{crm.server_port}/hook', secret: {secret}}}\n"
    texts = publishing.completed(db, {"settings.yaml": settings, "scoring.yaml": SCORING})
    publishing.publish(db, texts, by="ana", message="tell the CRM", now=utc_now())


def visited(ago=timedelta(0), **more):
    return an_activity("product_visited", utc_now() - ago, tracker="t1", **more)


def receive(db, *activities):
    import msgspec

    version = versions.current_number(db)
    now = [msgspec.structs.replace(activity, ruleset=version) for activity in activities]
    inbox.receive(db, now)
    drain_all(db)


def send_all(db, *, later=timedelta(0), environment=None):
    while send_next(db, environment or {}, client=INSIDE, clock=lambda: utc_now() + later):
        pass


@contextmanager
def a_worker(db, environment, *, later=timedelta(0)):
    """The sender of a worker process, with the secrets that its environment sets."""
    stop = threading.Event()
    clock = {"client": INSIDE, "clock": lambda: utc_now() + later, "stop": stop}
    sender = threading.Thread(target=workers_outbox.run, args=(db, environment), kwargs=clock)
    sender.start()
    try:
        yield
    finally:
        stop.set()
        sender.join()


def signature_of(headers, body, *, key):
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


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
    assert headers["webhook-signature"] == signature_of(headers, body, key=b"a secret of ours")
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


@pytest.mark.parametrize(
    "environment", [{}, {"CRM_SECRET": ""}, {"CRM_SECRET": " "}], ids=["unset", "empty", "blank"]
)
def test_without_its_secret_a_call_is_kept_and_sent_by_the_first_worker_that_has_it(db, crm, environment):
    publish(db, crm, secret="$CRM_SECRET")
    receive(db, visited(id_="v1"), visited(id_="v2"))

    with a_worker(db, environment):
        until(lambda: outbox.held(db))
    [held] = outbox.held(db)
    assert (held.webhook, held.calls) == ("crm", 2)
    assert held.reason.startswith("the secret $CRM_SECRET is not set in the workers' environment: set it")
    assert [(call.state, call.attempts, call.held) for call in outbox.unsent(db, limit=9)] == [
        ("waiting", 0, held.reason)
    ] * 2
    assert crm.received == [], "never with an empty key"

    with a_worker(db, {"CRM_SECRET": SECRET}):
        until(lambda: outbox.counts(db)["sent"] == 2)
    assert {headers["webhook-signature"] for headers, _ in crm.received} == {
        signature_of(headers, body, key=b"a secret of ours") for headers, body in crm.received
    }
    assert outbox.held(db) == []
    assert db.outbox.count_documents({"held": {"$exists": True}}) == 0


def test_a_held_call_outlasts_all_attempts(db, crm):
    publish(db, crm, secret="$CRM_SECRET")
    receive(db, visited())

    for day in range(len(outbox.PAUSES) + 2):
        send_next(db, {}, client=INSIDE, clock=lambda day=day: utc_now() + timedelta(days=day))

    assert outbox.counts(db) == {"waiting": 1, "sent": 0, "failed": 0}
    send_all(db, later=timedelta(days=30), environment={"CRM_SECRET": "a word"})
    [(headers, body)] = crm.received
    assert headers["webhook-signature"] == signature_of(headers, body, key=b"a word")


def test_what_waits_for_a_secret_holds_up_no_other_webhook(db, crm):
    hook = f"url: 'http://127.0.0.1:{crm.server_port}"
    settings = f"webhooks:\n  crm: {{{hook}/crm', secret: $CRM_SECRET}}\n  shop: {{{hook}/shop'}}\n"
    scoring = SCORING + "  - {id: also, name: Also, on: product_visited, effects: [{webhook: shop}]}\n"
    texts = publishing.completed(db, {"settings.yaml": settings, "scoring.yaml": scoring})
    publishing.publish(db, texts, by="ana", message="tell two", now=utc_now())
    receive(db, visited(id_="v1"), visited(id_="v2"))

    with a_worker(db, {}):
        until(lambda: outbox.counts(db)["sent"] == 2)

    assert {json.loads(body)["data"]["rule"] for _, body in crm.received} == {"also"}
    assert [held.webhook for held in outbox.held(db)] == ["crm"]


def test_rules_that_name_a_secret_after_the_call_hold_it_until_they_name_another(db, crm):
    publish(db, crm, secret=SECRET)
    receive(db, visited())
    publish(db, crm, secret="$CRM_SECRET")
    send_next(db, {}, client=INSIDE, clock=utc_now)
    assert [held.calls for held in outbox.held(db)] == [1]

    publish(db, crm, secret="another")
    send_all(db, later=LOOK)

    assert outbox.counts(db) == {"waiting": 0, "sent": 1, "failed": 0}


def test_a_secret_that_is_no_base64_signs_nothing(db, crm):
    publish(db, crm, secret="$CRM_SECRET")
    receive(db, visited())

    for broken in ("whsec_", "whsec_not base64!"):
        send_next(db, {"CRM_SECRET": broken}, client=INSIDE, clock=lambda: utc_now() + timedelta(hours=1))
        assert "no valid base64" in outbox.held(db)[0].reason
    assert crm.received == []


def test_a_webhook_without_a_secret_is_called_unsigned(db, crm):
    settings = f"webhooks:\n  crm: {{url: 'http://127.0.0.1:{crm.server_port}/hook'}}\n"
    texts = publishing.completed(db, {"settings.yaml": settings, "scoring.yaml": SCORING})
    publishing.publish(db, texts, by="ana", message="unsigned", now=utc_now())
    receive(db, visited())
    send_all(db)

    [(headers, _)] = crm.received
    assert "webhook-signature" not in headers


def test_what_this_worker_put_into_the_outbox_is_sent_at_once(told, crm, monkeypatch):
    monkeypatch.setattr(workers_outbox, "TICK", 60.0)
    stop, wake, outcomes = threading.Event(), threading.Event(), []
    how = {"client": INSIDE, "clock": utc_now, "stop": stop, "wake": wake, "called": outcomes.append}
    sender = threading.Thread(target=workers_outbox.run, args=(told, {}), kwargs=how)
    sender.start()
    time.sleep(0.5)  # it has looked and found nothing

    receive(told, visited())
    wake.set()

    until(lambda: outcomes == ["sent"])
    assert len(crm.received) == 1
    stop.set()
    wake.set()
    sender.join()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_receiver_that_redirects_got_nothing(told, crm, status):
    crm.answers = [status]
    receive(told, visited())

    send_all(told)

    assert len(crm.received) == 1, "the call does not follow it, without its body"
    [call] = outbox.unsent(told, limit=9)
    assert call.state == "waiting"
    assert f"answered {status}" in call.error
    assert "/elsewhere: declare that address" in call.error


def test_a_receiver_inside_is_called_only_where_the_operator_allows_it(told, crm):
    receive(told, visited())

    send_next(told, {}, client=HttpClient(), clock=utc_now)

    assert crm.received == []
    [call] = outbox.unsent(told, limit=9)
    assert "set SHEETS_ALLOW_PRIVATE_ADDRESSES=true" in call.error
    send_all(told, later=outbox.PAUSES[0])
    assert outbox.counts(told)["sent"] == 1


def test_a_receiver_that_drips_fails_by_the_deadline_and_holds_up_no_other(db, crm):
    hook = f"url: 'http://127.0.0.1:{crm.server_port}"
    settings = f"webhooks:\n  crm: {{{hook}/crm'}}\n  shop: {{{hook}/shop'}}\n"
    texts = publishing.completed(db, {"settings.yaml": settings, "scoring.yaml": SCORING})
    publishing.publish(db, texts, by="ana", message="tell two", now=utc_now())
    crm.answers = ["drip"]
    receive(db, visited(id_="v1"))
    began = time.monotonic()

    with a_worker(db, {}):
        until(lambda: len(crm.received) == 1)
        scoring = SCORING.replace("webhook: crm", "webhook: shop")
        texts = publishing.completed(db, {"settings.yaml": settings, "scoring.yaml": scoring})
        publishing.publish(db, texts, by="ana", message="tell the shop", now=utc_now())
        receive(db, visited(id_="v2"), visited(id_="v3"))
        until(lambda: outbox.counts(db)["sent"] == 2)
        assert time.monotonic() - began < INSIDE.deadline, "while the first still drips"
        until(lambda: outbox.unsent(db, limit=9)[0].error)

    [call] = outbox.unsent(db, limit=9)
    assert (call.webhook, call.attempts) == ("crm", 1)
    assert "did not respond within 2 seconds" in call.error
