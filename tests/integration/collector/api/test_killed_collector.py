"""A collector that is killed again and again while systems write: everything is done once."""

from __future__ import annotations

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

REQUESTS = 24
DEATHS = 6
FOR_LONG = 120.0
"""Seconds after which a system gives up."""


class Killed:
    """A collector that is killed in the middle of a request, a few times; `answered` counts its answers."""

    def __init__(self, uri: str, database: str) -> None:
        self.port, self.answered, self.deaths = free_port(), 0, 0
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = [sys.executable, "-m", victim.__name__, uri, database, str(self.port)]
        self._stop, self._chance = threading.Event(), random.Random(7)

    @contextmanager
    def running(self) -> Iterator[Killed]:
        killer = threading.Thread(target=self._kill_again_and_again)
        killer.start()
        try:
            yield self
        finally:
            self._stop.set()
            killer.join()

    def _kill_again_and_again(self) -> None:
        while not self._stop.is_set():
            process, before = subprocess.Popen(self._command), self.answered
            try:
                wait_until_it_listens(self.port, self._stop)
                # However busy the machine is, each life gets something done.
                while not self._stop.wait(0.01) and (self.answered == before or self.deaths >= DEATHS):
                    pass
                self._stop.wait(self._chance.uniform(0, 0.4))
            finally:
                process.kill()
                process.wait()
            self.deaths += 1


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
    with Killed(mongod.uri, shop.name).running() as collector:
        headers = {"Authorization": f"Bearer {key}"}
        client = httpx.Client(base_url=collector.url, headers=headers, timeout=10)
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
            collector.answered += 1
    drain_all(shop)

    of_each = REQUESTS // 4
    assert collector.deaths >= DEATHS
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
