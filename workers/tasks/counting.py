"""Counting for the overview, beside everything else: days, all contacts, the pace of the lanes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from pymongo.database import Database
from pymongo.errors import PyMongoError

from engine.errors import Unavailable
from engine.insights import census, daily
from engine.operations import pace

REST = 4.0
"""How many times as long as it took to rest after each round: a fifth of one processor at most."""

SHORTEST_REST = 1.0
"""Seconds."""

log = structlog.get_logger()


def run(db: Database[dict[str, Any]], *, clock: Callable[[], datetime], stop: threading.Event) -> None:
    """Count again and again until told to stop.  Any number may run."""
    rest = 0.0
    while not stop.wait(rest):
        began = time.monotonic()
        try:
            pace.sample(db, now=clock())
            days = daily.refresh(db, clock=clock)
            if days:
                log.info("days counted", days=days)
        except (PyMongoError, Unavailable) as error:
            log.warning("cannot count days", error=str(error))
        rest = max(SHORTEST_REST, REST * (time.monotonic() - began))


def take_censuses(
    db: Database[dict[str, Any]], *, clock: Callable[[], datetime], stop: threading.Event
) -> None:
    """Count all contacts whenever it is due, until told to stop."""
    while not stop.wait(SHORTEST_REST):
        try:
            if census.is_due(db, now=clock()) and census.take(db, now=clock()):
                log.info("contacts counted")
        except (PyMongoError, Unavailable) as error:
            log.warning("cannot count contacts", error=str(error))
