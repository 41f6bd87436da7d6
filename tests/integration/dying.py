"""Workers that die at whatever point of a job, again and again, until it is done."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from engine.db.connection import connect, utc_now
from engine.jobs import job_lease
from tests.integration.drained import drain_all
from tests.integration.job_runs import run_next_job


class Killed(BaseException):
    """As a signal is, no error that anything could mend."""


def dying(real: Callable[..., Any], partly: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """A function that dies before, in the middle of (by `partly`) and after what it does; then it works."""
    tries = itertools.count()

    def dies(*args: Any, **kwargs: Any) -> Any:
        point = next(tries) % 4
        if point == 1 and partly is not None:
            partly(*args, **kwargs)
        result = real(*args, **kwargs) if point >= 2 else None
        if point < 3:
            raise Killed
        return result

    return dies


def run_to_the_end(db: Any, job: str, *, deaths: int = 40) -> None:
    """Let one worker after the other go on with a job; what was kept before a death takes effect."""
    for _ in range(deaths):
        try:
            run_next_job(db, clock=utc_now, stopped=lambda: False)
        except Killed:
            drain_all(db)
            job_lease.let_go(db, job)
    drain_all(db)


def work_for_ever(uri: str, name: str) -> None:
    """Be a worker that is there to be killed."""
    db = connect(uri, name, app="victim")
    while True:
        run_next_job(db, clock=utc_now, stopped=lambda: False)
