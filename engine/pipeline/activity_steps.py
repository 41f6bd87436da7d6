"""Steps of jobs that keep activities: when the next may begin, and when the last has taken effect."""

from __future__ import annotations

import time
from collections.abc import Sequence

from engine.db import Db
from engine.domain.activities import Activity, ActivityId
from engine.jobs.jobs import Job, Step
from engine.pipeline import inbox, lanes

MAX_WAITING = 2_000
"""Waiting activities above which jobs wait, too, so that a visit is not queued behind a million edits."""

POLL_INTERVAL = 0.2
"""Seconds between two checks whether the last step has taken effect."""

APPLY_TIMEOUT = 5.0
"""Seconds that a job waits at its end until its last step has taken effect, so that pages show it."""


def lanes_are_busy(db: Db) -> bool:
    """Whether so many activities wait that a job should not add to them."""
    return lanes.backlog_exceeds(db, MAX_WAITING)


class ActivitySteps:
    """Steps that keep activities: the job is done once those of the last have taken effect."""

    def __init__(self, db: Db, job: Job) -> None:
        self.db, self.job = db, job
        self._last: list[ActivityId] = []
        self._deadline = 0.0

    def end(self, cursor: str) -> Step | None:
        """End the job: a step that waits until the last one has taken effect or timed out, then None."""
        waiting = {"_id": {"$in": self._last}, "state": "received"}
        if time.monotonic() > self._deadline or not self.db.activities.find_one(waiting, {"_id": 1}):
            return None
        time.sleep(POLL_INTERVAL)
        return Step(cursor, 0)

    def keep(self, changes: Sequence[Activity]) -> frozenset[int]:
        """Receive the activities of a step; return the lanes that have work by it."""
        if not changes:
            return frozenset()
        self._last = [change.id for change in changes]
        self._deadline = time.monotonic() + APPLY_TIMEOUT
        return inbox.receive(self.db, changes).lanes
