"""Whatever is sent, the answer is the sender's success or mistake, never our failure."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from engine.db import Db
from engine.pipeline.groups import decode_activity

LAX = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

CALLS = ("track", "identify", "page", "screen", "alias", "group", "batch", "import")
FIELDS = ("type", "event", "userId", "anonymousId", "previousId", "groupId", "messageId", "timestamp", "sentAt",
          "originalTimestamp", "properties", "traits", "context", "batch", "writeKey", "name", "category",
          "email", "phone", "userAgent", "page", "products", "price", "$where", "a.b", "$ref", "$id", "\0",
          "identities_not_taken", "")  # fmt: skip
WORDS = ("track", "identify", "page", "alias", "group", "Order Completed", "newsletter_subscribed", "null",
         "ana@example.com", "+34600123456", "2026-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "u-1", "t-1", "\0")  # fmt: skip

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(10**40), max_value=10**40)
    | st.floats(allow_nan=True)
    | st.text(max_size=20)
    | st.sampled_from(WORDS)
)
keys = st.sampled_from(FIELDS) | st.text(max_size=5)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=6),
    max_leaves=25,
)
events = st.fixed_dictionaries(
    {"type": st.sampled_from(CALLS[:6]), "anonymousId": st.just("t-1") | values},
    optional={field: values for field in FIELDS if field not in ("type", "anonymousId")},
)


def answered(client: TestClient, call: str, body: bytes) -> None:
    """Send and check that the answer is one that a sender can act on."""
    answer = client.post(f"/v1/{call}", content=body, headers={"Content-Type": "application/json"})

    assert 200 <= answer.status_code < 500, answer.text
    assert answer.json()["success"] is (answer.status_code == 200)


@LAX
@given(call=st.sampled_from(CALLS), body=values)
def test_any_json_is_answered(client: TestClient, call: str, body: Any) -> None:
    answered(client, call, json.dumps(body).encode())


@LAX
@given(batch=st.lists(events, min_size=1, max_size=5))
def test_any_events_are_answered_and_what_is_kept_can_be_read(client: TestClient, db: Db, batch: Any) -> None:
    answered(client, "batch", json.dumps({"batch": batch}).encode())

    for row in db.activities.find():
        decode_activity(row)


@LAX
@given(call=st.sampled_from(CALLS), body=st.binary(max_size=200))
def test_any_bytes_are_answered(client: TestClient, call: str, body: bytes) -> None:
    answered(client, call, body)


@LAX
@given(
    event=events,
    cut=st.integers(min_value=0, max_value=400),
    noise=st.sampled_from([b"\xff", b"\\ud800", b"\\u0000"]),
)
def test_json_that_was_tampered_with_is_answered(
    client: TestClient, event: Any, cut: int, noise: bytes
) -> None:
    body = json.dumps({"batch": [event]}).encode()

    answered(client, "batch", body[:cut] + noise + body[cut:])


def test_nesting_without_end_is_answered(client: TestClient) -> None:
    for depth in (49, 51, 99, 101, 500, 5_000, 100_000):
        nested = b'{"a":' * depth + b"1" + b"}" * depth
        event = b'{"type":"track","event":"e","anonymousId":"t","properties":' + nested + b"}"
        answered(client, "batch", b'{"batch":[' + event + b"]}")
        answered(client, "track", event)
