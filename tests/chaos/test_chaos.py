"""A small run for CI, and proof that the comparison can fail."""

import json
import os
import subprocess
import sys
from decimal import Decimal

import pytest

from engine.db.connection import connect, utc_now
from engine.operations.job_kinds import find_job_kinds
from engine.operations.preparation import prepare
from engine.pipeline import inbox
from engine.settings import CONFIG_DIR
from tests.chaos.truth import ARRIVAL, judge
from tests.chaos.workload import workload
from tests.integration.drained import drain_all


def test_nothing_is_lost_and_nothing_counts_twice_whatever_is_killed():
    command = [
        sys.executable,
        "-m",
        "tests.chaos",
        "--activities",
        "1200",
        "--contacts",
        "60",
        "--kill-every",
        "1.5",
    ]
    run = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)

    report = json.loads(run.stdout.splitlines()[-1])
    assert {name: report[name] for name in ("lost", "doubled", "equal")} == {
        "lost": 0,
        "doubled": 0,
        "equal": True,
    }, run.stdout
    assert report["worker_kills"] >= 2 and report["mongod_kills"] == 2 and report["flushes"] == 2
    assert run.returncode == 0


@pytest.fixture(scope="module")
def load():
    return workload(activities=400, contacts=20, seed=5)


@pytest.fixture(scope="module")
def folded(mongod, load):
    """Two databases in which the same history was folded."""
    find_job_kinds()
    lively, quiet = (
        connect(mongod.uri, f"chaos_{os.getpid()}_{name}", app="test") for name in ("lively", "quiet")
    )
    prepare(lively, config_dir=CONFIG_DIR, now=utc_now())
    quiet.installation.insert_many(lively.installation.find({"_id": {"$in": ["lanes", "namespace"]}}))
    prepare(quiet, config_dir=CONFIG_DIR, now=utc_now())
    for database in (lively, quiet):
        inbox.receive(database, load.activities)
        drain_all(database)
    yield lively, quiet
    for database in (lively, quiet):
        database.client.drop_database(database.name)
        database.client.close()


@pytest.fixture
def pair(folded):
    """The two, and one judge over both; what the test does to the first is undone."""
    lively, _ = folded
    before = {name: list(lively[name].find()) for name in ARRIVAL}
    yield folded
    for name, rows in before.items():
        lively[name].delete_many({})
        if rows:
            lively[name].insert_many(rows)


def verdict(pair, load):
    lively, quiet = pair
    sent = {str(activity.id) for activity in load.activities}
    return judge(
        sent=sent, orders=load.orders, lively=lively.client[lively.name], quiet=quiet.client[quiet.name]
    )


def test_two_runs_of_one_history_are_equal(pair, load):
    assert verdict(pair, load).good


def test_a_lost_activity_is_seen(pair, load):
    pair[0].activities.update_one({"type": "order_completed"}, {"$set": {"state": "received"}})

    assert verdict(pair, load).lost == 1


def test_a_doubled_ledger_entry_is_seen(pair, load):
    entry = pair[0].ledger.find_one({"expires_at": None})
    pair[0].ledger.insert_one({**entry, "_id": "again"})

    assert verdict(pair, load).doubled >= 1


def test_an_order_counted_twice_is_seen(pair, load):
    pair[0].contacts.update_one(
        {"commerce.orders": {"$gte": 1}, "email": {"$ne": None}},
        {"$inc": {"commerce.orders": 1, "commerce.spent": Decimal(9)}},
    )

    found = verdict(pair, load)
    assert found.doubled >= 1 and not found.equal


def test_a_difference_of_one_field_is_seen(pair, load):
    pair[0].contacts.update_one({}, {"$set": {"last_seen": utc_now()}})

    found = verdict(pair, load)
    assert not found.equal
    assert "contacts, only after chaos" in "".join(found.differences)


def test_a_merge_that_was_forgotten_is_seen(pair, load):
    pair[0].merges.delete_one({"kind": "merged"})

    assert not verdict(pair, load).equal
