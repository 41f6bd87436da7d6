"""Draining a lane: batch after batch, as long as there is work and the lease is ours."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from pymongo.database import Database

from engine.errors import Conflict, FoldFailed, LeaseLost
from engine.pipeline import batch, lanes
from engine.pipeline.batch import BATCH, Waiting
from engine.pipeline.lanes import Lease
from engine.rules import rulesets

MAX_CONFLICTS = 20
"""Conflicts of one batch in a row before the lane is given back for somebody else to try."""

MAX_DEATHS = 20
"""Holders in a row that may die over a lane, the last dozen over one single activity, before
that is set aside as failed.  Workers that die of something else are seldom so unlucky."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Drained:
    """What one holder got done in a lane."""

    applied: int = 0
    failed: int = 0
    due: int = 0
    erased: int = 0

    def __add__(self, more: Drained) -> Drained:
        return Drained(
            self.applied + more.applied,
            self.failed + more.failed,
            self.due + more.due,
            self.erased + more.erased,
        )


def drain(
    db: Database[dict[str, Any]],
    lane: int,
    *,
    holder: str,
    clock: Callable[[], datetime],
    stop: threading.Event | None = None,
) -> Drained:
    """Work off a lane until it is empty; do nothing if another holds it.

    Safe to call twice, and to be killed at any point: what is not committed is still
    waiting.  A lane over which holders died gets ever smaller batches, until the one
    activity that kills them stands alone and is set aside.
    """
    lease = lanes.take(db, lane, holder, now=clock())
    if lease is None:
        return Drained()
    done = Drained()
    attempts = lease.attempts
    try:
        while stop is None or not stop.is_set():
            step = _one_batch(db, lease, attempts=attempts, clock=clock)
            attempts = 1
            done = done + step
            if step == Drained() and lanes.release(db, lease):
                return done
    except LeaseLost as error:
        log.info("lease lost", lane=lane, reason=str(error))
        return done
    except Conflict:
        log.warning("lane given back after conflicts", lane=lane)
    lanes.abandon(db, lease)
    return done


def _one_batch(
    db: Database[dict[str, Any]], lease: Lease, *, attempts: int, clock: Callable[[], datetime]
) -> Drained:
    for conflicts in range(MAX_CONFLICTS):
        waiting = batch.next_activities(db, lease.lane, limit=size_after(attempts, conflicts))
        if attempts > MAX_DEATHS and waiting.activities:
            waiting = _set_aside(waiting, attempts)
        try:
            return _apply(db, lease, waiting, clock=clock)
        except Conflict:
            time.sleep(random.uniform(0, 0.01 * 2 ** min(conflicts, 6)))
    raise Conflict(f"lane {lease.lane}: {MAX_CONFLICTS} conflicts in a row")


def _apply(
    db: Database[dict[str, Any]], lease: Lease, waiting: Waiting, *, clock: Callable[[], datetime]
) -> Drained:
    rulebook = rulesets.rulebook(db)
    if not waiting:
        return Drained(due=batch.apply_due(db, lease, rulebook, clock=clock))
    applied = batch.apply(db, lease, waiting, rulebook, clock=clock)
    for failure in applied.failed:
        log.error("activity failed", activity=failure.activity_id, reason=failure.reason)
    return Drained(applied.applied, len(applied.failed), erased=applied.erased)


def size_after(attempts: int, conflicts: int) -> int:
    """How many activities to take: fewer when holders died over them or others interfered."""
    halvings = 2 * max(0, attempts - 2) + conflicts // 4
    return max(1, BATCH >> halvings)


def _set_aside(waiting: Waiting, attempts: int) -> Waiting:
    """The one activity over which every holder died."""
    first = waiting.activities[0]
    reason = f"{attempts - 1} workers in a row died over it"
    return Waiting([], [*waiting.unreadable, FoldFailed(first.id, reason)])
