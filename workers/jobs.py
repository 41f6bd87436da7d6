"""Jobs that people started, done beside the events, step by step."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from pymongo.database import Database
from pymongo.errors import PyMongoError

from engine.errors import Unavailable
from engine.store import bulk

TICK = 0.5
"""Seconds between two looks while nothing waits."""

log = structlog.get_logger()


def run(db: Database[dict[str, Any]], *, clock: Callable[[], datetime], stop: threading.Event) -> None:
    """Do what waits until told to stop.  Any number may run side by side."""
    while not stop.is_set():
        try:
            busy = bulk.run_next(db, clock=clock, stopped=stop.is_set)
        except (PyMongoError, Unavailable) as error:
            log.warning("a job was left for later", error=str(error))
            busy = False
        if not busy:
            stop.wait(TICK)
