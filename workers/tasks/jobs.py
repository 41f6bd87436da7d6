"""Jobs that people started, done beside the events, step by step."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import datetime

import structlog
from pymongo.errors import PyMongoError

from engine.db import Db
from engine.errors import Unavailable
from engine.jobs import runner
from engine.jobs.jobs import Job, JobState
from engine.operations.job_kinds import find_job_kinds
from engine.pipeline.activity_steps import lanes_are_busy

TICK = 0.5
"""Seconds between two looks while nothing waits."""

log = structlog.get_logger()


def run(
    db: Db,
    *,
    clock: Callable[[], datetime],
    stop: threading.Event,
    wake: Callable[[Iterable[int]], None],
    ended: Callable[[Job, JobState], None],
    holder: str,
) -> None:
    """Run waiting jobs until stopped.  Any number may run concurrently."""
    find_job_kinds()
    while not stop.is_set():
        try:
            found = runner.run_next(
                db,
                clock=clock,
                stopped=stop.is_set,
                busy=lanes_are_busy,
                wake=wake,
                ended=ended,
                holder=holder,
            )
        except (PyMongoError, Unavailable) as error:
            log.warning("a job was left for later", error=str(error))
            found = False
        except Exception:
            log.exception("a job failed by a fault of ours")
            found = False
        if not found:
            stop.wait(TICK)
