"""A first fetch and a poll whose process dies at any point: each fact once, nothing skipped."""

import itertools
import multiprocessing
import os
import signal
import threading
from contextlib import suppress

import pytest

from engine.db.connection import connect as connect_db
from engine.db.connection import utc_now
from engine.pipeline import inbox
from engine.shops import shops
from engine.shops.fetching import fetch_job, polling, prestashop_api, storing
from tests.integration.drained import drain_all
from tests.integration.dying import Killed, dying, run_to_the_end
from tests.integration.job_runs import run_next_job
from tests.integration.shops.fetching import ACCESS, connect, contacts_of, fetch, poll, start_fetch, stored
from tests.shop_servers import served
from tests.shop_servers.prestashop import KEY, PrestaShop


@pytest.fixture
def shop(monkeypatch):
    monkeypatch.setattr(prestashop_api, "PAGE", 3)
    with served(PrestaShop()) as server:
        for number in range(1, 8):
            server.customer(
                number, f"c{number}@x.example", newsletter="1", newsletter_date_add="2026-01-15 09:00:00"
            )
            server.order(100 + number, number, total=f"{number}0.00")
        server.slip(5, 101, "4.00", "2026-02-04 10:00:00")
        yield server


@pytest.fixture
def connected(db, shop):
    return connect(db, "prestashop", url=shop.url, secrets={"api_key": KEY})


def assert_whole(db):
    found = contacts_of(db)
    assert {email: row["commerce"]["orders"] for email, row in found.items()} == {
        f"c{number}@x.example": 1 for number in range(1, 8)
    }
    assert found["c1@x.example"]["commerce"]["refunded"] == 4
    types = [row["type"] for row in db.activities.find({})]
    assert {type_: types.count(type_) for type_ in ("order_completed", "order_refunded", "newsletter_subscribed", "registered")} == {
        "order_completed": 7, "order_refunded": 1, "newsletter_subscribed": 7, "registered": 7,
    }  # fmt: skip
    assert db.conflicts.count_documents({}) == 0
    assert db.raw_notices.count_documents({}) == 7, "the record behind each consent"


@pytest.mark.parametrize("at", ["receive", "evidence", "keep", "page"])
def test_a_fetch_whose_workers_die_around_a_step_is_whole(db, shop, connected, monkeypatch, at):
    places = {
        "receive": (inbox, "receive"),
        "keep": (storing.not_understood, "keep"),
        "evidence": (storing.raw_notices, "keep"),
        "page": (fetch_job.shops, "record_accepted"),
    }
    place, name = places[at]
    monkeypatch.setattr(place, name, dying(getattr(place, name)))
    job = start_fetch(db, connected)

    run_to_the_end(db, job.id)

    assert db.jobs.find_one({"_id": job.id})["state"] == "done"
    assert_whole(db)


def dying_at_times(real):
    """A function that dies before it does anything once in five calls, and after it did once more."""
    calls = itertools.count()

    def dies(*args, **kwargs):
        point = next(calls) % 5
        if point == 0:
            raise Killed
        result = real(*args, **kwargs)
        if point == 2:
            raise Killed
        return result

    return dies


@pytest.mark.parametrize("at", ["receive", "cursor"])
def test_a_poll_whose_scheduler_dies_around_a_page_is_whole(db, shop, connected, monkeypatch, at):
    place, name = (inbox, "receive") if at == "receive" else (polling.shops, "set_cursor")
    monkeypatch.setattr(place, name, dying_at_times(getattr(place, name)))

    for _ in range(40):
        with suppress(Killed):
            poll(db, connected)
        db.shops.update_many(
            {}, {"$set": {"cursor.claimed_until": None, "cursor.next_at": None}}
        )  # as time would
    drain_all(db)

    assert_whole(db)


def work_until_killed(uri, name):
    db = connect_db(uri, name, app="victim")
    fetch_job.equip(ACCESS)
    run_next_job(db, clock=utc_now, stopped=lambda: False)


def test_a_worker_that_is_killed_in_the_middle_of_a_fetch_is_followed_by_another(db, mongod, shop, connected):
    reached, go_on = threading.Event(), threading.Event()

    def hold(path, query):
        if path == "/api/orders" and query.get("display") == "full" and not go_on.is_set():
            reached.set()
            go_on.wait(30)

    shop.before = hold
    job = start_fetch(db, connected)
    victim = multiprocessing.get_context("spawn").Process(
        target=work_until_killed, args=(mongod.uri, db.name)
    )
    victim.start()
    assert reached.wait(60)
    os.kill(victim.pid, signal.SIGKILL)
    victim.join()
    go_on.set()
    drain_all(db)
    assert contacts_of(db), "some of it is here"

    db.jobs.update_one({"_id": job.id}, {"$set": {"claimed_until": None}})  # as the scheduler frees it
    while run_next_job(db, clock=utc_now, stopped=lambda: False):
        pass
    drain_all(db)

    assert db.jobs.find_one({"_id": job.id})["state"] == "done"
    assert_whole(db)


def test_a_fetch_that_is_stopped_stops_and_goes_on_where_it_was(db, shop, connected):
    from engine.jobs import jobs

    job = start_fetch(db, connected)

    def stop(path, _query):
        if path == "/api/orders" and db.jobs.find_one({"_id": job.id})["state"] == "running":
            jobs.stop(db, job.id, now=utc_now())

    shop.before = stop
    run_next_job(db, clock=utc_now, stopped=lambda: False)
    row = db.jobs.find_one({"_id": job.id})
    assert row["state"] == "stopped"
    assert row["done"] < 15

    shop.before = None
    jobs.resume(db, job.id)
    while run_next_job(db, clock=utc_now, stopped=lambda: False):
        pass
    drain_all(db)
    assert_whole(db)


def test_fetch_and_polls_in_any_order_end_in_the_same(db, shop, connected):
    fetch(db, connected)
    poll(db, connected)
    first = stored(db)

    poll(db, connected)
    fetch(db, connected)

    assert stored(db) == first
    assert shops.find(db, connected.id).problem == ""
