"""Receiving and draining in one go, as the workers would."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from engine.contacts import contact_lookup
from engine.db import Db
from engine.db.connection import utc_now
from engine.domain.activities import Activity, ContactId
from engine.pipeline import inbox, lanes
from engine.publishing import filling
from tests.integration.job_runs import run_next_job
from workers.tasks.drain import drain


def receive_and_drain(db: Db, activities: Sequence[Activity]) -> None:
    inbox.receive(db, activities)
    drain_all(db)


def drain_all(db: Db) -> None:
    """Until nothing waits and nothing is due; the clock runs ahead, so that nobody has to wait for it."""
    ahead = timedelta(0)
    while not lanes.idle(db, now=utc_now() + ahead):

        def clock(ahead: timedelta = ahead) -> datetime:
            return utc_now() + ahead

        while (version := filling.claim(db, now=clock())) is not None:
            filling.fill(db, version)
        for lane in lanes.waiting(db, now=clock()):
            drain(db, lane, holder="test", clock=clock)
        ahead += lanes.SETTLED_AFTER


def run_jobs(db: Db) -> None:
    """Until no job waits, and nothing of what they did."""
    while run_next_job(db, clock=utc_now, stopped=lambda: False):
        drain_all(db)
    drain_all(db)


def the_id(db: Db, key: str) -> ContactId | None:
    """The contact that a key leads to."""
    return contact_lookup.find_contact(db, key)


@contextmanager
def at_work(db: Db) -> Iterator[None]:
    """Somebody does the jobs and drains meanwhile, beside the test."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            if not run_next_job(db, clock=utc_now, stopped=stop.is_set):
                drain_all(db)
                stop.wait(0.05)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join()
        drain_all(db)
