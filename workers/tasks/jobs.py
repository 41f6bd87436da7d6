"""Jobs that people started, done beside the events, step by step."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import structlog
from pymongo.database import Database
from pymongo.errors import PyMongoError

from engine.contacts.bulk import bulk, bulk_steps
from engine.errors import Unavailable
from engine.exports import export_steps, exporting
from engine.imports import checks, importing, steps
from engine.jobs import working
from engine.privacy import erasing
from engine.privacy import steps as erasure_steps

TICK = 0.5
"""Seconds between two looks while nothing waits."""

KINDS: working.Kinds = {
    bulk.KIND: bulk_steps.work_of,
    importing.KIND: steps.work_of,
    erasing.KIND: erasure_steps.work_of,
    exporting.KIND: export_steps.work_of,
    checks.KIND: checks.work_of,
}
"""What the workers can do for people."""

log = structlog.get_logger()


def run(
    db: Database[dict[str, Any]],
    *,
    clock: Callable[[], datetime],
    stop: threading.Event,
    wake: Callable[[Iterable[int]], None],
    holder: str,
) -> None:
    """Do what waits until told to stop.  Any number may run side by side."""
    while not stop.is_set():
        try:
            busy = working.run_next(db, KINDS, clock=clock, stopped=stop.is_set, wake=wake, holder=holder)
        except (PyMongoError, Unavailable) as error:
            log.warning("a job was left for later", error=str(error))
            busy = False
        except Exception:
            log.exception("a job failed by a fault of ours")
            busy = False
        if not busy:
            stop.wait(TICK)
