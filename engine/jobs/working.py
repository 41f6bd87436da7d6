"""Doing jobs: step by step, whoever is killed, and never before the events.

What a job of some kind does is a `Work`; a new kind is a function that makes one, named
where the workers begin (`workers.tasks.jobs`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import Any, Protocol, TypeVar

from pymongo.database import Database
from pymongo.errors import PyMongoError

from engine.domain.activities import Activity, ActivityId
from engine.errors import ContactSheetsError, LeaseLost, Unavailable
from engine.jobs import jobs
from engine.jobs.jobs import Job, Step
from engine.pipeline import inbox, lanes

Document = dict[str, Any]
Clock = Callable[[], datetime]
Found = TypeVar("Found")

MAX_WAITING = 2_000
"""While more activities than this wait for the workers, a job waits, too: a visit does not
stand behind a million edits."""

PAUSE = 0.2
"""Seconds between two looks whether the workers have caught up."""

PATIENCE = 5.0
"""Seconds that a job waits at its end until its last step has taken effect: whoever is told
that it is done looks at once."""


class Work(Protocol):
    """What a job does.  A step that is done again changes nothing."""

    def total(self) -> int:
        """How much there is to do."""

    def step(self, cursor: str, *, now: datetime) -> Step | None:
        """Do what comes after `cursor`; unset if nothing does."""


class Steps:
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


Kinds = Mapping[str, Callable[[Database[Document], Job], Work]]
"""What makes the work of a job, by its kind."""


def run_next(
    db: Database[Document],
    kinds: Kinds,
    *,
    clock: Clock,
    stopped: Callable[[], bool],
    wake: Callable[[Iterable[int]], None] = lambda _lanes: None,
    holder: str = "",
) -> bool:
    """Work on the job that has waited longest until it ends; false if none waits.

    Safe to be killed at any point; with `stopped` it is left for another to go on with.
    `wake` is told of the lanes that have work by it, `holder` is the name of who works on it.
    """
    job = jobs.claim(db, list(kinds), now=clock(), holder=holder)
    if job is None:
        return False
    try:
        _work(db, job, kinds[job.kind](db, job), clock=clock, stopped=stopped, wake=wake)
    except (PyMongoError, Unavailable):
        raise  # the next try may find MongoDB well
    except LeaseLost:
        return True  # another goes on with it
    except ContactSheetsError as error:
        jobs.fail(db, job.id, str(error), now=clock())
    except Exception as error:
        jobs.fail(db, job.id, f"a fault of ours, see the log: {type(error).__name__}: {error}", now=clock())
        raise
    return True


def _work(
    db: Database[Document],
    job: Job,
    work: Work,
    *,
    clock: Clock,
    stopped: Callable[[], bool],
    wake: Callable[[Iterable[int]], None],
) -> None:
    if job.total is None:
        jobs.note_total(db, job.id, work.total())
    current: Job | None = job
    while current is not None:
        if not _caught_up(db, job.id, clock=clock, stopped=stopped):
            jobs.let_go(db, job.id)
            return
        step = work.step(current.cursor, now=clock())
        if step is None:
            jobs.finish(db, job.id, now=clock())
            return
        wake(step.lanes)
        current = jobs.advance(db, current, step, now=clock())


def _caught_up(db: Database[Document], job: str, *, clock: Clock, stopped: Callable[[], bool]) -> bool:
    """Wait until the workers have little to do; false if told to stop meanwhile."""
    while lanes.backlog_exceeds(db, MAX_WAITING):
        if stopped() or not jobs.keep(db, job, now=clock()):
            return False
        time.sleep(PAUSE)
    return not stopped()
