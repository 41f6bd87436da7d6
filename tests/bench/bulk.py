"""`bulk`: one change of many contacts by a job, against the same in bare MongoDB.

The bare way writes the membership with one `update_many` and inserts an activity for each
contact; it leaves out all that makes a job one: the version guard, rules that react, being
stopped, taken back, and killed at any moment.
"""

from __future__ import annotations

import random
import time
from typing import Any

import uuid_utils

from engine.contacts.bulk import bulk_change
from engine.contacts.bulk.selection import Selection
from engine.contacts.editing.edit import Edit
from engine.contacts.listing.listing import Listing
from engine.db import Db
from engine.db.connection import utc_now
from engine.jobs import jobs
from engine.pipeline import inbox, lanes
from engine.publishing import publishing
from engine.publishing.upkeep import upkeep
from tests.bench.crowd import make_crowd
from tests.bench.measure import Result, Servers, Size, servers
from tests.bench.pipeline import Herd
from tests.bench.traffic import START, one

CONTACTS: dict[Size, int] = {"small": 2_000, "full": 100_000}
CHUNK = 1_000
SEGMENTS = "segments:\n  - {id: fair, name: Trade fair, static: true}\n"


def bench_bulk(size: Size) -> list[Result]:
    """Add all contacts to a static segment: how long until the edits are kept, and until they hold."""
    with servers(cache_gb=2.0) as found:
        ours, theirs = found.database("ours"), found.database("bare")
        for db in (ours, theirs):
            make_crowd(db, CONTACTS[size])
        texts = publishing.completed(ours, {"segments.yaml": SEGMENTS})
        publishing.publish(ours, texts, by="bench", message="a segment", now=utc_now())
        bare = _bare(theirs)
        found.announce("ours")
        kept, applied = _by_job(found, ours)
    more = {"contacts": CONTACTS[size], "kept_s": round(kept, 2), "a_second": round(CONTACTS[size] / applied)}
    return [Result("bulk", size, applied, bare, "s to add all to a segment; limit: bare MongoDB", more)]


def _bare(db: Db) -> float:
    began, now = time.perf_counter(), utc_now()
    db.contacts.update_many({}, {"$set": {"segments.fair": now}})
    rows: list[dict[str, Any]] = []
    for contact in db.contacts.find({}, {"keys": {"$slice": 1}}):
        rows.append(_activity(contact, now))
        if len(rows) == CHUNK:
            db.activities.insert_many(rows, ordered=False)
            rows = []
    if rows:
        db.activities.insert_many(rows, ordered=False)
    return time.perf_counter() - began


def _activity(contact: dict[str, Any], now: Any) -> dict[str, Any]:
    said = {"author": "Mia", "add_to_segment": ["fair"], "what": ["into Trade fair"]}
    return {
        "_id": uuid_utils.uuid7().hex,
        "type": "contact_edited",
        "stream": contact["keys"][0],
        "lane": 0,
        "state": "applied",
        "happened_at": now,
        "received_at": now,
        "properties": said,
        "source": "dashboard",
    }


def _by_job(found: Servers, db: Db) -> tuple[float, float]:
    """Until the last edit is kept, and until it has taken effect, with one worker process."""
    with Herd(found, 1):
        inbox.receive(db, [one("warm-up", 0, "registered", START, random.Random(0))])
        _wait_applied(db)
        while not upkeep(db).finished:
            time.sleep(0.1)
        began = time.perf_counter()
        everybody, change = Selection(listing=Listing()), Edit(add_to=["fair"])
        bulk_change.start(db, everybody, change, id_="bench", by="b", by_name="Mia", now=utc_now())
        job = jobs.job(db, "bench")
        while job is not None and job.under_way:
            time.sleep(0.02)
            job = jobs.job(db, "bench")
        kept = time.perf_counter() - began
        _wait_applied(db)
        took = time.perf_counter() - began
    assert job is not None and job.failure is None, job
    assert db.contacts.count_documents({"segments.fair": {"$exists": True}}) == job.total
    return kept, took


def _wait_applied(db: Db) -> None:
    while lanes.backlog_exceeds(db, 0):
        time.sleep(0.02)
