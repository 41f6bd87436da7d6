"""A flood of slow questions holds back neither the intake of events nor the answers to others for ever."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from engine.accounts.scopes import Scope
from tests.integration.served import served
from workers.collector.api import contacts, threads


@pytest.fixture
def slow(monkeypatch):
    """Every list takes as long as the test."""
    done, real = threading.Event(), contacts.list_service.page

    def page(*args, **options):
        done.wait(20)
        return real(*args, **options)

    monkeypatch.setattr(contacts.list_service, "page", page)
    yield done
    done.set()


def test_events_are_received_while_every_thread_of_the_api_is_at_work(shop, key_with, slow):
    headers = {"Authorization": f"Bearer {key_with(*Scope)}"}
    with served(shop) as url, ThreadPoolExecutor(3 * threads.THREADS) as asking:
        client = httpx.Client(base_url=url, headers=headers, timeout=30)
        client.get("/v1/segments")
        waiting = [asking.submit(client.get, "/v1/contacts") for _ in range(3 * threads.THREADS)]
        time.sleep(0.5)

        began = time.monotonic()
        received = client.post("/v1/track", json={"userId": "customer-7", "event": "Signed in"})
        took = time.monotonic() - began
        slow.set()

        assert received.status_code == 200
        assert took < 5
        assert {answer.result().status_code for answer in waiting} == {200}


def test_beyond_what_can_wait_the_answer_is_to_come_again(shop, key_with, slow, monkeypatch):
    monkeypatch.setattr(threads, "MAX_WAITING", 2)
    headers = {"Authorization": f"Bearer {key_with(*Scope)}"}
    with served(shop) as url, ThreadPoolExecutor(2) as asking:
        client = httpx.Client(base_url=url, headers=headers, timeout=30)
        client.get("/v1/segments")
        waiting = [asking.submit(client.get, "/v1/contacts") for _ in range(2)]
        time.sleep(0.5)

        refused = client.get("/v1/segments")
        slow.set()

        assert refused.status_code == 503 and refused.headers["Retry-After"]
        assert {answer.result().status_code for answer in waiting} == {200}
