"""Counting for the overview, beside everything else: days, all contacts, the pace of the lanes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime

import structlog
from pymongo.errors import PyMongoError

from engine.db import Db
from engine.errors import Unavailable
from engine.insights import census, cohorts, daily
from engine.operations import pace
from workers.tasks.rhythm import Every

REST = 4.0
"""The pause after each round, as a multiple of its duration: at most a fifth of one processor."""

SHORTEST_REST = 1.0
"""Seconds between two looks for days to count."""

CONFIRM = 10.0
"""Seconds between two full checks, which also detect a changed time zone of the account."""

CENSUS_REST = 3.0
"""Seconds between two looks whether a census is due."""

log = structlog.get_logger()


def run(db: Db, *, clock: Callable[[], datetime], stop: threading.Event) -> None:
    """Count until stopped.  Any number may run."""
    rest = 0.0
    samples, confirmations = Every(pace.STEP.total_seconds() / 2), Every(CONFIRM)
    while not stop.wait(rest):
        began = time.monotonic()
        try:
            if samples.is_due():
                pace.sample(db, now=clock())
            if confirmations.is_due() or daily.any_marked(db):
                _count_days(db, clock)
        except (PyMongoError, Unavailable) as error:
            log.warning("cannot count days", error=str(error))
        rest = max(SHORTEST_REST, REST * (time.monotonic() - began))


def _count_days(db: Db, clock: Callable[[], datetime]) -> None:
    days = daily.refresh(db, clock=clock)
    if days:
        log.info("days counted", days=days)


def take_censuses(db: Db, *, clock: Callable[[], datetime], stop: threading.Event) -> None:
    """Take a census, and make the cohorts, whenever they are due, until stopped."""
    while not stop.wait(CENSUS_REST):
        try:
            if census.is_due(db, now=clock()) and census.take(db, now=clock()):
                log.info("contacts counted")
            if cohorts.is_due(db, now=clock()) and cohorts.take(db, now=clock()):
                log.info("cohorts made")
        except (PyMongoError, Unavailable) as error:
            log.warning("cannot count contacts", error=str(error))
