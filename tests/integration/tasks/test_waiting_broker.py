"""Hints through Valkey: a worker that waits hears of them at once, and asks seldom while none comes."""

import queue
import time

import dramatiq
import pytest
import redis

from workers.tasks.actors import drain_actor
from workers.tasks.broker import make_broker

CALLS = ("cmdstat_evalsha", "cmdstat_blmove")


@pytest.fixture
def url(valkey):
    client = redis.Redis.from_url(valkey.url)
    client.flushdb()
    yield valkey.url
    client.flushdb()


class Working:
    """Workers that note which lanes they are told of, and when."""

    def __init__(self, url, *, workers=1):
        self.heard = queue.Queue()
        self.workers = []
        for _ in range(workers):
            broker = make_broker(url)
            drain_actor(broker, lambda lane: self.heard.put((lane, time.monotonic())))
            self.workers.append(dramatiq.Worker(broker, worker_threads=2, worker_timeout=250))

    def __enter__(self):
        for worker in self.workers:
            worker.start()
        time.sleep(0.7)  # until all wait
        return self

    def __exit__(self, *_):
        for worker in self.workers:
            worker.stop(timeout=10_000)

    def late(self, send, lane):
        """Seconds from a hint to its being heard."""
        sent = time.monotonic()
        send(lane)
        heard, at = self.heard.get(timeout=10)
        assert heard == lane
        return at - sent


def commands(url):
    stats = redis.Redis.from_url(url).info("commandstats")
    return sum(stats.get(name, {"calls": 0})["calls"] for name in CALLS)


def test_an_idle_worker_hears_of_a_hint_sooner_than_it_would_ask(url):
    send = drain_actor(make_broker(url)).send
    with Working(url) as working:
        delays = [working.late(send, lane) for lane in range(20)]

    assert sorted(delays)[len(delays) // 2] < 0.05


def test_an_idle_worker_asks_seldom(url):
    with Working(url):
        before = commands(url)
        time.sleep(2)
        asked = commands(url) - before

    assert asked <= 24, "two queues, twice a second each, with two commands; and some slack"


def test_each_hint_is_heard_once_however_many_wait(url):
    send = drain_actor(make_broker(url)).send
    with Working(url, workers=3) as working:
        for lane in range(200):
            send(lane)
        heard = [working.heard.get(timeout=10)[0] for _ in range(200)]
        time.sleep(0.5)

    assert sorted(heard) == list(range(200))
    assert working.heard.empty()


def test_a_server_that_does_not_let_wait_is_asked_instead(url):
    client = redis.Redis.from_url(url)
    client.acl_setuser("old", enabled=True, passwords=["+old"], keys=["*"], commands=["+@all", "-blmove"])
    old = f"redis://old:old@{url.split('@')[1]}"
    send = drain_actor(make_broker(old)).send
    try:
        with Working(old) as working:
            assert working.late(send, 7) < 5
    finally:
        client.acl_deluser("old")


def test_a_worker_goes_on_when_the_server_hangs_up(url):
    send = drain_actor(make_broker(url)).send
    client = redis.Redis.from_url(url)
    with Working(url) as working:
        client.client_kill_filter(_type="normal", skipme=True)

        assert working.late(send, 3) < 8
