"""The demo, sent to a real collector: full pages, and nothing wrong with any of it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from engine.accounts import keys
from engine.contacts.listing import listing
from engine.contacts.listing.listing import Listing
from engine.contacts.sheet import sheets
from engine.db import Db
from engine.db.connection import utc_now
from engine.errors import NoInstance
from engine.insights import census
from engine.settings import Instance
from tests.integration.drained import drain_all
from tests.integration.served import served
from workers.demo import shop
from workers.demo.shop import DemoReport

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def always_the_same_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes to the shop depends on the day: these tests shall not."""
    monkeypatch.setattr(shop, "utc_now", lambda: NOW)


def run(db: Db, url: str | None, *, live: bool = False, stop: threading.Event | None = None) -> DemoReport:
    return shop.run(
        Instance(mongodb_uri="", broker_url="", database=db.name, collector_url=url),
        db,
        seed=7,
        contacts=200,
        days=60,
        live=live,
        stop=stop or threading.Event(),
        say=lambda _line: None,
    )


def test_a_newcomer_sees_full_pages(db: Db) -> None:
    with served(db) as url:
        report = run(db, url)
    drain_all(db)

    rows = list(listing.walk(db, Listing()))
    assert report.refused == 0
    assert report.history > 3_000
    assert 150 < len(rows) < 250
    assert sum(row.identified for row in rows) > 40
    assert sum(row.orders > 0 for row in rows) > 20
    assert {"bounced", "active"} <= {row.email_status for row in rows}
    assert {"subscribed", "unsubscribed", "not_subscribed"} == {row.newsletter for row in rows}
    assert {row.currency for row in rows if row.orders} == {"EUR"}


def test_nothing_of_it_is_refused_failed_or_contradictory(db: Db) -> None:
    with served(db) as url:
        first, second = run(db, url), run(db, url)
    drain_all(db)

    assert first == second
    assert db.activities.count_documents({"derived": {"$ne": True}}) == first.history
    assert db.activities.count_documents({"state": {"$ne": "applied"}}) == 0
    assert db.refusals.count_documents({}) == 0
    assert db.conflicts.count_documents({}) == 0


def test_sent_again_when_all_is_applied_it_changes_nothing(db: Db) -> None:
    with served(db) as url:
        run(db, url)
        drain_all(db)
        before = list(listing.walk(db, Listing()))
        run(db, url)
        drain_all(db)

    assert list(listing.walk(db, Listing())) == before


def test_the_tablet_in_the_store_is_known_as_shared(db: Db) -> None:
    with served(db) as url:
        run(db, url)
    drain_all(db)

    shown = [
        sheets.sheet(db, row.id, now=utc_now()) for row in listing.walk(db, Listing()) if not row.identified
    ]
    shared = [device.id for sheet in shown if sheet for device in sheet.devices if device.shared]
    assert shared
    assert all("-store-" in tracker for tracker in shared)


def test_the_overview_soon_counts_everybody_although_it_counted_while_they_came(db: Db) -> None:
    census.take(db, now=NOW)
    with served(db) as url:
        run(db, url)
    drain_all(db)

    soon = NOW + timedelta(minutes=1)
    assert census.is_due(db, now=soon)
    assert census.take(db, now=soon)
    found = census.latest(db)
    assert found is not None
    assert found.contacts == len(list(listing.walk(db, Listing())))


def test_live_it_goes_on_until_told_to_stop(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shop, "LIVE_PAUSE", 0.001)
    stop, reports = threading.Event(), []
    with served(db) as url:
        running = threading.Thread(target=lambda: reports.append(run(db, url, live=True, stop=stop)))
        running.start()
        while running.is_alive() and not db.activities.count_documents(
            {"_id": {"$regex": "^demo-[0-9a-f]+-260302"}}
        ):
            stop.wait(0.05)
        stop.set()
        running.join(10)

    assert reports[0].live > 0
    assert reports[0].refused == 0


def test_its_keys_work_no_longer_than_it_runs(db: Db) -> None:
    with served(db) as url:
        run(db, url)

    made = [key for key in keys.all_keys(db) if key.label == "demo"]
    assert {key.kind for key in made} == {"write", "secret"}
    assert all(key.revoked_at is not None for key in made)


def test_without_a_collector_it_says_what_to_do(db: Db) -> None:
    with pytest.raises(NoInstance, match="sheets up"):
        run(db, None)
