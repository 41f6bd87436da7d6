"""Draining a lane: batch after batch, as long as there is work and the lease is ours."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from engine.db import Db
from engine.errors import CommitConflict, FoldFailed, LeaseLost
from engine.pipeline import batch, lanes
from engine.pipeline.batch import BATCH, Applied, Waiting
from engine.pipeline.lanes import Lease
from engine.rules import versions

MAX_CONFLICTS = 20
"""Conflicts of one batch in a row before the lane is released for another worker."""

MAX_DEATHS = 20
"""Holders in a row that may die over a lane, the last dozen over one single activity, before
that is set aside as failed.  Workers that die of something else are seldom so unlucky."""

NOTHING = Applied()
"""The result of draining an empty lane."""

log = structlog.get_logger()


class Observer:
    """Receives the outcomes of batches; this one ignores them."""

    def batch(self, lane: int, applied: Applied, *, seconds: float) -> None:
        """A batch was committed."""

    def conflict(self, lane: int) -> None:
        """A concurrent change of a contact makes the batch retry."""

    def lease_lost(self, lane: int) -> None:
        """Another worker has the lane."""


@dataclass(frozen=True)
class Drained:
    """The work done in a lane under one lease."""

    applied: int = 0
    failed: int = 0
    due: int = 0
    erased: int = 0
    calls: int = 0

    def __add__(self, more: Drained) -> Drained:
        return Drained(
            self.applied + more.applied,
            self.failed + more.failed,
            self.due + more.due,
            self.erased + more.erased,
            self.calls + more.calls,
        )


def drain(
    db: Db,
    lane: int,
    *,
    holder: str,
    clock: Callable[[], datetime],
    stop: threading.Event | None = None,
    observer: Observer | None = None,
) -> Drained:
    """Work off a lane until it is empty; do nothing if another holds it.

    Safe to call twice, and to be killed at any point: what is not committed is still
    waiting.  A lane over which holders died gets ever smaller batches, until the one
    activity that kills them stands alone and is set aside.
    """
    observer = Observer() if observer is None else observer
    lease = lanes.take(db, lane, holder, now=clock())
    if lease is None:
        return Drained()
    done = Drained()
    attempts = lease.attempts
    try:
        while stop is None or not stop.is_set():
            step = _one_batch(db, lease, observer, attempts=attempts, clock=clock)
            attempts = 1
            done = done + step
            if step == Drained() and lanes.release(db, lease):
                return done
    except LeaseLost as error:
        observer.lease_lost(lane)
        log.info("lease lost", lane=lane, reason=str(error))
        return done
    except CommitConflict:
        log.warning("lane given back after conflicts", lane=lane)
    lanes.abandon(db, lease)
    return done


def _one_batch(
    db: Db,
    lease: Lease,
    observer: Observer,
    *,
    attempts: int,
    clock: Callable[[], datetime],
) -> Drained:
    for conflicts in range(MAX_CONFLICTS):
        waiting = batch.next_activities(db, lease.lane, limit=size_after(attempts, conflicts))
        if attempts > MAX_DEATHS and waiting.activities:
            waiting = _set_aside(waiting, attempts)
        began = time.perf_counter()
        try:
            applied = _apply(db, lease, waiting, clock=clock)
        except CommitConflict:
            observer.conflict(lease.lane)
            time.sleep(random.uniform(0, 0.01 * 2 ** min(conflicts, 6)))
        else:
            for failure in applied.failed:
                log.error("activity failed", activity=failure.activity_id, reason=failure.reason)
            if applied != NOTHING:
                observer.batch(lease.lane, applied, seconds=time.perf_counter() - began)
            return Drained(applied.applied, len(applied.failed), applied.due, applied.erased, applied.calls)
    raise CommitConflict(f"lane {lease.lane}: {MAX_CONFLICTS} conflicts in a row")


def _apply(db: Db, lease: Lease, waiting: Waiting, *, clock: Callable[[], datetime]) -> Applied:
    rulebook = versions.rulebook(db)
    if waiting:
        return batch.apply(db, lease, waiting, rulebook, clock=clock)
    return batch.apply_due(db, lease, rulebook, clock=clock)


def size_after(attempts: int, conflicts: int) -> int:
    """The batch size: smaller after crashes or conflicts."""
    halvings = 2 * max(0, attempts - 2) + conflicts // 4
    return max(1, BATCH >> halvings)


def _set_aside(waiting: Waiting, attempts: int) -> Waiting:
    """The one activity over which every holder died."""
    first = waiting.activities[0]
    reason = f"{attempts - 1} workers in a row died over it"
    return Waiting([], [*waiting.unreadable, FoldFailed(first.id, reason)])
