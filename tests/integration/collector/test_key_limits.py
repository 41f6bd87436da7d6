"""What a write key may be used for: from which pages, how fast, and for how many new contacts a day."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from engine.accounts import keys
from engine.accounts.key_limits import KeyLimits
from engine.accounts.keys import NewKey
from engine.db import Db
from engine.db.connection import utc_now
from engine.pipeline import new_contacts
from engine.tracking.identity_signature import signed
from tests.integration.drained import drain_all
from workers.collector.collecting import SAMPLE

SHOP, EVIL = "https://shop.example", "https://evil.example"
TRACKS = itertools.count()


@pytest.fixture
def limited(db: Db) -> Callable[..., NewKey]:
    """Make a write key with limits."""

    def create(**limits: Any) -> NewKey:
        return keys.create_key(db, "write", label="shop", now=utc_now(), limits=KeyLimits(**limits))

    return create


def track(client: TestClient, key: NewKey, headers: Any = None, **event: Any) -> httpx.Response:
    body = {"event": "Signed Up", "messageId": f"m-{next(TRACKS)}", "anonymousId": "t1", **event}
    return client.post("/v1/track", json=body, auth=(key.token, ""), headers=headers)


# Origins


def test_a_page_of_another_origin_is_refused_and_can_read_why(db: Db, serving: Any, limited: Any) -> None:
    key, client = limited(origins=(SHOP,)), serving()

    answer = track(client, key, {"Origin": EVIL})

    assert answer.status_code == 403
    [error] = answer.json()["errors"]
    assert error["field"] == "Origin"
    assert EVIL in error["message"]
    assert "API keys" in error["message"]
    assert answer.headers["access-control-allow-origin"] == EVIL
    assert db.activities.count_documents({}) == 0
    row = db.refusals.find_one()
    assert row is not None
    assert (row["field"], row["source"]) == ("Origin", key.id)
    assert 'requests_total{status="403"} 1.0' in client.get("/metrics").text


@pytest.mark.parametrize("headers", [{"Origin": SHOP}, {}], ids=["its own page", "no page at all"])
def test_the_shops_pages_and_apps_without_an_origin_pass(serving: Any, limited: Any, headers: Any) -> None:
    assert track(serving(), limited(origins=(SHOP,)), headers).status_code == 200


@pytest.mark.parametrize("origin", [EVIL, "null"])
def test_a_key_without_origins_takes_any_page(serving: Any, limited: Any, origin: str) -> None:
    assert track(serving(), limited(), {"Origin": origin}).status_code == 200


def test_a_beacon_with_the_key_inside_is_held_to_its_origins(serving: Any, limited: Any) -> None:
    key = limited(origins=(SHOP,))
    body = {"writeKey": key.token, "batch": [{"type": "page", "anonymousId": "t1"}]}
    client = serving()

    assert client.post("/v1/batch", json=body, headers={"Origin": EVIL}).status_code == 403
    assert client.post("/v1/batch", json=body, headers={"Origin": SHOP}).status_code == 200


def test_a_preflight_names_no_key_and_is_answered_for_any_page(serving: Any, limited: Any) -> None:
    limited(origins=(SHOP,))
    asked = {"Origin": EVIL, "Access-Control-Request-Method": "POST"}

    answer = serving().options("/v1/batch", headers=asked)

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == EVIL


def test_refused_origins_cannot_fill_the_database(db: Db, serving: Any, limited: Any) -> None:
    key, client = limited(origins=(SHOP,)), serving()

    for number in range(SAMPLE + 5):
        track(client, key, {"Origin": f"https://evil-{number}.example"})

    assert db.refusals.count_documents({}) == SAMPLE


# Addresses


def test_an_address_that_sends_too_much_waits_and_others_do_not(serving: Any, limited: Any) -> None:
    key, client = limited(address_rate=0.1), serving(proxies=1)
    first, second = {"X-Forwarded-For": "1.1.1.1"}, {"X-Forwarded-For": "8.8.8.8"}
    assert track(client, key, first).status_code == 200

    answer = track(client, key, first)

    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 10
    assert answer.json()["errors"][0]["field"] == "address"
    assert track(client, key, second).status_code == 200
    assert "events_limited_total 1.0" in client.get("/metrics").text


def test_forwarded_addresses_are_not_believed_unless_proxies_are_set(serving: Any, limited: Any) -> None:
    key, client = limited(address_rate=0.1), serving(address="8.8.8.8")
    assert track(client, key, {"X-Forwarded-For": "1.1.1.1"}).status_code == 200

    assert track(client, key, {"X-Forwarded-For": "1.0.0.1"}).status_code == 429


def test_what_comes_from_a_private_network_is_not_limited(serving: Any, limited: Any) -> None:
    key, client = limited(address_rate=0.1), serving(address="10.0.0.1")

    assert [track(client, key).status_code for _ in range(5)] == [200] * 5


# New contacts


def test_new_contacts_beyond_the_ceiling_are_refused_and_known_ones_go_on(
    db: Db, serving: Any, limited: Any
) -> None:
    key, client = limited(new_contacts=2), serving()
    assert track(client, key, anonymousId="t1").status_code == 200
    assert track(client, key, anonymousId="t2").status_code == 200

    answer = track(client, key, anonymousId="t3")

    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 86_400
    [error] = answer.json()["errors"]
    assert error["field"] == "writeKey"
    assert "daily limit of new contacts" in error["message"]
    for known in (
        {"anonymousId": "t1"},
        {"anonymousId": "t2", "userId": "7"},
        {"anonymousId": "", "userId": "7"},
    ):
        assert track(client, key, **known).status_code == 200
    drain_all(db)
    assert db.contacts.count_documents({}) == 2
    assert "new_contacts_refused_total 1.0" in client.get("/metrics").text
    row = db.refusals.find_one()
    assert row is not None
    assert "daily limit" in row["reason"]


def test_in_a_batch_the_known_are_kept_and_the_others_listed(db: Db, serving: Any, limited: Any) -> None:
    key, client = limited(new_contacts=1), serving()
    track(client, key, anonymousId="t1")
    batch = [{"type": "page", "anonymousId": tracker} for tracker in ("t2", "t1", "t3")]

    answer = client.post("/v1/batch", json={"batch": batch}, auth=(key.token, ""))

    assert answer.status_code == 200
    assert answer.json()["accepted"] == 1
    assert [error["index"] for error in answer.json()["errors"]] == [0, 2]
    assert db.activities.distinct("tracker") == ["t1"]


def test_what_was_refused_is_taken_once_the_limit_is_raised(db: Db, serving: Any, limited: Any) -> None:
    key = limited(new_contacts=1)
    event = {"anonymousId": "t2", "messageId": "again"}
    track(serving(), key, anonymousId="t1")
    assert track(serving(), key, **event).status_code == 429

    keys.set_limits(db, key.id, KeyLimits(new_contacts=2))

    assert [track(serving(), key, **event).status_code for _ in range(2)] == [200, 200]
    drain_all(db)
    assert db.contacts.count_documents({}) == 2


def test_processes_share_the_ceiling_and_a_restart_forgets_nothing(
    db: Db, serving: Any, limited: Any
) -> None:
    key, one, other = limited(new_contacts=5), serving(), serving()

    answers = [track(client, key, anonymousId=f"t{n}") for n in range(6) for client in (one, other)]

    assert [answer.status_code for answer in answers].count(200) == 10
    assert track(serving(), key, anonymousId="t9").status_code == 429
    [today] = new_contacts.today(db, now=utc_now())
    assert (today.admitted, today.refused, today.ceiling) == (5, 3, 5)


def test_a_visitor_that_waits_for_the_workers_counts_once_and_so_does_one_that_signs_up(
    db: Db, serving: Any, limited: Any
) -> None:
    key = limited(new_contacts=10)
    for event in ({}, {"userId": "7"}, {"userId": "7", "traits": {"email": "ana@example.com"}}, {}):
        assert track(serving(), key, anonymousId="t1", **event).status_code == 200

    [today] = new_contacts.today(db, now=utc_now())
    assert today.admitted == 1


@pytest.mark.parametrize("together", [True, False], ids=["one batch", "one by one"])
@pytest.mark.parametrize("applied", [True, False], ids=["applied", "waiting"])
def test_one_browser_that_names_many_people_counts_each(
    db: Db, serving: Any, limited: Any, together: bool, applied: bool
) -> None:
    key, client = limited(new_contacts=3), serving()
    track(client, key, anonymousId="t1")
    if applied:
        drain_all(db)
    people = [
        {"type": "identify", "anonymousId": "t1", "traits": {"email": f"p{n}@example.com"}} for n in range(9)
    ]

    for batch in [people] if together else [[person] for person in people]:
        client.post("/v1/batch", json={"batch": batch}, auth=(key.token, ""))
    drain_all(db)

    assert db.contacts.count_documents({}) == 3


def test_known_contacts_do_not_vouch_for_others_that_a_browser_names(
    db: Db, serving: Any, limited: Any, secret_key: str
) -> None:
    server = serving()
    for n in range(5):
        body = {"userId": f"known-{n}", "traits": {"email": f"k{n}@example.com"}}
        server.post("/v1/identify", json=body, auth=(secret_key, ""))
    drain_all(db)
    key, client = limited(new_contacts=2), serving()
    track(client, key, anonymousId="t1")

    for n in range(5):
        email = {"email": f"k{n}@example.com"}
        track(client, key, anonymousId="", userId=f"new-{n}", traits=email)
        track(client, key, anonymousId="t1", traits=email)
        track(client, key, anonymousId="t1", traits={"email": f"new{n}@example.com"})
    drain_all(db)

    assert db.contacts.count_documents({}) <= 5 + 2


def test_whom_the_shops_server_signed_is_always_admitted_and_nobody_else_with_it(
    db: Db, serving: Any, limited: Any
) -> None:
    key, client = limited(new_contacts=1), serving()
    secret = keys.create_key(db, "identity", label="signatures", now=utc_now()).token
    track(client, key, anonymousId="t1")
    proof = {"context": {"identity_signature": signed(secret, "ana@example.com")}}
    ana = {"anonymousId": "", "traits": {"email": "ana@example.com"}, **proof}

    assert track(client, key, **ana).status_code == 200
    drain_all(db)
    assert [track(client, key, **ana, userId=f"u{n}").status_code for n in range(3)] == [200, 429, 429]


def test_the_next_day_of_the_account_begins_anew(db: Db, serving: Any, limited: Any) -> None:
    key = limited(new_contacts=1)
    late = serving(clock=lambda: datetime(2026, 3, 1, 23, 59, tzinfo=UTC))
    early = serving(clock=lambda: datetime(2026, 3, 3, 1, 0, tzinfo=UTC))
    assert track(late, key, anonymousId="t1").status_code == 200
    assert track(late, key, anonymousId="t2").status_code == 429

    assert track(early, key, anonymousId="t2").status_code == 200


def test_a_secret_key_creates_as_many_as_it_likes(db: Db, serving: Any, secret_key: str) -> None:
    client = serving()
    client.auth = (secret_key, "")

    batch = [{"type": "page", "anonymousId": f"t{n}"} for n in range(20)]
    assert client.post("/v1/batch", json={"batch": batch}).status_code == 200
    assert db.new_contacts.count_documents({}) == 0
