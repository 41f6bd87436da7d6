"""`plan`: contacts a second through a dry run by all processors, against reading the same rows."""

from __future__ import annotations

import threading
import time

import msgspec
import psutil

from engine.db import Db
from engine.db.connection import utc_now
from engine.db.installation import namespace
from engine.domain.activities import Activity
from engine.domain.folding import component
from engine.domain.identity.identities import Identities, Key
from engine.pipeline.commit import Writes
from engine.pipeline.groups import Group
from engine.pipeline.inbox import encode_activity
from engine.pipeline.results import Folding, add_changes
from engine.publishing import planning, publishing
from engine.rules import versions
from tests.bench.measure import Result, Size, servers
from tests.bench.traffic import traffic

SIZES: dict[Size, tuple[int, int]] = {"small": (300, 9_000), "full": (100_000, 3_000_000)}
"""Contacts and activities."""


def bench_plan(size: Size) -> list[Result]:
    """Plan a change of the points, over everybody."""
    contacts, activities = SIZES[size]
    with servers(cache_gb=0.25 if size == "small" else 4.0) as running:
        db = running.database("plan")
        _people(db, contacts, activities)
        scoring = versions.stored_version(db, 1).texts["scoring.yaml"].replace("points: 2\n", "points: 3\n")
        change = planning.proposed(db, publishing.completed(db, {"scoring.yaml": scoring}), now=utc_now())
        with _Memory() as memory:
            began = time.perf_counter()
            found = planning.plan(db, change, uri=running.mongod.uri)
            ours = time.perf_counter() - began
        theirs = _read(db)
    assert found.contacts == contacts
    more = {
        "contacts": contacts,
        "activities": activities,
        "seconds": round(ours, 1),
        "gain": found.gain,
        "most_memory_mb": memory.most,
    }
    unit = "contacts/s; the limit is reading their rows"
    return [Result("plan", size, contacts / ours, contacts / theirs, unit, more)]


def _people(db: Db, contacts: int, activities: int) -> None:
    """Everybody with their history, put in place by the fold itself, without the lanes."""
    rulebook, secret = versions.rulebook(db), namespace(db)
    folding = Folding.begin(db, rulebook, utc_now())
    mine = activities // contacts
    for first in range(0, contacts, 500):
        writes, rows = Writes(), []
        for person in range(first, min(first + 500, contacts)):
            history = [_of(activity, person) for activity in traffic(mine, contacts=1, seed=person)]
            settled = component.refold(history, rulebook, namespace=secret, shared=set())
            add_changes(folding, Group(history, {}), settled, writes)
            rows += [{**encode_activity(a), "lane": 0, "state": "applied", "content": ""} for a in history]
        db.activities.insert_many(rows, ordered=False)
        for collection, operations in (
            (db.contacts, writes.contacts),
            (db.ledger, writes.ledger),
            (db.activities, writes.derived),
        ):
            if operations:
                collection.bulk_write(operations, ordered=False)


def _of(activity: Activity, person: int) -> Activity:
    email = f"person{person}@example.com"
    return msgspec.structs.replace(activity, identities=Identities(email=email), stream=Key(f"e:{email}"))


def _read(db: Db) -> float:
    began = time.perf_counter()
    for name in ("contacts", "activities", "ledger"):
        for _ in db[name].find():
            pass
    return time.perf_counter() - began


class _Memory:
    """The most memory that this process and its children held, in megabytes."""

    def __enter__(self) -> _Memory:
        self.most, self._over = 0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._over.wait(0.2):
            ours = [me, *(child for child in me.children() if "mongod" not in child.name())]
            held = 0
            for process in ours:
                try:
                    held += process.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            self.most = max(self.most, held // 1_000_000)
