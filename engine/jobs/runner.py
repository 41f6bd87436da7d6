"""Running jobs: step by step, resumed after a crash, and only when no events wait.

What a job of some kind does is its `Work` (`engine.jobs.kinds`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from datetime import datetime
from typing import TypeVar

from pymongo.errors import PyMongoError

from engine.db import Db
from engine.errors import ContactSheetsError, LeaseLost, Unavailable
from engine.jobs import job_lease
from engine.jobs.jobs import Job, JobState
from engine.jobs.kinds import Work, registered

Clock = Callable[[], datetime]
Found = TypeVar("Found")

PAUSE = 0.2
"""Seconds between two looks whether the workers have caught up."""


def in_a_thread(work: Callable[[], Found]) -> Future[Found]:
    """Begin something beside what one is at; its result, or its error, can be waited for."""
    future: Future[Found] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001  (it is raised where the result is waited for)
            future.set_exception(error)

    threading.Thread(target=run, name="ahead", daemon=True).start()
    return future


def one_ahead(items: Iterator[Found]) -> Iterator[Found]:
    """Each of some things, none of them unset, while the next is made beside it."""
    following = in_a_thread(lambda: next(items, None))
    while (item := following.result()) is not None:
        following = in_a_thread(lambda: next(items, None))
        yield item


def run_next(
    db: Db,
    *,
    clock: Clock,
    stopped: Callable[[], bool],
    busy: Callable[[Db], bool],
    wake: Callable[[Iterable[int]], None] = lambda _lanes: None,
    ended: Callable[[Job, JobState], None] = lambda _job, _state: None,
    holder: str = "",
) -> bool:
    """Work on the job that has waited longest until it ends; false if none waits.

    Safe to be killed at any point; with `stopped` it is released for another worker.
    It waits while the workers are `busy` with events, `wake` gets the lanes that have work by
    it, `ended` the job if it is done or has failed, `holder` is the name of who works on it.
    """
    kinds = registered()
    if not job_lease.any_waits(db, list(kinds), now=clock(), holder=holder):
        return False
    job = job_lease.claim(db, list(kinds), now=clock(), holder=holder)
    if job is None:
        return False
    try:
        work = kinds[job.kind].work(db, job)
        if _work(db, job, work, clock=clock, stopped=stopped, busy=busy, wake=wake):
            ended(job, JobState.DONE)
    except (PyMongoError, Unavailable):
        raise  # the next try may find MongoDB well
    except LeaseLost:
        return True  # another worker continues it
    except ContactSheetsError as error:
        job_lease.fail(db, job.id, str(error), now=clock())
        ended(job, JobState.FAILED)
    except Exception as error:
        reason = f"a fault of ours, see the log: {type(error).__name__}: {error}"
        job_lease.fail(db, job.id, reason, now=clock())
        ended(job, JobState.FAILED)
        raise
    return True


def _work(
    db: Db,
    job: Job,
    work: Work,
    *,
    clock: Clock,
    stopped: Callable[[], bool],
    busy: Callable[[Db], bool],
    wake: Callable[[Iterable[int]], None],
) -> bool:
    """Work on a job until it is done; false if it is left to others, or was stopped."""
    if job.total is None:
        job_lease.note_total(db, job.id, work.total())
    current: Job | None = job
    while current is not None:
        if not _caught_up(db, job.id, clock=clock, stopped=stopped, busy=busy):
            job_lease.let_go(db, job.id)
            return False
        step = work.step(current.cursor, now=clock())
        if step is None:
            job_lease.finish(db, job.id, now=clock())
            return True
        wake(step.lanes)
        current = job_lease.advance(db, current, step, now=clock())
    return False


def _caught_up(
    db: Db,
    job: str,
    *,
    clock: Clock,
    stopped: Callable[[], bool],
    busy: Callable[[Db], bool],
) -> bool:
    """Wait until the workers have little to do; false if stopped meanwhile."""
    while busy(db):
        if stopped() or not job_lease.keep(db, job, now=clock()):
            return False
        time.sleep(PAUSE)
    return not stopped()
