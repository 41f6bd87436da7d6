"""Killing things while activities go through, and letting the rest come to an end."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from engine.db.connection import connect, utc_now
from engine.domain.activities import Activity
from engine.errors import Unavailable
from engine.operations.preparation import prepare
from engine.pipeline import inbox
from engine.publishing import publishing
from engine.publishing.publishing import NothingToPublish
from engine.settings import CONFIG_DIR, Instance, write_instance
from tests.chaos.truth import Verdict, judge
from tests.chaos.workload import Workload
from tests.integration.drained import drain_all
from workers.embedded.mongod import Mongod
from workers.embedded.process import spawn, terminate
from workers.embedded.valkey import Valkey
from workers.tasks.drain import drain

SEGMENTS = """
segments:
  - {id: customers, name: Customers, when: {contact.orders: {gte: 2}}}
  - {id: regulars, name: Regulars, when: {contact.segments: customers, contact.points: {gte: 40}}}
  - {id: shoppers, name: Shoppers, when: {did: {activity: product_visited, within: 7d, times: {gte: 3}}, did_not: {activity: order_completed, within: 30d}}}
"""
SCORING = """
rules:
  - {id: regular, name: A regular, on: segment_entered, when: {activity.segment: regulars}, points: 5, limit: once}
  - {id: order, name: Order, on: order_completed, points: 20}
"""

WORKERS = 3
END_TIMEOUT = 900.0


@dataclass
class Toll:
    """What was killed."""

    workers: int = 0
    mongods: int = 0
    flushes: int = 0
    published: int = 0


@dataclass
class Chaos:
    """One run: servers and processes of its own in `folder`.

    Parameters:
      folder(Path): Everything that is written goes here.
      kill_every(float): Seconds between two kills of a worker.
      seed(int): Of the order of sending and of who is killed.
    """

    folder: Path
    kill_every: float
    seed: int
    say: Callable[[str], None] = print
    toll: Toll = field(default_factory=Toll)

    def run(self, load: Workload) -> tuple[Verdict, Toll]:
        """Send everything twice and shuffled while things are killed; judge the end."""
        with self.servers():
            self._quiet_run(load)
            self.prepared("lively")
            with self.workers_under_fire():
                self._send(load.activities)
                self.wait_for_the_end()
            return self._judge(load), self.toll

    @contextmanager
    def servers(self) -> Iterator[None]:
        """A MongoDB and a Valkey of this run's own."""
        self._mongod, self._valkey = Mongod(self.folder), Valkey(self.folder)
        for server in (self._mongod, self._valkey):
            server.start()
        for server in (self._mongod, self._valkey):
            server.wait_ready()
        try:
            yield
        finally:
            self._mongod.stop()
            self._valkey.stop()

    def _quiet_run(self, load: Workload) -> None:
        db = self.prepared("quiet")
        for start in range(0, len(load.activities), 1_000):
            inbox.receive(db, load.activities[start : start + 1_000])
            self._drain_all(db)
        while _has_work(db):  # what fell due in a lane that was drained before
            self._drain_all(db)
        self._raw()["lively"].installation.insert_many(self._raw()["quiet"].installation.find())
        self.say(f"quiet run done: {db.contacts.count_documents({})} contacts")

    def _drain_all(self, db: Any) -> None:
        for lane in range(db.lanes.count_documents({})):
            drain(db, lane, holder="quiet", clock=utc_now)

    @contextmanager
    def workers_under_fire(self) -> Iterator[None]:
        """Workers and a scheduler on the database `lively`; of the workers one after the other is killed."""
        instance = Instance(
            self._mongod.uri, self._valkey.url, "lively", data_dir=self.folder, pid=os.getpid()
        )
        write_instance(instance)
        over = threading.Event()
        herd = [self._process("worker", number) for number in range(WORKERS)]
        scheduler = self._process("scheduler", 0)
        killer = threading.Thread(target=self._kill_workers, args=(herd, over))
        killer.start()
        try:
            yield
        finally:
            over.set()
            killer.join()
            for process in (*herd, scheduler):
                terminate(process, grace=10)

    def _send(self, activities: Sequence[Activity]) -> None:
        """Each twice, shuffled, in chunks of any size; sent again until it is acknowledged."""
        source = random.Random(self.seed)
        parcels = [*activities, *activities]
        source.shuffle(parcels)
        db, position = self.open("lively"), 0
        events = {len(parcels) // 3: self._kill_mongod, 2 * len(parcels) // 3: self._kill_mongod}
        events |= {len(parcels) // 4: self._flush, 3 * len(parcels) // 4: self._flush}
        events |= {len(parcels) // 2: self._publish}
        while position < len(parcels):
            chunk = parcels[position : position + source.randrange(1, 200)]
            for mark in [mark for mark in events if mark < position + len(chunk)]:
                events.pop(mark)()
            self._until_acknowledged(db, chunk)
            position += len(chunk)
            time.sleep(0.01)
        self.say(f"all sent; killed so far: {self.toll}")

    def _until_acknowledged(self, db: Any, chunk: Sequence[Activity]) -> None:
        """Send until it is confirmed, as a client does; a dead mongod is started again."""
        while True:
            try:
                inbox.receive(db, chunk)
                return
            except Unavailable:
                # Only this thread starts servers: they end with the thread that started them.
                self._mongod.wait_ready()

    def _kill_workers(self, herd: list[subprocess.Popen[bytes]], over: threading.Event) -> None:
        source = random.Random(self.seed + 1)
        while not over.wait(self.kill_every):
            number = source.randrange(len(herd))
            herd[number].kill()
            herd[number].wait()
            herd[number] = self._process("worker", number)
            self.toll.workers += 1

    def _kill_mongod(self) -> None:
        assert self._mongod.process is not None
        self._mongod.process.kill()
        self.toll.mongods += 1

    def _publish(self) -> None:
        """Publish new segments while everything runs, in spite of a mongod that may be away."""
        while True:
            try:
                db = self.open("lively")
                texts = publishing.completed(db, {"segments.yaml": SEGMENTS, "scoring.yaml": SCORING})
                with suppress(NothingToPublish):  # the answer was lost, and it was in force already
                    publishing.publish(db, texts, by="chaos", message="segments", now=utc_now())
                self.toll.published += 1
                return
            except (PyMongoError, Unavailable) as error:
                self.say(f"not published yet: {type(error).__name__}")
                self._mongod.wait_ready()

    def _publish_quietly(self) -> None:
        """The same at the same time in the quiet run, where nobody is in the way."""
        db, raw = self.open("quiet"), self._raw()
        version = raw["lively"].rulesets.find_one(sort=[("_id", -1)])
        raw["quiet"].rulesets.insert_one({**version, "kept_from": 2, "outdated_below": 1, "filling": True})
        drain_all(db)

    def _flush(self) -> None:
        redis.Redis.from_url(self._valkey.url).flushall()
        self.toll.flushes += 1

    def wait_for_the_end(self) -> None:
        """Until nothing is received and nothing is due, going by MongoDB's own word."""
        deadline = time.monotonic() + END_TIMEOUT
        while time.monotonic() < deadline:
            try:
                if not _has_work(self._raw()["lively"]):
                    return
            except PyMongoError as error:
                self.say(f"waiting for the database: {type(error).__name__}")
            time.sleep(0.3)
        raise AssertionError(f"not at an end after {END_TIMEOUT:.0f} s")

    def _judge(self, load: Workload) -> Verdict:
        self._publish_quietly()
        raw = self._raw()
        sent = {str(activity.id) for activity in load.activities}
        return judge(sent=sent, orders=load.orders, lively=raw["lively"], quiet=raw["quiet"])

    def _process(self, name: str, number: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "workers.cli.main", name, "--data-dir", str(self.folder)]
        return spawn(command, log=self.folder / "logs" / f"{name}-{number}.log")

    def open(self, name: str) -> Any:
        """A database of this run's MongoDB."""
        return connect(self._mongod.uri, name, app="chaos")

    def prepared(self, name: str) -> Any:
        """A database with the shipped rules; none of RFM, whose runs count from the moment that they are made."""
        rules = self.folder / "rules"
        shutil.copytree(CONFIG_DIR, rules, ignore=shutil.ignore_patterns("rfm.yaml"), dirs_exist_ok=True)
        db = self.open(name)
        prepare(db, config_dir=rules, now=utc_now())
        return db

    def _raw(self) -> MongoClient[dict[str, Any]]:
        return MongoClient(self._mongod.uri, serverSelectionTimeoutMS=5_000)


def _has_work(db: Any) -> bool:
    """Whether anything is received, due or to be brought up to date, by MongoDB's own word."""
    newest = db.rulesets.find_one(sort=[("_id", -1)])
    if newest.get("filling") or db.contacts.find_one({"upkeep": {"$lt": newest["outdated_below"]}}):
        return True
    if db.activities.find_one({"state": "received"}) is not None:
        return True
    return db.contacts.find_one({"next_due": {"$lte": utc_now()}}) is not None
