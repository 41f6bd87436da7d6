"""The tracking API over HTTP, on the real database."""

import gzip
import json
from pathlib import Path

import httpx
import pytest
import segment.analytics as analytics
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo import MongoClient
from starlette.testclient import TestClient

from engine.settings import CONFIG_DIR
from engine.store import contacts, keys, sheets
from engine.store.connection import connect, prepare, utc_now
from tests.integration.drained import drain_all
from tests.integration.served import PLENTY, served
from workers.broker import Waker
from workers.collector.app import create_app
from workers.collector.keys import RateLimit
from workers.local.mongod import Mongod


class Woken:
    def __init__(self):
        self.lanes = set()

    def wake(self, lanes):
        self.lanes |= set(lanes)


@pytest.fixture
def woken():
    return Woken()


@pytest.fixture
def tokens(db):
    return {
        kind: keys.create_key(db, kind, label="test", now=utc_now()).token for kind in ("write", "secret")
    }


@pytest.fixture
def client(db, woken, tokens):
    with TestClient(create_app(db, woken, limit=PLENTY)) as client:
        client.auth = httpx.BasicAuth(tokens["write"], "")
        yield client


EVENT = {"anonymousId": "t1", "messageId": "m1", "event": "Product Viewed"}


@pytest.mark.parametrize("kind", ["track", "identify", "page", "screen", "group"])
def test_every_call_has_its_path(client, db, kind):
    answer = client.post(f"/v1/{kind}", json={**EVENT, "userId": "7"})

    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert db.activities.count_documents({"_id": "m1", "state": "received"}) == 1


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/import"])
def test_a_batch_keeps_the_good_and_lists_the_bad(client, db, woken, path):
    batch = [
        {**EVENT, "type": "track"},
        {"type": "track", "anonymousId": "t1"},
        {"type": "page", "userId": "null"},
        7,
    ]

    answer = client.post(path, json={"batch": batch})

    assert answer.status_code == 200
    assert [(e["index"], e["field"]) for e in answer.json()["errors"]] == [
        (1, "event"),
        (2, "userId"),
        (3, "event"),
    ]
    assert db.activities.count_documents({}) == 1
    assert sorted(row["field"] for row in db.refusals.find()) == ["event", "event", "userId"]
    assert woken.lanes == {db.activities.find_one()["lane"]}


def test_a_batch_of_bad_events_alone_is_refused(client):
    assert client.post("/v1/batch", json={"batch": [{"type": "page"}]}).status_code == 400


def test_gzip_is_understood_and_a_bomb_is_not_unpacked(client, db):
    zipped = {"Content-Encoding": "gzip"}
    good = gzip.compress(json.dumps({"batch": [{**EVENT, "type": "track"}]}).encode())

    assert client.post("/v1/batch", content=good, headers=zipped).status_code == 200
    assert (
        client.post("/v1/batch", content=gzip.compress(b" " * 100_000_000), headers=zipped).status_code == 413
    )
    assert client.post("/v1/batch", content=b"nonsense", headers=zipped).status_code == 400


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'{"batch": 1}', 400),
        (b"\xff\xfe", 400),
        (b"{}" * 300_000, 413),
    ],
)
def test_a_bad_body_is_a_clear_4xx(client, content, status):
    answer = client.post("/v1/batch", content=content)

    assert answer.status_code == status
    assert answer.json()["errors"][0]["message"]


def test_an_event_over_32_kb_is_refused_alone(client):
    batch = [{**EVENT, "type": "track", "properties": {"long": "x" * 40_000}}, {**EVENT, "type": "track"}]

    answer = client.post("/v1/batch", json={"batch": batch})

    assert [error["index"] for error in answer.json()["errors"]] == [0]


def test_a_key_is_needed_and_a_revoked_one_is_none(client, db, woken):
    assert client.post("/v1/track", json=EVENT, auth=("wk_unknown", "")).status_code == 401

    key = keys.create_key(db, "write", label="gone", now=utc_now())
    keys.revoke(db, key.id, now=utc_now())
    assert client.post("/v1/track", json=EVENT, auth=(key.token, "")).status_code == 401
    assert db.activities.count_documents({}) == 0


def test_a_beacon_carries_its_key_in_the_body_as_plain_text(db, woken, tokens):
    body = json.dumps({"writeKey": tokens["write"], "batch": [{**EVENT, "type": "track"}]})

    with TestClient(create_app(db, woken, limit=PLENTY)) as client:
        answer = client.post("/v1/batch", content=body, headers={"Content-Type": "text/plain"})

    assert answer.status_code == 200


def test_browsers_of_any_shop_may_ask(client):
    headers = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }

    answer = client.options("/v1/batch", headers=headers)

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_key_that_sends_too_much_is_told_when_to_come_back(db, woken, tokens):
    with TestClient(create_app(db, woken, limit=RateLimit(per_second=1, burst=2))) as client:
        client.auth = httpx.BasicAuth(tokens["write"], "")
        answers = [client.post("/v1/track", json={**EVENT, "messageId": f"m{n}"}) for n in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) >= 1


def test_operators_and_dots_in_keys_are_kept_as_they_are(client, db):
    said = {"$where": "1", "a.b": {"$gt": 0}, "": 1, "$ref": "x", "$id": 5}

    assert client.post("/v1/track", json={**EVENT, "properties": said}).status_code == 200
    drain_all(db)

    [row] = sheets.timeline(db, contacts.find_contact(db, "t1")).rows
    kept = json.loads(sheets.encode(row))["details"]["properties"]
    assert kept == said


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
_FIELDS = st.sampled_from(
    [
        "type",
        "anonymousId",
        "userId",
        "event",
        "properties",
        "traits",
        "context",
        "timestamp",
        "messageId",
        "sentAt",
        "previousId",
    ]
)
_EVENTS = st.dictionaries(
    _FIELDS, _JSON | st.sampled_from(["track", "identify", "page", "t1", "2026-01-01"]), max_size=8
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batch=st.lists(_EVENTS | _JSON, max_size=3), envelope=st.dictionaries(_FIELDS, _JSON, max_size=2))
def test_no_body_is_ever_a_500(client, batch, envelope):
    answer = client.post(
        "/v1/batch", content=json.dumps({**envelope, "batch": batch}).encode("utf-8", "surrogatepass")
    )

    assert answer.status_code in (200, 400)
    assert "success" in answer.json()


@pytest.fixture
def server(db):
    """The collector on a real port."""
    with served(db) as address:
        yield address


def test_a_client_that_nobody_here_wrote_works_by_changing_its_host(db, server, tokens):
    client = analytics.Client(tokens["secret"], host=server, gzip=True, on_error=_fail)
    client.identify("7", {"email": "ana@example.com", "firstName": "Ana"})
    client.track("7", "Order Completed", {"order_id": "o1", "total": 12.1, "currency": "EUR"})
    client.flush()
    client.join()
    drain_all(db)

    sheet = sheets.sheet(db, contacts.find_contact(db, "7"), now=utc_now())
    assert (sheet.email, sheet.first_name, sheet.commerce.orders) == ("ana@example.com", "Ana", 1)


def _fail(error, _items):
    raise AssertionError(error)


def test_without_its_database_it_never_says_yes(tmp_path, woken):
    own = Mongod(tmp_path)
    own.start()
    own.wait_ready()
    db = connect(own.uri, "gone", app="test")
    prepare(db, config_dir=CONFIG_DIR, now=utc_now())
    token = keys.create_key(db, "write", label="test", now=utc_now()).token
    with TestClient(create_app(db, woken, limit=PLENTY)) as client:
        client.auth = httpx.BasicAuth(token, "")
        assert client.post("/v1/track", json=EVENT).status_code == 200
        own.process.kill()
        own.process.wait()

        answer = client.post("/v1/track", json={**EVENT, "messageId": "m2"})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")

        own.start()
        own.wait_ready()
        assert client.post("/v1/track", json={**EVENT, "messageId": "m2"}).status_code == 200
    assert MongoClient(own.uri)["gone"].activities.count_documents({}) == 2
    own.stop()


def test_a_broker_that_is_gone_holds_up_no_answer(db, tokens):
    def broken(_lane):
        raise ConnectionError("no broker")

    waker = Waker(broken)
    with TestClient(create_app(db, waker, limit=PLENTY)) as client:
        client.auth = httpx.BasicAuth(tokens["write"], "")
        assert client.post("/v1/track", json=EVENT).status_code == 200
    waker.close()
    assert db.activities.count_documents({"state": "received"}) == 1


def test_the_snippet_is_small_and_served(client):
    answer = client.get("/t.js")

    assert answer.headers["content-type"].startswith("text/javascript")
    assert len(gzip.compress(answer.content)) < 2_048
    assert Path("workers/collector/snippet.js").read_text() == answer.text


def test_health_says_whether_events_can_be_taken(client):
    assert client.get("/healthz").json() == {"ok": True}
