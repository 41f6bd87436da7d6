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
from engine.errors import CommitConflict, FoldFailed, LeaseLost, WriteRefused
from engine.pipeline import batch, lanes
from engine.pipeline.batch import BATCH, Applied, Waiting
from engine.pipeline.lanes import Lease
from engine.rules import versions

SMALL_BATCH = 50
"""Activities that are read at least, where most of those before had to wait for the next batch."""

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
    left: int = 0
    """Activities of the last batch that wait for the next one."""

    def __add__(self, more: Drained) -> Drained:
        return Drained(
            self.applied + more.applied,
            self.failed + more.failed,
            self.due + more.due,
            self.erased + more.erased,
            self.calls + more.calls,
            more.left,
        )


def drain(
    db: Db,
    lane: int,
    *,
    holder: str,
    clock: Callable[[], datetime],
    stop: threading.Event | None = None,
    observer: Observer | None = None,
    one_batch: bool = False,
) -> Drained:
    """Work off a lane until it is empty, or one batch of it; do nothing if another holds it.

    Safe to call twice, and to be killed at any point: what is not committed is still
    waiting.  A lane over which holders died gets ever smaller batches, until the one
    activity that kills them stands alone and is set aside.  After each batch, the free lanes
    with live events get one, so that a backlog here delays none there.
    """
    observer = Observer() if observer is None else observer
    lease = lanes.take(db, lane, holder, now=clock())
    if lease is None:
        return Drained()
    done = Drained()
    attempts, size = lease.attempts, BATCH
    try:
        while stop is None or not stop.is_set():
            step = _one_batch(db, lease, observer, attempts=attempts, size=size, clock=clock)
            attempts, size = 1, _next_size(step)
            done = done + step
            if step == Drained() and lanes.release(db, lease):
                return done
            if one_batch:
                break
            for other in lanes.free_with_live_events(db, now=clock()):
                done = done + drain(
                    db, other, holder=holder, clock=clock, stop=stop, observer=observer, one_batch=True
                )
    except LeaseLost as error:
        observer.lease_lost(lane)
        log.info("lease lost", lane=lane, reason=str(error))
        return done
    except (CommitConflict, WriteRefused) as error:
        log.warning("lane given back after conflicts", lane=lane, reason=str(error))
    lanes.abandon(db, lease)
    return done


def _one_batch(
    db: Db,
    lease: Lease,
    observer: Observer,
    *,
    attempts: int,
    size: int,
    clock: Callable[[], datetime],
) -> Drained:
    content: object = None
    for conflicts in range(MAX_CONFLICTS):
        size = min(size, size_after(attempts, conflicts))
        waiting = batch.next_activities(db, lease.lane, limit=size)
        if attempts > MAX_DEATHS and waiting.activities:
            waiting = _set_aside(waiting, attempts)
        began = time.perf_counter()
        try:
            applied = _apply(db, lease, waiting, clock=clock)
        except CommitConflict as conflict:
            observer.conflict(lease.lane)
            if conflict.content is not None and conflict.content == content:
                refused = WriteRefused(str(conflict))
                return _apply_apart(db, lease, waiting, refused, observer, clock=clock)
            # With what comes in meanwhile it would be another batch, and never the same conflict.
            size, content = max(1, len(waiting.activities)), conflict.content
            time.sleep(random.uniform(0, 0.01 * 2 ** min(conflicts, 6)))
        except WriteRefused as error:
            return _apply_apart(db, lease, waiting, error, observer, clock=clock)
        else:
            return _report(lease.lane, applied, observer, seconds=time.perf_counter() - began)
    raise CommitConflict(f"lane {lease.lane}: {MAX_CONFLICTS} conflicts in a row")


def _report(lane: int, applied: Applied, observer: Observer, *, seconds: float) -> Drained:
    for failure in applied.failed:
        log.error("activity failed", activity=failure.activity_id, reason=failure.reason)
    if applied != NOTHING:
        observer.batch(lane, applied, seconds=seconds)
    return Drained(
        applied.applied, len(applied.failed), applied.due, applied.erased, applied.calls, applied.left
    )


def _apply_apart(
    db: Db,
    lease: Lease,
    waiting: Waiting,
    refused: WriteRefused,
    observer: Observer,
    *,
    clock: Callable[[], datetime],
) -> Drained:
    """Apply by halves what cannot be written as a whole, and set aside the activities that are to blame.

    Raises CommitConflict, or WriteRefused if it is no activity: what is due will not be written, either.
    """
    log.error("batch cannot be written", lane=lease.lane, reason=str(refused), size=len(waiting.activities))
    if not waiting.activities:
        raise refused
    if len(waiting.activities) == 1:
        failure = FoldFailed(waiting.activities[0].id, f"cannot be written: {refused}")
        parts = [Waiting([], [*waiting.unreadable, failure])]
    else:
        half = len(waiting.activities) // 2
        first, second = waiting.activities[:half], waiting.activities[half:]
        parts = [Waiting(first, waiting.unreadable), Waiting(second)]
    done = Drained()
    for part in parts:
        began = time.perf_counter()
        try:
            applied = _apply_or_refuse(db, lease, part, clock=clock)
        except WriteRefused as again:
            done = done + _apply_apart(db, lease, part, again, observer, clock=clock)
        else:
            done = done + _report(lease.lane, applied, observer, seconds=time.perf_counter() - began)
    return done


def _apply_or_refuse(db: Db, lease: Lease, waiting: Waiting, *, clock: Callable[[], datetime]) -> Applied:
    """Apply a batch; raise WriteRefused for a conflict that comes again over the same content."""
    content: object = None
    while True:
        try:
            return _apply(db, lease, waiting, clock=clock)
        except CommitConflict as conflict:
            if conflict.content is None:
                raise
            if conflict.content == content:
                raise WriteRefused(str(conflict)) from conflict
            content = conflict.content


def _apply(db: Db, lease: Lease, waiting: Waiting, *, clock: Callable[[], datetime]) -> Applied:
    rulebook = versions.rulebook(db)
    if waiting:
        return batch.apply(db, lease, waiting, rulebook, clock=clock)
    return batch.apply_due(db, lease, rulebook, clock=clock)


def _next_size(step: Drained) -> int:
    """The size of the batch after this one: what was read and left is not read in vain again and again."""
    return max(SMALL_BATCH, 2 * step.applied) if step.left else BATCH


def size_after(attempts: int, conflicts: int) -> int:
    """The batch size: smaller after crashes or conflicts."""
    halvings = 2 * max(0, attempts - 2) + conflicts // 4
    return max(1, BATCH >> halvings)


def _set_aside(waiting: Waiting, attempts: int) -> Waiting:
    """The one activity over which every holder died."""
    first = waiting.activities[0]
    reason = f"{attempts - 1} workers in a row died over it"
    return Waiting([], [*waiting.unreadable, FoldFailed(first.id, reason)])
