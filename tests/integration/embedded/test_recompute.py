"""Recomputing history goes on where it was, whoever is killed, while new events are taken."""

import random
import sys
import time
from datetime import timedelta

import pytest

from engine.db.connection import utc_now
from engine.pipeline import batch, inbox, lanes
from engine.publishing import publishing
from engine.publishing.upkeep import upkeep
from engine.rules import versions
from engine.settings import Instance, write_instance
from tests.builders import an_activity
from tests.chaos.workload import workload
from tests.integration.drained import drain_all, receive_and_drain
from workers.embedded.process import spawn, terminate

SCORING = """
rules:
  - {id: look, name: Look, on: product_visited, points: 3, limit: {times: 2, per: day}}
  - {id: order, name: Order, on: order_completed, points: {per: activity.revenue, times: 0.1, at_most: 50}}
"""


@pytest.fixture
def lived(db):
    receive_and_drain(db, workload(activities=1_500, contacts=80, seed=9).activities)
    drain_all(db)
    return db


class Herd:
    """Workers and a scheduler, as processes of their own."""

    def __init__(self, folder):
        self.folder, self.processes, self.source = folder, [], random.Random(3)

    def start(self, workers):
        self.processes = [self._process("scheduler"), *(self._process("worker") for _ in range(workers))]

    def kill_one(self):
        number = self.source.randrange(1, len(self.processes))
        self.processes[number].kill()
        self.processes[number].wait()
        self.processes[number] = self._process("worker")

    def until(self, is_so, timeout=90.0):
        deadline = time.monotonic() + timeout
        while not is_so():
            assert time.monotonic() < deadline, "it does not come to an end"
            time.sleep(0.1)

    def _process(self, name):
        command = [sys.executable, "-m", "workers.cli.main", name, "--data-dir", str(self.folder)]
        return spawn(command, log=self.folder / f"{name}.log")


@pytest.fixture
def herd(lived, mongod, valkey, tmp_path):
    write_instance(Instance(mongod.uri, valkey.url, lived.name, data_dir=tmp_path))
    herd = Herd(tmp_path)
    yield herd
    for process in herd.processes:
        terminate(process, grace=10)


def recompute(db):
    texts = publishing.completed(db, {"scoring.yaml": SCORING})
    return publishing.publish(db, texts, by="ana", message="always so", now=utc_now(), recompute=True)


def points_of(db):
    return {row["_id"]: row["points"]["total"] for row in db.contacts.find()}


def added_up(db):
    now, sums = utc_now(), dict.fromkeys(points_of(db), 0)
    for row in db.ledger.find({"$or": [{"expires_at": None}, {"expires_at": {"$gt": now}}]}):
        sums[row["contact"]] += row["points"]
    return sums


def a_portion(db, lane):
    """What a worker does between two looks at its lane."""
    lease = lanes.take(db, lane, "one", now=utc_now())
    done = batch.apply_due(db, lease, versions.rulebook(db), clock=utc_now).due
    lanes.release(db, lease)
    return done


def test_progress_is_told_and_what_was_done_stays_done(lived, monkeypatch):
    monkeypatch.setattr(batch, "OUTDATED", 3)
    everybody = lived.contacts.count_documents({})
    recompute(lived)
    begun = upkeep(lived)
    assert (begun.recomputes, begun.outdated, begun.done) == (True, everybody, 0.0)
    lane = lived.contacts.find_one()["lane"]

    done = a_portion(lived, lane)

    left = upkeep(lived)
    assert left.outdated == everybody - done < everybody
    assert 0 < left.done < 1
    assert not left.finished

    inbox.receive(lived, [an_activity("product_visited", utc_now(), tracker="late")])
    drain_all(lived)

    assert upkeep(lived).finished
    assert points_of(lived) == added_up(lived)
    assert {row["version"] for row in lived.ledger.find()} == {2}


def test_killed_in_the_middle_it_comes_to_the_same(lived, herd):
    new = workload(activities=300, contacts=80, seed=10).activities
    version = recompute(lived)
    herd.start(2)
    kills = 0
    for first in range(0, len(new), 100):
        inbox.receive(lived, new[first : first + 100])
        time.sleep(0.4)
        herd.kill_one()
        kills += 1
    herd.until(lambda: upkeep(lived).finished and lanes.idle(lived, now=utc_now()))
    assert kills == 3

    there = points_of(lived), sorted(row["_id"] for row in lived.ledger.find())
    assert there[0] == added_up(lived)
    # Judging all of it once more, with nobody in the way, changes nothing.
    lived.rulesets.update_one({"_id": version.number}, {"$set": {"upkeep": 2, "kept_from": 2}})
    lived.contacts.update_many({}, {"$set": {"upkeep": 0}})
    drain_all(lived)
    assert (points_of(lived), sorted(row["_id"] for row in lived.ledger.find())) == there
    assert utc_now() - version.published_at < timedelta(minutes=5)
