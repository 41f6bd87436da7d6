"""A collector that is killed again and again while systems write: everything is done once."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from engine.accounts.scopes import Scope
from engine.db import Db, orphaned_transactions
from engine.db.processes import is_gone
from tests.integration.collector.api import victim
from tests.integration.drained import drain_all
from workers.embedded.ports import free_port

REQUESTS = 16
FOR_LONG = 120.0
"""Seconds after which a system gives up."""


@contextmanager
def killed_again_and_again(uri: str, name: str) -> Iterator[tuple[str, list[int]]]:
    """The address of a collector that lives for a moment each time; how often it was killed."""
    port, stop, deaths = free_port(), threading.Event(), list[int]()
    chance = random.Random(7)

    def restart() -> None:
        for number in itertools.count():
            process = subprocess.Popen([sys.executable, "-m", victim.__name__, uri, name, str(port)])
            wait_until_it_listens(port, stop)
            stop.wait(chance.uniform(0.5, 3.0))
            last = stop.is_set()
            process.kill()
            process.wait()
            if last:
                return
            deaths.append(number)

    killer = threading.Thread(target=restart)
    killer.start()
    try:
        yield f"http://127.0.0.1:{port}", deaths
    finally:
        stop.set()
        killer.join()


def wait_until_it_listens(port: int, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=1)
        except httpx.HTTPError:
            time.sleep(0.05)
        else:
            return


@pytest.fixture
def effects(shop: Db) -> Iterator[None]:
    """The work is done beside the collectors, as by a worker, which also frees what the dead have locked."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.02):
            orphaned_transactions.end(shop, is_gone)
            drain_all(shop)

    worker = threading.Thread(target=work)
    worker.start()
    yield
    stop.set()
    worker.join()


def test_what_is_sent_until_it_is_answered_is_done_once(mongod, shop, key_with, effects) -> None:
    key = key_with(*Scope)
    with killed_again_and_again(mongod.uri, shop.name) as (url, deaths):
        client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=10)
        for number in range(REQUESTS):
            kind = number % 4
            headers = {"Idempotency-Key": f"request-{number}"}
            if kind == 0:
                body = {"email": f"new-{number}@example.com", "first_name": f"N{number}"}
                done(client, "POST", "/v1/contacts", headers, body)
            elif kind == 1:
                body = {"points": 1, "reason": f"request {number}"}
                done(client, "PATCH", "/v1/contacts/ana@example.com", headers, body)
            elif kind == 2:
                way = "" if number % 8 == 2 else "/remove"
                body = {"contacts": ["ana@example.com", "bo@example.com"]}
                done(client, "POST", f"/v1/segments/met-at-the-fair/members{way}", headers, body)
            else:
                done(client, "POST", "/v1/exports", headers, {"columns": ["email"]})
    drain_all(shop)

    of_each = REQUESTS // 4
    assert deaths
    assert shop.contacts.count_documents({"email": {"$regex": "^new-"}}) == of_each
    assert (
        shop.activities.count_documents({"type": "identified", "traits.email": {"$regex": "^new-"}})
        == of_each
    )
    ana = shop.contacts.find_one({"email": "ana@example.com"})
    by_hand = list(shop.ledger.find({"contact": ana["_id"], "points": 1, "by": {"$exists": True}}))
    edits = shop.activities.count_documents({"type": "contact_edited", "properties.points": 1})
    assert edits == of_each, by_hand
    assert shop.jobs.count_documents({"kind": "export"}) == of_each
    changes = shop.activities.count_documents(
        {"type": "contact_edited", "$or": [{"properties.add_to": {"$exists": True}},
                                           {"properties.remove_from": {"$exists": True}}]}
    )  # fmt: skip
    assert changes == 2 * of_each


def done(client: httpx.Client, method: str, path: str, headers: dict[str, str], body: object) -> None:
    """Send a request, as a system does, until it is answered."""
    until = time.monotonic() + FOR_LONG
    while time.monotonic() < until:
        try:
            answer = client.request(method, path, headers=headers, json=body)
        except httpx.HTTPError:
            time.sleep(0.05)
            continue
        if answer.status_code < 300:
            return
        assert answer.status_code >= 500, answer.text
        time.sleep(0.05)
    pytest.fail(f"{method} {path} was not answered")
