"""A worker process: takes hints, drains lanes, says that it is alive."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import dramatiq
import structlog
from pymongo.database import Database
from pymongo.errors import PyMongoError

from engine.db.processes import holder_name, worker_name
from engine.errors import Unavailable
from engine.operations import pulses
from engine.pipeline.waker import Waker
from workers.tasks import drain, jobs, outbox
from workers.tasks.actors import drain_actor

THREADS = 2
"""While one thread waits for MongoDB another folds; more only wait for the interpreter."""

POLL_MS = 50
"""How long the broker is asked to wait for a hint: the most that an idle lane is late."""

HANDOVER = 0.0005
"""Seconds after which a thread that computes gives way to one that could go on: a commit hears a
dozen answers of MongoDB, and would wait after each for ten times as long, as Python has it."""

BEAT = 5.0
"""Seconds between two signs of life."""

log = structlog.get_logger()


def run(
    db: Database[dict[str, Any]],
    broker: dramatiq.Broker,
    environment: Mapping[str, str],
    *,
    clock: Callable[[], datetime],
    stop: threading.Event,
    threads: int = THREADS,
) -> None:
    """Work until told to stop; then finish the batches at hand and return.

    `environment` holds the secrets of webhooks.
    """
    sys.setswitchinterval(HANDOVER)
    name = worker_name()

    def drain_lane(lane: int) -> None:
        _drain(db, lane, holder=name, clock=clock, stop=stop)

    waker = Waker(drain_actor(broker, drain_lane).send)
    worker = dramatiq.Worker(broker, worker_threads=threads, worker_timeout=POLL_MS)
    worker.start()
    beside: dict[str, Callable[[], None]] = {
        "outbox": partial(outbox.run, db, environment, clock=clock, stop=stop),
        "jobs": partial(jobs.run, db, clock=clock, stop=stop, wake=waker.wake, holder=name),
    }
    for called, work in beside.items():
        threading.Thread(target=work, name=called, daemon=True).start()
    log.info("worker ready", name=name, threads=threads)
    try:
        _beat_until(db, environment, stop, clock=clock)
    finally:
        worker.stop(timeout=20_000)


def _drain(
    db: Database[dict[str, Any]],
    lane: int,
    *,
    holder: str,
    clock: Callable[[], datetime],
    stop: threading.Event,
) -> None:
    try:
        done = drain.drain(db, lane, holder=holder_name(holder), clock=clock, stop=stop)
    except (PyMongoError, Unavailable) as error:
        log.warning("lane not drained; the scheduler will wake it again", lane=lane, error=str(error))
        return
    if done.applied or done.failed:
        log.info("lane drained", lane=lane, applied=done.applied, failed=done.failed, due=done.due)


def _beat_until(
    db: Database[dict[str, Any]],
    environment: Mapping[str, str],
    stop: threading.Event,
    *,
    clock: Callable[[], datetime],
) -> None:
    while True:
        try:
            pulses.beat(db, "worker", now=clock(), unset=outbox.secrets_not_set(db, environment))
        except PyMongoError as error:
            log.warning("no sign of life given", error=str(error))
        if stop.wait(BEAT):
            return
