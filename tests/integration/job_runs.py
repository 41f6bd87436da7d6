"""The job that waits longest, done in this process as a worker would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.db import Db
from engine.jobs import runner
from engine.operations.job_kinds import find_job_kinds
from engine.pipeline.activity_steps import lanes_are_busy


def run_next_job(db: Db, *, clock: Callable[[], Any], **options: Any) -> bool:
    """Work on the job that waits longest until it ends; false if none waits."""
    find_job_kinds()
    return runner.run_next(db, clock=clock, busy=lanes_are_busy, **options)
