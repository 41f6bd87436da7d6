"""The tracking API over HTTP: every call, every refusal, and what is in MongoDB afterwards."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from engine.accounts import keys
from engine.db import Db
from engine.db.connection import utc_now
from workers.collector.limits import MAX_BODY, RateLimit

Serving = Callable[..., TestClient]


def viewed(id_: str, **changes: Any) -> dict[str, Any]:
    """A product view of tracker `t-1`, as it stands in a batch."""
    return {"type": "track", "event": "Product Viewed", "anonymousId": "t-1", "messageId": id_, **changes}


@pytest.mark.parametrize(
    ("call", "body", "type_"),
    [
        ("track", {"event": "Order Completed"}, "order_completed"),
        ("t", {"event": "Order Completed"}, "order_completed"),
        ("identify", {"traits": {"email": "ana@example.com"}}, "identified"),
        ("i", {"userId": "u-1"}, "identified"),
        ("page", {"name": "Home"}, "page_visited"),
        ("p", {}, "page_visited"),
        ("screen", {"name": "Home"}, "page_visited"),
        ("s", {}, "page_visited"),
        ("alias", {"previousId": "t-0", "userId": "u-1"}, "identified"),
        ("a", {"previousId": "t-0", "userId": "u-1"}, "identified"),
        ("group", {"groupId": "g-1"}, "group"),
        ("g", {"groupId": "g-1"}, "group"),
    ],
)
@pytest.mark.parametrize("slash", ["", "/"])
def test_each_call_becomes_an_activity(
    client: TestClient, db: Db, call: str, body: dict[str, Any], type_: str, slash: str
) -> None:
    answer = client.post(f"/v1/{call}{slash}", json={"anonymousId": "t-1", "messageId": "m-1", **body})

    assert (answer.status_code, answer.json()) == (200, {"success": True})
    kept = db.activities.find_one({"_id": "browser:m-1"})
    assert kept is not None
    assert (kept["type"], kept["state"]) == (type_, "received")


@pytest.mark.parametrize("call", ["batch", "b", "import"])
def test_a_batch_is_kept_whole_and_its_lanes_are_woken(
    client: TestClient, db: Db, waker: Any, call: str
) -> None:
    batch = [viewed(f"m-{n}", anonymousId=f"t-{n}", timestamp="2026-01-01T00:00:00Z") for n in range(50)]

    answer = client.post(f"/v1/{call}", json={"batch": batch, "sentAt": utc_now().isoformat()})

    assert answer.json() == {"success": True}
    assert db.activities.count_documents({"state": "received"}) == 50
    assert waker.woken == set(db.activities.distinct("lane"))


def test_what_comes_again_changes_nothing(client: TestClient, db: Db) -> None:
    for _ in range(3):
        assert client.post("/v1/batch", json={"batch": [viewed("m-1")]}).json() == {"success": True}

    assert db.activities.count_documents({}) == 1
    assert db.conflicts.count_documents({}) == 0


def test_the_same_id_with_other_content_is_kept_aside(client: TestClient, db: Db) -> None:
    client.post("/v1/batch", json={"batch": [viewed("m-1")]})
    answer = client.post("/v1/batch", json={"batch": [viewed("m-1", properties={"other": True})]})

    assert answer.status_code == 200
    assert "properties" not in db.activities.find_one({"_id": "browser:m-1"})  # type: ignore[operator]
    assert db.conflicts.count_documents({"activity": "browser:m-1"}) == 1


def test_blanks_of_a_batch_and_its_events_are_absent(client: TestClient, db: Db) -> None:
    blank = viewed("blank", userId="", properties=[], context=[], timestamp="")

    answer = client.post("/v1/batch", json={"batch": [blank], "sentAt": "", "writeKey": None, "context": []})

    assert answer.json() == {"success": True}
    [kept] = db.activities.find()
    assert (kept["tracker"], kept["stream"]) == (blank["anonymousId"], f"t:{blank['anonymousId']}")


def test_in_a_batch_the_good_events_are_kept_and_the_bad_ones_listed(client: TestClient, db: Db) -> None:
    batch = [
        viewed("good-1"),
        viewed("bad-1", anonymousId="null"),
        "no event at all",
        viewed("bad-2", properties=["a"]),
        viewed("good-2"),
    ]

    answer = client.post("/v1/batch", json={"batch": batch})

    assert answer.status_code == 200
    assert answer.json()["accepted"] == 2
    assert [(error["index"], error["field"]) for error in answer.json()["errors"]] == [
        (1, "anonymousId"),
        (2, "event"),
        (3, "properties"),
    ]
    assert set(db.activities.distinct("_id")) == {"browser:good-1", "browser:good-2"}
    refused = {row["field"]: row for row in db.refusals.find()}
    assert json.loads(refused["anonymousId"]["event"]) == batch[1]
    assert "placeholder" in refused["anonymousId"]["reason"]


def test_a_batch_in_which_all_are_bad_is_a_400(client: TestClient, db: Db) -> None:
    answer = client.post("/v1/batch", json={"batch": [viewed("m-1", anonymousId=None)] * 2})

    assert answer.status_code == 400
    assert answer.json()["success"] is False
    assert [error["field"] for error in answer.json()["errors"]] == ["anonymousId"] * 2
    assert db.activities.count_documents({}) == 0


def test_an_import_must_say_when_things_happened(client: TestClient) -> None:
    answer = client.post("/v1/import", json={"batch": [viewed("m-1")]})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "timestamp"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b'{"batch": [NaN}', "body"),
        (b'"text"', "batch"),
        (b"{}", "batch"),
        (b'{"batch": {}}', "batch"),
        (b'{"batch": []}', "batch"),
    ],
)
def test_a_body_that_is_no_batch_is_a_400_that_names_the_field(
    client: TestClient, body: bytes, field: str
) -> None:
    answer = client.post("/v1/batch", content=body)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field


@pytest.mark.parametrize(
    "beside",
    ['"sentAt": "soon"', '"sentAt": ""', '"sentAt": 1772366400', '"sentAt": {}', '"context": "none"',
     '"context": []', '"writeKey": 7', '"sentAt": NaN'],
)  # fmt: skip
def test_what_is_odd_beside_the_events_does_not_cost_them(client: TestClient, beside: str, db: Db) -> None:
    answer = client.post("/v1/batch", content=f'{{"batch": [{json.dumps(viewed("m-1"))}], {beside}}}')

    assert answer.json() == {"success": True}


QUOTED = 'NaN, " Infinity'


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_none_is_no_value(client: TestClient, db: Db, number: str) -> None:
    event = json.dumps(viewed("m-1", properties={"price": "PRICE", "name": QUOTED}))

    answer = client.post("/v1/batch", content=f'{{"batch": [{event.replace(json.dumps("PRICE"), number)}]}}')

    assert answer.json() == {"success": True}
    kept = db.activities.find_one({"_id": "browser:m-1"})
    assert kept is not None
    assert kept["properties"] == {"price": None, "name": QUOTED}


def test_a_byte_order_mark_and_the_old_name_of_gzip_are_understood(client: TestClient) -> None:
    body = b"\xef\xbb\xbf" + json.dumps({"batch": [viewed("m-1")]}).encode()
    packed = {"Content-Encoding": "x-gzip"}

    assert client.post("/v1/batch", content=body).json() == {"success": True}
    assert client.post("/v1/batch", content=gzip.compress(body), headers=packed).json() == {"success": True}
    assert client.post("/v1/track", content=body[:3] + json.dumps(viewed("m-2")).encode()).status_code == 200


def test_events_without_times_happened_in_the_order_of_their_batch(client: TestClient, db: Db) -> None:
    steps = ["z", "a", "m", "b", "y"]

    client.post("/v1/batch", json={"batch": [viewed(step) for step in steps]})

    kept = db.activities.find().sort([("happened_at", 1), ("_id", 1)])
    assert [row["_id"] for row in kept] == [f"browser:{step}" for step in steps]


def test_equal_events_without_id_and_time_in_one_batch_are_several(client: TestClient, db: Db) -> None:
    event = {name: value for name, value in viewed("m").items() if name != "messageId"}

    client.post("/v1/batch", json={"batch": [event] * 3})

    assert db.activities.count_documents({}) == 3


def test_every_refusal_has_what_other_clients_read(client: TestClient) -> None:
    answers = [
        client.post("/v1/batch", json={"batch": [viewed("m-1", anonymousId=None)]}),
        client.post("/v1/batch", content=b"{"), client.post("/v1/nothing", json={}), client.get("/v1/batch"),
        client.post("/v1/batch", json={"batch": [viewed("m-1")]}, auth=("wk_unknown", "")),
        client.post("/v1/batch", content=b"{}", headers={"Content-Encoding": "br"}),
    ]  # fmt: skip

    for answer in answers:
        body = answer.json()
        assert body["success"] is False and body["code"] and body["message"] and body["errors"]
    assert [answer.json()["code"] for answer in answers] == [
        "bad_request", "bad_request", "not_found", "method_not_allowed", "unauthorized", "unsupported_media_type",
    ]  # fmt: skip


def test_a_body_over_the_limit_is_a_413_zipped_or_not(client: TestClient) -> None:
    body = json.dumps({"batch": [viewed("m-1", properties={"text": "x" * MAX_BODY})]}).encode()

    assert client.post("/v1/batch", content=body).status_code == 413
    zipped = client.post("/v1/batch", content=gzip.compress(body), headers={"Content-Encoding": "gzip"})
    assert zipped.status_code == 413


def test_a_zip_bomb_is_a_413(client: TestClient) -> None:
    bomb = gzip.compress(b"\0" * 200_000_000, compresslevel=1)[: MAX_BODY - 1]

    answer = client.post("/v1/batch", content=bomb, headers={"Content-Encoding": "gzip"})

    assert answer.status_code == 413


def test_gzip_is_understood_and_other_encodings_are_named(client: TestClient, db: Db) -> None:
    body = json.dumps({"batch": [viewed("m-1")]}).encode()

    zipped = client.post("/v1/batch", content=gzip.compress(body), headers={"Content-Encoding": "gzip"})
    other = client.post("/v1/batch", content=body, headers={"Content-Encoding": "br"})

    assert zipped.json() == {"success": True}
    assert (other.status_code, other.json()["errors"][0]["field"]) == (415, "Content-Encoding")


def test_one_event_too_large_does_not_spoil_its_batch(client: TestClient, db: Db) -> None:
    large = viewed("large", properties={"text": "x" * 33_000})

    answer = client.post("/v1/batch", json={"batch": [large, viewed("small")]})

    assert answer.json()["errors"][0]["field"] == "properties"
    assert db.activities.distinct("_id") == ["browser:small"]


def test_odd_keys_and_values_come_back_from_mongodb_as_they_went_in(client: TestClient, db: Db) -> None:
    odd = {
        "$where": "sleep(1000)",
        "a.b": {"$gt": ""},
        "": "empty",
        "_id": 1,
        "$ref": "alone",
        "list": [{"$set": {"x": 1}}, None, True, 2**63 - 1],
        "nul in a value": "a\0b",
        "emoji": "👟",
    }

    answer = client.post("/v1/batch", json={"batch": [viewed("m-1", properties=odd, context=odd)]})

    assert answer.json() == {"success": True}
    kept = db.activities.find_one({"_id": "browser:m-1"})
    assert kept is not None
    assert kept["properties"] == odd
    assert kept["context"] == odd


def test_unknown_paths_and_methods_answer_as_json(client: TestClient) -> None:
    assert client.post("/v1/nothing", json={}).status_code == 404
    assert client.get("/v1/batch").status_code == 405
    assert client.get("/elsewhere").json()["success"] is False


# Keys


def test_without_a_key_that_is_known_nothing_is_kept(serving: Serving, db: Db) -> None:
    client = serving()

    for auth in [None, ("wk_unknown", ""), ("x" * 10_000, "")]:
        answer = client.post("/v1/batch", json={"batch": [viewed("m-1")]}, auth=auth)
        assert answer.status_code == 401
        assert answer.json()["errors"][0]["field"] == "writeKey"
    assert db.activities.count_documents({}) == 0


def test_the_key_may_be_in_the_body_of_a_beacon(serving: Serving, db: Db, write_key: str) -> None:
    client, plain = serving(), {"Content-Type": "text/plain;charset=UTF-8"}
    around = json.dumps({"writeKey": write_key, "batch": [viewed("m-1")]})
    inside = json.dumps({"batch": [viewed("m-2", writeKey=write_key)]})
    single = json.dumps(viewed("m-3", writeKey=write_key))

    for path, body in (("batch", around), ("batch", inside), ("track", single)):
        assert client.post(f"/v1/{path}", content=body, headers=plain).json() == {"success": True}
    assert db.activities.count_documents({"trusted": {"$exists": False}}) == 3


def test_a_secret_key_makes_an_activity_trusted(serving: Serving, db: Db, secret_key: str) -> None:
    serving().post("/v1/batch", json={"batch": [viewed("m-1")]}, auth=(secret_key, ""))

    assert db.activities.find_one({"_id": "m-1"})["trusted"] is True  # type: ignore[index]


def test_a_revoked_key_is_believed_for_less_than_five_seconds(
    serving: Serving, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = keys.create_key(db, "write", label="shop", now=utc_now())
    client = serving()
    now = [1_000.0]
    monkeypatch.setattr("workers.collector.cached.time.monotonic", lambda: now[0])

    def status() -> int:
        return client.post("/v1/batch", json={"batch": [viewed("m-1")]}, auth=(key.token, "")).status_code

    assert status() == 200
    keys.revoke(db, key.id, now=utc_now())
    now[0] += 4.9
    assert status() == 401


def test_a_key_that_sends_too_much_is_told_when_to_come_back(serving: Serving, write_key: str) -> None:
    client = serving(limit=RateLimit(per_second=0.01, burst=10))
    batch = {"batch": [viewed(f"m-{n}") for n in range(10)]}

    assert client.post("/v1/batch", json=batch, auth=(write_key, "")).status_code == 200
    answer = client.post("/v1/batch", json=batch, auth=(write_key, ""))

    assert answer.status_code == 429
    assert 900 <= int(answer.headers["Retry-After"]) <= 1_000, "the first request took a while, too"


# Browsers


def test_a_browser_on_any_page_may_send(client: TestClient, write_key: str) -> None:
    preflight = client.options(
        "/v1/batch",
        headers={
            "Origin": "https://shop.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type,anonymousid",
        },
    )
    answer = client.post("/v1/track", json=viewed("m-1"), headers={"Origin": "https://shop.example"})

    assert preflight.status_code == 200
    assert "anonymousid" in preflight.headers["access-control-allow-headers"]
    for headers in (preflight.headers, answer.headers):
        assert headers["access-control-allow-origin"] == "https://shop.example"


def test_a_refusal_can_be_read_from_a_page_too(serving: Serving) -> None:
    answer = serving().post("/v1/track", json=viewed("m-1"), headers={"Origin": "https://shop.example"})

    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"


def test_a_bots_visit_is_kept_and_marked(client: TestClient, db: Db) -> None:
    headers = {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}

    client.post("/v1/page", json={"anonymousId": "t-1", "messageId": "m-1"}, headers=headers)

    assert db.activities.find_one({"_id": "browser:m-1"})["bot"] is True  # type: ignore[index]


# Times


def test_a_wrong_clock_is_corrected_and_the_future_clamped(client: TestClient, db: Db) -> None:
    now = utc_now()
    day = timedelta(days=1)
    fast = viewed("fast", timestamp=(now + day - timedelta(hours=1)).isoformat())
    future = viewed("future", timestamp=(now + 3 * day).isoformat())

    client.post("/v1/batch", json={"batch": [fast], "sentAt": (now + day).isoformat()})
    client.post("/v1/batch", json={"batch": [future], "sentAt": now.isoformat()})

    kept = {row["_id"]: row for row in db.activities.find()}
    assert abs(kept["browser:fast"]["happened_at"] - (now - timedelta(hours=1))) < timedelta(seconds=5)
    assert "clamped" not in kept["browser:fast"]
    assert kept["browser:future"]["happened_at"] == kept["browser:future"]["received_at"]
    assert kept["browser:future"]["clamped"] is True
    assert kept["browser:future"]["context"]["timestamp_said"] == future["timestamp"]


def test_a_newly_published_ruleset_is_noticed_within_a_second(
    client: TestClient, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1_000.0]
    monkeypatch.setattr("workers.collector.cached.time.monotonic", lambda: now[0])
    client.post("/v1/batch", json={"batch": [viewed("before")]})
    first = db.rulesets.find_one({"_id": 1})
    db.rulesets.insert_one({**first, "_id": 2})  # type: ignore[dict-item]

    now[0] += 1.0
    client.post("/v1/batch", json={"batch": [viewed("after")]})

    assert "ruleset" not in db.activities.find_one({"_id": "browser:before"})  # type: ignore[operator]
    assert db.activities.find_one({"_id": "browser:after"})["ruleset"] == 2  # type: ignore[index]


# Health


def test_health_and_metrics_tell_how_it_is(client: TestClient) -> None:
    client.post("/v1/batch", json={"batch": [viewed("m-1"), viewed("m-2", anonymousId=None)]})

    assert client.get("/healthz").json() == {"ok": True}
    lines = client.get("/metrics").text.splitlines()
    assert 'sheets_collector_requests_total{status="200"} 1.0' in lines
    assert "sheets_collector_activities_kept_total 1.0" in lines
    assert "sheets_collector_events_refused_total 1.0" in lines
    assert "sheets_collector_events_limited_total 0.0" in lines
