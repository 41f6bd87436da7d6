"""`sheets refused`: what each key sent in the last hour, and what of it was refused and why."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from engine.accounts import keys
from engine.accounts.key_limits import KeyLimits
from engine.accounts.keys import NewKey
from engine.db import Db
from engine.db.connection import utc_now
from engine.pipeline import arrivals
from engine.pipeline.arrivals import Counted
from tests.integration.cli.commands import run
from tests.integration.served import NobodyToWake
from workers.collector.app import create_app
from workers.collector.limits import RateLimit

GOOD = {"type": "page", "anonymousId": "t"}
BAD = {"type": "page", "anonymousId": "undefined"}


def listed(*words: str) -> Any:
    return json.loads(run("refused", "list", *words, "--json").stdout)


def key(db: Db, label: str, **limits: Any) -> NewKey:
    return keys.create_key(db, "write", label=label, now=utc_now(), limits=KeyLimits(**limits))


def send(db: Db, *batches: tuple[NewKey, list[dict[str, str]], str]) -> None:
    """Send batches with a collector that then ends."""
    with TestClient(create_app(db, NobodyToWake(), limit=RateLimit(per_second=0.001, burst=6))) as client:
        for sender, batch, origin in batches:
            client.post(
                "/v1/batch", json={"batch": batch}, auth=(sender.token, ""), headers={"Origin": origin}
            )


def test_each_key_has_its_last_hour_and_its_refused_events(named: Db) -> None:
    shop, blog, quiet = (
        key(named, "shop"),
        key(named, "blog", origins=("https://b.com",)),
        key(named, "quiet"),
    )
    send(
        named,
        (shop, [GOOD, GOOD, BAD], "https://a.com"),
        (shop, [GOOD] * 4, "https://a.com"),  # more than it may
        (blog, [GOOD], "https://a.com"),
    )

    found = listed()

    assert [(one["label"], one["accepted"], one["refused"]) for one in found["last_hour"]] == [
        ("shop", 2, 5),
        ("blog", 0, 1),
        ("quiet", 0, 0),
    ]
    assert {one["key"] for one in found["last_hour"]} == {shop.id, blog.id, quiet.id}
    blogs, shops = found["refused"]
    assert (blogs["source"], blogs["field"]) == (blog.id, "Origin")
    assert (shops["source"], shops["field"]) == (shop.id, "anonymousId")
    assert json.loads(shops["event"]) == BAD
    assert listed("--key", shop.id)["refused"] == [shops]
    assert [one["label"] for one in listed("--key", blog.id)["last_hour"]] == ["blog"]
    assert len(listed("--limit", "1")["refused"]) == 1


def test_a_refused_event_is_shown_as_it_was_sent(named: Db) -> None:
    send(named, (key(named, "shop"), [BAD], "https://a.com"))
    [refused] = listed()["refused"]

    shown = run("refused", "show", refused["id"])

    assert shown.stdout.splitlines()[-1] == refused["event"]
    assert refused["reason"][:20] in shown.stdout
    assert json.loads(run("refused", "show", refused["id"], "--json").stdout) == refused
    assert "shop" in run("refused", "list").stdout


@pytest.mark.parametrize("words", [("show", "nothing"), ("list", "--key", "nothing")])
def test_what_does_not_exist_is_said(named: Db, words: tuple[str, ...]) -> None:
    assert "there is no" in str(run("refused", *words).exception)


def test_only_the_last_hour_counts_and_of_revoked_keys_what_they_sent(named: Db) -> None:
    now = utc_now()
    old, revoked, gone = key(named, "old"), key(named, "revoked"), key(named, "gone")
    for one in (revoked, gone):
        keys.revoke(named, one.id, now=now)
    arrivals.add(named, {old.id: Counted(5, 1)}, now=now - timedelta(minutes=70))
    for ago in (30, 20):
        arrivals.add(named, {old.id: Counted(1), revoked.id: Counted(0, 1)}, now=now - timedelta(minutes=ago))
    arrivals.add(named, {old.id: Counted(1)}, now=now - timedelta(minutes=20))

    found = arrivals.last_hour(named, now=now)

    assert [(one.label, one.accepted, one.refused) for one in found] == [("revoked", 0, 2), ("old", 3, 0)]
