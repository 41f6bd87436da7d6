"""Shops that are connected in tests, and what came of them."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.db.connection import utc_now
from engine.http_client import HttpClient
from engine.shops import shops
from engine.shops.fetching import fetch_job, polling
from engine.shops.fetching.apis import ShopAccess
from engine.shops.sealing import Sealer
from tests.integration.drained import drain_all
from tests.integration.job_runs import run_next_job

SEALER = Sealer("a key for the secrets of shops in tests")
ACCESS = ShopAccess(lambda: SEALER, HttpClient(allow_private=True, deadline=5.0))


SINCE = datetime(2026, 1, 1, tzinfo=UTC)
"""When shops of tests were connected."""


def connect(db, platform, *, prefix="", secrets, **fields):
    """A connected shop."""
    return shops.add(
        db, platform, name=f"A {platform}", prefix=prefix, fields=fields, secrets=secrets, sealer=SEALER, now=SINCE
    )  # fmt: skip


def poll(db, shop, *, access=ACCESS):
    """Poll a shop now, and let what it reported take effect."""
    done = polling.poll_now(db, shops.find(db, shop.id), access, lambda _lanes: None, clock=utc_now)
    drain_all(db)
    return done


def start_fetch(db, shop, *, access=ACCESS):
    fetch_job.equip(access)
    return fetch_job.request(db, shops.find(db, shop.id), by="cli", by_name="Ana", now=utc_now())


def fetch(db, shop, *, access=ACCESS):
    """Fetch the past of a shop, and let it take effect; return the job as it is then."""
    job = start_fetch(db, shop, access=access)
    while run_next_job(db, clock=utc_now, stopped=lambda: False):
        pass
    drain_all(db)
    return db.jobs.find_one({"_id": job.id})


def contacts_of(db):
    """The contacts as their email, else id, leads to them."""
    return {row.get("email") or row["_id"]: row for row in db.contacts.find({"merged_into": None})}


def stored(db):
    """What is stored of activities and contacts that must not differ, however it came."""
    left_out = {"received_at": 0, "applied_at": 0, "lane": 0, "batch": 0, "source": 0, "context": 0}
    activities = {row["_id"]: row for row in db.activities.find({}, left_out)}
    return activities, {email: _state(row) for email, row in contacts_of(db).items()}


def _state(row):
    return {
        name: row.get(name)
        for name in ("first_name", "last_name", "external_id", "commerce", "newsletter", "activities")
    }
