"""A step of a job that reads all contacts before it writes: it keeps its lease meanwhile."""

from __future__ import annotations

import time

from engine.db import Db
from engine.db.connection import utc_now
from engine.errors import WorkStopped
from engine.jobs import job_lease, jobs

REPORT_EVERY = 5.0
"""Seconds between two renewals of the lease."""


class LongRead:
    """Renews the lease of a job while its first step reads."""

    def __init__(self, db: Db, job: str) -> None:
        self._db, self._before = db, jobs.job(db, job)
        self._reported_at = time.monotonic()

    def progress(self, _read: int) -> None:
        """Renew the lease if it is time.  Raises WorkStopped if the job was stopped or taken over."""
        if time.monotonic() - self._reported_at >= REPORT_EVERY:
            self.renew()

    def renew(self) -> None:
        """Renew the lease.  Raises WorkStopped if the job was stopped or taken over."""
        self._reported_at = time.monotonic()
        if self._before is None or not job_lease.reach(self._db, self._before, 0, now=utc_now()):
            raise WorkStopped("the job was stopped or taken over")
