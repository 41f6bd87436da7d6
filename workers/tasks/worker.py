"""A worker process: takes hints, drains lanes, says that it is alive."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

import dramatiq
import structlog
from pymongo.errors import PyMongoError

from engine.db import Db
from engine.db.installation import lane_count
from engine.db.processes import holder_name, worker_name
from engine.errors import Unavailable
from engine.http_client import HttpClient
from engine.operations import pulses
from engine.pipeline.waker import Waker
from engine.shops.fetching import fetch_job
from engine.shops.fetching.apis import ShopAccess
from workers.tasks import drain, jobs, outbox
from workers.tasks.actors import drain_actor
from workers.tasks.metrics import WorkerMetrics

THREADS = 2
"""While one thread waits for MongoDB another folds; more only wait for the interpreter."""

WAIT_MS = 250
"""How long an idle thread waits for a hint at a time; a hint wakes it at once, a stop after this time."""

HANDOVER = 0.0005
"""Seconds after which a computing thread yields to a waiting one.  A commit reads a dozen responses of
MongoDB and would wait ten times as long after each with Python's default."""

BEAT = 5.0
"""Seconds between two heartbeats."""

log = structlog.get_logger()


def run(
    db: Db,
    broker: dramatiq.Broker,
    environment: Mapping[str, str],
    *,
    client: HttpClient,
    shop_access: ShopAccess,
    clock: Callable[[], datetime],
    stop: threading.Event,
    metrics: WorkerMetrics,
    threads: int = THREADS,
) -> None:
    """Work until stopped; then finish the current batches and return.

    `environment` holds the secrets of webhooks, which `client` calls; jobs ask shops by
    `shop_access`.  The heartbeat publishes the address of `metrics`.
    """
    fetch_job.equip(shop_access)
    sys.setswitchinterval(HANDOVER)
    name = worker_name()
    calls_wait = threading.Event()

    def drain_lane(lane: int) -> None:
        done = _drain(db, lane, metrics, holder=name, clock=clock, stop=stop)
        if done.calls:
            calls_wait.set()

    waker = Waker(drain_actor(broker, drain_lane).send)
    worker = dramatiq.Worker(broker, worker_threads=threads, worker_timeout=WAIT_MS)
    worker.start()
    beside: dict[str, Callable[[], None]] = {
        "outbox": partial(
            outbox.run,
            db,
            environment,
            client=client,
            clock=clock,
            stop=stop,
            wake=calls_wait,
            called=metrics.call,
        ),
        "jobs": partial(
            jobs.run, db, clock=clock, stop=stop, wake=waker.wake, ended=metrics.job, holder=name
        ),
    }
    for called, work in beside.items():
        threading.Thread(target=work, name=called, daemon=True).start()
    log.info("worker ready", name=name, threads=threads)
    try:
        _beat_until(db, environment, stop, clock=clock, metrics=metrics)
    finally:
        worker.stop(timeout=20_000)


def _drain(
    db: Db,
    lane: int,
    observer: drain.Observer,
    *,
    holder: str,
    clock: Callable[[], datetime],
    stop: threading.Event,
) -> drain.Drained:
    try:
        done = drain.drain(db, lane, holder=holder_name(holder), clock=clock, stop=stop, observer=observer)
    except (PyMongoError, Unavailable) as error:
        log.warning("lane not drained; the scheduler will wake it again", lane=lane, error=str(error))
        return drain.Drained()
    if done.applied or done.failed:
        log.info("lane drained", lane=lane, applied=done.applied, failed=done.failed, due=done.due)
    return done


def _beat_until(
    db: Db,
    environment: Mapping[str, str],
    stop: threading.Event,
    *,
    clock: Callable[[], datetime],
    metrics: WorkerMetrics,
) -> None:
    while True:
        try:
            unset = outbox.secrets_not_set(db, environment)
            pulses.beat(db, "worker", now=clock(), unset=unset, metrics=metrics.url)
            metrics.show_lanes(lane_count(db))
        except (PyMongoError, Unavailable) as error:
            log.warning("no sign of life given", error=str(error))
        if stop.wait(BEAT):
            return
