"""Jobs: long work that users start and workers run in steps, resumed after a crash.

A job stores its progress (`cursor`); the worker that claims it continues from there.  Steps
are idempotent: the ids of what a step writes are derived from the job.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mongoengine.queryset import Q
from pymongo.errors import DuplicateKeyError

from engine.db import Db
from engine.jobs.job_document import JobState as JobState
from engine.jobs.job_document import StoredJob

if TYPE_CHECKING:
    from engine.domain.activities import ContactId

Place = tuple[datetime, str]
"""A position in the history: the creation time of a job, and its id."""

UNDO_FOR = timedelta(days=30)
"""A job can be undone for this time after its end; its file and refused rows are kept as long."""

UNDER_WAY = (JobState.WAITING, JobState.RUNNING)
"""The states of a job that is not over."""

COUNTED = ("done", "unchanged", "refused", "created")
"""The counts of a step, which are added to those of its job."""


@dataclass(frozen=True)
class Job:
    """Long work, and its progress.

    `wanted` is the request, in the format of its kind.  `total` is unset until it is counted;
    `done` of it are finished, of which `unchanged` needed no change and `refused` were
    refused; `created` are new.  `made` is the result, in the format of its kind.  `undoes` is
    the job that this one undoes, `undone_by` the one that undid this one.
    """

    id: str
    kind: str
    title: str
    by: str
    by_name: str
    created_at: datetime
    wanted: Mapping[str, Any] = field(default_factory=dict)
    state: JobState = JobState.WAITING
    cursor: str = ""
    total: int | None = None
    done: int = 0
    unchanged: int = 0
    refused: int = 0
    created: int = 0
    made: Mapping[str, Any] = field(default_factory=dict)
    started_at: datetime | None = None
    finished_at: datetime | None = None
    failure: str | None = None
    undoes: str | None = None
    undone_by: str | None = None

    @property
    def under_way(self) -> bool:
        return self.state in (JobState.WAITING, JobState.RUNNING)

    @property
    def changed(self) -> int:
        """How many were changed."""
        return self.done - self.unchanged - self.refused

    @property
    def kept_until(self) -> datetime | None:
        """The end of the time in which it can be undone and its refused rows downloaded."""
        return None if self.finished_at is None else self.finished_at + UNDO_FOR

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1."""
        if not self.under_way:
            return 1.0
        return min(self.done / self.total, 1.0) if self.total else 0.0


@dataclass(frozen=True)
class Refused:
    """A refusal of a job with its reason: for a contact, or for a line of its file."""

    reason: str
    contact: ContactId | None = None
    line: int | None = None


@dataclass(frozen=True)
class Step:
    """The result of a step: its cursor, its counts, the lanes with new work, and what it made."""

    cursor: str
    done: int
    unchanged: int = 0
    refused: int = 0
    lanes: frozenset[int] = frozenset()
    created: int = 0
    made: Mapping[str, Any] = field(default_factory=dict)


def add(db: Db, job: Job) -> bool:
    """Keep a new job; false if there is one of that id already."""
    kept = {name: getattr(job, name) for name in _KEPT}
    try:
        StoredJob.on(db).insert(StoredJob(id=job.id, state=JobState.WAITING, done=0, attempts=0, **kept))
    except DuplicateKeyError:
        return False
    if job.undoes is not None:
        StoredJob.on(db, id=job.undoes).update_one(set__undone_by=job.id)
    return True


_KEPT = ("kind", "title", "by", "by_name", "created_at", "wanted", "undoes")


def job(db: Db, id_: str) -> Job | None:
    """One job; unset if there is none of that id."""
    found = StoredJob.on(db, id=id_).one()
    return None if found is None else job_of(found)


def recent(db: Db, kinds: Sequence[str], *, before: Place | None = None, limit: int = 20) -> list[Job]:
    """Jobs of some kinds, the newest first, from a place on."""
    found = StoredJob.on(db, kind__in=kinds)
    if before is not None:
        at, id_ = before
        found = found(Q(created_at__lt=at) | Q(created_at=at, id__lt=id_))
    return [job_of(document) for document in found.order_by(*_NEWEST).limit(limit)]


_NEWEST = ("-created_at", "-id")


def at_hand(db: Db, kinds: Sequence[str], *, by: str, since: datetime, limit: int = 5) -> list[Job]:
    """Running jobs of all users, and jobs of one user that ended since and were neither dismissed
    nor undone; the newest first."""
    ended = Q(by=by, finished_at__gte=since, dismissed=None, undone_by=None)
    found = StoredJob.on(db, Q(state__in=UNDER_WAY) | ended, kind__in=kinds)
    return [job_of(document) for document in found.order_by(*_NEWEST).limit(limit)]


def under_way(db: Db, kinds: Sequence[str]) -> list[Job]:
    """Unfinished jobs of some kinds."""
    return [job_of(document) for document in StoredJob.on(db, state__in=UNDER_WAY, kind__in=kinds)]


def wanting(db: Db, kind: str, name: str, value: object) -> list[Job]:
    """Jobs of a kind whose request has a value under a name, the newest first."""
    found = StoredJob.on(db, __raw__={"kind": kind, f"wanted.{name}": value}).order_by(*_NEWEST)
    return [job_of(document) for document in found]


def dismiss(db: Db, id_: str, *, by: str) -> None:
    """Hide a finished job from its author's status bar; the history keeps it."""
    StoredJob.on(db, id=id_, by=by).update_one(set__dismissed=True)


def stop(db: Db, id_: str, *, now: datetime) -> None:
    """Stop a job after the current step; its changes stay."""
    end(db, id_, set__state=JobState.STOPPED, set__finished_at=now)


def ended_before(db: Db, kinds: Sequence[str], moment: datetime) -> list[Job]:
    """Jobs of some kinds that ended by a moment and still have stored files."""
    ended = StoredJob.on(db, kind__in=kinds, finished_at__lte=moment, cleared=None)
    return [job_of(document) for document in ended]


def note_cleared(db: Db, id_: str) -> None:
    """Record that the files of a job were deleted."""
    StoredJob.on(db, id=id_).update_one(set__cleared=True)


def resume(db: Db, id_: str) -> None:
    """Resume a failed or stopped job from its cursor; other jobs are unchanged."""
    ended = StoredJob.on(db, id=id_, state__in=(JobState.FAILED, JobState.STOPPED))
    ended.update_one(
        set__state=JobState.WAITING,
        set__attempts=0,
        unset__finished_at=1,
        unset__failure=1,
        unset__claimed_until=1,
    )


def forget(db: Db, begins: str) -> None:
    """Delete the jobs whose ids begin so; a running one stops by itself."""
    StoredJob.on(db, id__startswith=begins).delete()


def forget_wanted(db: Db, id_: str) -> None:
    """Delete the request of a job."""
    StoredJob.on(db, id=id_).update_one(set__wanted={})


def end(db: Db, id_: str, **change: object) -> None:
    """Release a job that is under way, and change it."""
    StoredJob.on(db, id=id_, state__in=UNDER_WAY).update_one(unset__claimed_until=1, **change)


def job_of(document: StoredJob) -> Job:
    """The job that a document keeps."""
    known = {name: getattr(document, name) for name in _READ}
    return Job(id=document.id, **{name: value for name, value in known.items() if value is not None})


_READ = (
    *_KEPT, *COUNTED, "state", "cursor", "total", "made", "started_at", "finished_at", "failure",
    "undone_by",
)  # fmt: skip
