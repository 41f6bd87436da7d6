"""What workers count, and where Prometheus reads it."""

import os
import signal
import subprocess
import sys
import urllib.request

import pytest
from prometheus_client import generate_latest

from engine.db.connection import utc_now
from engine.operations import pulses
from engine.pipeline import batch, inbox
from tests.builders import an_activity, bought, identified, minutes
from tests.integration.drained import receive_and_drain
from tests.waiting import until
from workers.tasks.actors import drain_actor
from workers.tasks.broker import make_broker
from workers.tasks.drain import drain
from workers.tasks.metrics import WorkerMetrics

NAMES = {
    "activities_applied", "activities_failed", "activities_erased", "contacts_due",
    "components_folded_again", "contacts_merged", "batch_conflicts", "leases_lost",
}  # fmt: skip


def samples(text):
    """Each sample of a text as Prometheus reads it, by name and labels."""
    lines = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in lines}


def sums(text):
    """What the lanes did, all of them together."""
    found = dict.fromkeys(NAMES, 0.0)
    for name, value in samples(text).items():
        short = name.partition("{")[0].removeprefix("sheets_worker_").removesuffix("_total")
        if short in found:
            found[short] += value
    return {name: value for name, value in found.items() if value}


def counted(db, *activities):
    """What a worker counts that drains the lanes of some activities."""
    metrics = WorkerMetrics()
    for lane in inbox.receive(db, activities).lanes:
        drain(db, lane, holder="test", clock=utc_now, observer=metrics)
    return sums(generate_latest(metrics.registry).decode())


def test_what_is_applied_merged_and_folded_again_is_counted(db):
    receive_and_drain(db, [identified(email="ana@x.com"), bought(5, minutes(1), email="ana@x.com")])
    receive_and_drain(db, [an_activity("product_visited", minutes(2), tracker="t1")])

    found = counted(db, identified(minutes(3), tracker="t1", email="ana@x.com"))
    late = counted(db, bought(7, minutes(0.5), email="ana@x.com"))
    tip = counted(db, bought(9, minutes(9), email="ana@x.com"))

    assert found == {"activities_applied": 1, "components_folded_again": 1, "contacts_merged": 1}
    assert late == {"activities_applied": 1, "components_folded_again": 1}, "the merge was there before"
    assert tip == {"activities_applied": 1}


def test_what_fails_and_what_conflicts_is_counted(db, monkeypatch):
    commit, tries = batch.commit, []

    def interfere(*args, **more):
        if not tries:
            db.contacts.update_one({}, {"$inc": {"v": 1}})
        tries.append(1)
        commit(*args, **more)

    receive_and_drain(db, [an_activity(tracker="t1")])
    monkeypatch.setattr(batch, "commit", interfere)
    conflicts = counted(db, an_activity(at=minutes(1), tracker="t1"))
    [lane] = inbox.receive(db, [an_activity(at=minutes(2), tracker="t1", id_="bad")]).lanes
    db.activities.update_one({"_id": "bad"}, {"$set": {"properties": "none"}})
    metrics = WorkerMetrics()
    drain(db, lane, holder="test", clock=utc_now, observer=metrics)

    assert (conflicts["activities_applied"], conflicts["batch_conflicts"]) == (1, 1)
    assert sums(generate_latest(metrics.registry).decode()) == {"activities_failed": 1}


def test_each_lane_is_there_with_nothing_done_and_no_other():
    metrics = WorkerMetrics()
    metrics.show_lanes(16)
    metrics.show_lanes(16)

    found = samples(generate_latest(metrics.registry).decode())

    applied = [name for name in found if name.startswith("sheets_worker_activities_applied_total{")]
    assert len(applied) == 16
    assert {found[name] for name in applied} == {0.0}


def test_a_taken_port_is_in_the_log_and_ends_nothing(capsys):
    first, second = WorkerMetrics(), WorkerMetrics()
    first.serve("127.0.0.1", 0)
    port = int(first.url.split(":")[2].split("/")[0])

    second.serve("127.0.0.1", port)

    assert second.url is None
    assert "--metrics-port" in capsys.readouterr().out


@pytest.fixture
def worker(db, mongod, valkey, tmp_path):
    """A real worker process, on servers that run already."""
    environment = {
        **os.environ,
        "SHEETS_MONGODB_URI": mongod.uri,
        "SHEETS_BROKER_URL": valkey.url,
        "SHEETS_DATABASE": db.name,
        "SHEETS_DATA_DIR": str(tmp_path),
    }
    command = [sys.executable, "-m", "workers.cli.main", "worker", "--metrics-port", "0"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    yield process
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0


def test_a_real_worker_says_where_it_is_read_and_what_it_did(db, valkey, worker):
    address = until(
        lambda: next((p.metrics for p in pulses.alive(db, utc_now()) if p.kind == "worker"), None)
    )
    activities = [an_activity(at=minutes(number), tracker="t1") for number in range(3)]

    [lane] = inbox.receive(db, activities).lanes
    drain_actor(make_broker(valkey.url)).send(lane)

    name = f'sheets_worker_activities_applied_total{{lane="{lane}"}}'
    until(lambda: scraped(address).get(name) == 3)
    until(lambda: scraped(address)["sheets_worker_batch_seconds_count"] >= 1)
    found = scraped(address)
    assert address.startswith("http://127.0.0.1:")
    assert found['sheets_worker_webhook_calls_total{outcome="failed"}'] == 0
    assert sum("activities_applied_total" in name for name in found) == 16
    assert found["process_cpu_seconds_total"] > 0


def scraped(address):
    with urllib.request.urlopen(address, timeout=10) as answer:
        return samples(answer.read().decode())
