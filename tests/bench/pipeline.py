"""`pipeline`: activities applied a second, against the raw driver writing the same documents.

The raw loop inserts the activities as we received them; then, in transactions of the same
size, it reads the contacts, marks the activities, sets each touched contact's whole document
once and inserts the same ledger entries, into a database with the same indexes.
"""

from __future__ import annotations

import json
import os
import random
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pymongo import InsertOne, UpdateOne

from engine.accounts import keys
from engine.db import Db
from engine.db.connection import utc_now
from engine.domain.activities import Activity
from engine.pipeline import inbox
from engine.pipeline.batch import BATCH
from tests.bench.measure import Result, Servers, Size, chunks, servers
from tests.bench.traffic import START, one, traffic
from workers.embedded.ports import free_port
from workers.embedded.process import spawn, terminate

SIZES: dict[Size, tuple[int, int]] = {"small": (6_000, 1_000), "full": (600_000, 200_000)}
"""Activities and contacts.  The full size runs for minutes, over several checkpoints."""


def pipeline(size: Size) -> list[Result]:
    """One worker process, the collector left out; then two."""
    activities, contacts = SIZES[size]
    with servers(cache_gb=0.25 if size == "small" else 4.0) as running:
        one = _ours(running, "one", activities, contacts, workers=1)
        limit = _raw(running, "one", activities)
        two = _ours(running, "two", activities, contacts, workers=2)
    more = {"activities": activities, "contacts": contacts}
    return [
        Result("pipeline", size, one, limit, "applied activities/s, one worker process", more),
        Result(
            "pipeline_two", size, two, one, "applied activities/s, two worker processes against one", more
        ),
    ]


def pipeline_http(size: Size) -> list[Result]:
    """The same, sent over HTTP in batches of 100 with the collector in a process of its own."""
    activities, contacts = SIZES[size]
    activities //= 2
    with servers(cache_gb=0.25 if size == "small" else 4.0) as running:
        ours = _ours_http(running, activities, contacts)
        limit = _raw(running, "http", activities)
    return [
        Result(
            "pipeline_http",
            size,
            ours,
            limit,
            "applied activities/s, collector included",
            {"activities": activities},
        )
    ]


def _ours(running: Servers, name: str, activities: int, contacts: int, *, workers: int) -> float:
    db = running.database(name)
    running.announce(name)
    with Herd(running, workers):
        _warm_up(db, contacts)
        began = time.perf_counter()
        for chunk in chunks(traffic(activities, contacts=contacts, seed=1), BATCH):
            inbox.receive(db, chunk)
        _wait_applied(db)
        return activities / (time.perf_counter() - began)


def _ours_http(running: Servers, activities: int, contacts: int) -> float:
    db = running.database("http")
    running.announce("http")
    token = keys.create_key(db, "secret", label="bench", now=utc_now()).token
    port = free_port()
    os.environ |= {
        "SHEETS_COLLECTOR_EVENTS_PER_SECOND": "1000000",
        "SHEETS_COLLECTOR_EVENTS_BURST": "1000000",
    }
    events = [_event(activity) for activity in traffic(activities, contacts=contacts, seed=1)]
    bodies = [json.dumps({"writeKey": token, "batch": batch}).encode() for batch in chunks(iter(events), 100)]
    with Herd(running, 1, "collector", "--port", str(port)):
        url = f"http://127.0.0.1:{port}/v1/batch"
        _wait_answers(f"http://127.0.0.1:{port}/healthz")
        _warm_up(db, contacts)
        began = time.perf_counter()
        with ThreadPoolExecutor(4) as senders:
            list(senders.map(lambda body: _post(url, body), bodies))
        _wait_applied(db)
        return activities / (time.perf_counter() - began)


def _raw(running: Servers, name: str, activities: int) -> float:
    """The bare driver, writing the documents that our run left behind."""
    ours, raw = running.database(name), running.database(f"{name}_raw")
    rows = list(
        ours.activities.find({"derived": None, "_id": {"$regex": "^(browser:)?b1-"}}).sort("happened_at", 1)
    )
    contacts = {key: row for row in ours.contacts.find() for key in row["keys"]}
    ledger: dict[str, list[dict[str, Any]]] = {}
    for entry in ours.ledger.find():
        ledger.setdefault(entry["activity"], []).append(entry)
    raw.contacts.insert_many({row["_id"]: row for row in contacts.values()}.values())
    for row in rows:
        row["state"] = "received"
    began = time.perf_counter()
    for batch in chunks(iter(rows), BATCH):
        raw.activities.insert_many(batch, ordered=False)
        _raw_batch(raw, batch, contacts, ledger)
    return activities / (time.perf_counter() - began)


def _raw_batch(
    raw: Db,
    batch: list[dict[str, Any]],
    contacts: dict[str, dict[str, Any]],
    ledger: dict[str, list[dict[str, Any]]],
) -> None:
    touched = {contacts[row["stream"]]["_id"]: contacts[row["stream"]] for row in batch}
    list(raw.contacts.find({"keys": {"$in": list({row["stream"] for row in batch})}}))
    updates = [UpdateOne({"_id": id_}, {"$set": {**row, "v": row["v"] + 1}}) for id_, row in touched.items()]
    entries = [InsertOne(entry) for row in batch for entry in ledger.get(row["_id"], [])]
    with raw.client.start_session() as session, session.start_transaction():
        ids = [row["_id"] for row in batch]
        raw.activities.update_many({"_id": {"$in": ids}}, {"$set": {"state": "applied"}}, session=session)
        raw.contacts.bulk_write(updates, session=session)
        if entries:
            raw.ledger.bulk_write(entries, session=session)


class Herd:
    """Worker processes, a scheduler, and perhaps one process more."""

    def __init__(self, running: Servers, workers: int, *extra: str) -> None:
        self._commands = [["worker"]] * workers + [["scheduler"]] + ([list(extra)] if extra else [])
        self._running = running

    def __enter__(self) -> None:
        folder = self._running.folder
        base = [sys.executable, "-m", "workers.cli.main"]
        self._processes = [
            spawn([*base, *command, "--data-dir", str(folder)], log=folder / "logs" / f"{index}.log")
            for index, command in enumerate(self._commands)
        ]

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            terminate(process, grace=20)


def _warm_up(db: Db, contacts: int) -> None:
    """Let every contact exist and the processes run before the clock starts."""
    for chunk in chunks(_greetings(contacts), 1_000):
        inbox.receive(db, chunk)
    _wait_applied(db)


def _greetings(contacts: int) -> Iterator[Activity]:
    source = random.Random(0)
    return (one(f"w-{n}", n, "registered", START, source) for n in range(contacts))


def _wait_applied(db: Db) -> None:
    idle = threading.Event()
    while db.activities.find_one({"state": "received", "lane": {"$gte": 0}}, {"_id": 1}) is not None:
        idle.wait(0.02)


def _wait_answers(url: str) -> None:
    idle = threading.Event()
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            idle.wait(0.1)


def _post(url: str, body: bytes) -> None:
    with urllib.request.urlopen(urllib.request.Request(url, body), timeout=60) as answer:
        answer.read()


def _event(activity: Activity) -> dict[str, Any]:
    return {
        "type": "track",
        "messageId": activity.id,
        "event": activity.type,
        "timestamp": activity.happened_at.isoformat(),
        "properties": activity.properties,
        "context": {**activity.context, "traits": {"email": activity.identities.email}},
    }
