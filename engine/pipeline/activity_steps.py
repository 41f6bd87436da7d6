"""Steps of jobs that keep activities: when the next may begin, and when the last has taken effect."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from pymongo.database import Database

from engine.domain.activities import Activity, ActivityId
from engine.jobs.jobs import Job, Step
from engine.pipeline import inbox, lanes

Document = dict[str, Any]

MAX_WAITING = 2_000
"""While more activities than this wait for the workers, a job waits, too: a visit does not
stand behind a million edits."""

PAUSE = 0.2
"""Seconds between two looks whether the last step has taken effect."""

PATIENCE = 5.0
"""Seconds that a job waits at its end until its last step has taken effect: whoever is told
that it is done looks at once."""


def lanes_are_busy(db: Database[Document]) -> bool:
    """Whether so many activities wait that a job should not add to them."""
    return lanes.backlog_exceeds(db, MAX_WAITING)


class ActivitySteps:
    """Steps that keep activities: the job is done once those of the last have taken effect."""

    def __init__(self, db: Database[Document], job: Job) -> None:
        self.db, self.job = db, job
        self._last: list[ActivityId] = []
        self._patient_until = 0.0

    def end(self, cursor: str) -> Step | None:
        """Nothing is left: unset once the last step has taken effect, or patience ends."""
        waiting = {"_id": {"$in": self._last}, "state": "received"}
        if time.monotonic() > self._patient_until or not self.db.activities.find_one(waiting, {"_id": 1}):
            return None
        time.sleep(PAUSE)
        return Step(cursor, 0)

    def keep(self, changes: Sequence[Activity]) -> frozenset[int]:
        """Keep what is done to contacts; return the lanes that have work by it."""
        if not changes:
            return frozenset()
        self._last = [change.id for change in changes]
        self._patient_until = time.monotonic() + PATIENCE
        return inbox.receive(self.db, changes).lanes
