"""The lease of a job: one worker claims it, renews it step by step, and releases it at the end.

A worker that dies is followed by another, which continues from the job's cursor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from pymongo.client_session import ClientSession

from engine.db import Db, leases
from engine.db.documents.stored import Documents
from engine.db.leases import Basis
from engine.domain.document import Document
from engine.errors import LeaseLost
from engine.jobs.job_document import MAX_FAILURE, JobState, StoredJob
from engine.jobs.jobs import COUNTED, UNDER_WAY, Job, Step, end, job_of

CLAIM = timedelta(seconds=20)
"""The lease of a job: another worker may take it over this long after its last step."""

MAX_ATTEMPTS = 20
"""Workers in a row that may die in one step before the job fails."""

HELD: Document = {"state": "running", "claimed_until": {"$ne": None}}
"""Matches the jobs that a worker holds (see `leases.release_dead`)."""


def _free(kinds: Sequence[str], now: datetime, holder: str) -> Document:
    free: list[Document] = [{"claimed_until": None}, {"claimed_until": {"$lte": now}}]
    if holder:
        free.append({"holder": holder})
    under_way = [state.value for state in UNDER_WAY]
    return {"state": {"$in": under_way}, "kind": {"$in": list(kinds)}, "$or": free}


def any_waits(db: Db, kinds: Sequence[str], *, now: datetime, holder: str = "") -> bool:
    """Whether there is a job to claim: for polling, at half the cost of `claim`."""
    return db.jobs.find_one(_free(kinds, now, holder), {"_id": 1}) is not None


def claim(db: Db, kinds: Sequence[str], *, now: datetime, holder: str = "") -> Job | None:
    """Claim the free job that has waited longest, for `holder`.

    A job that `holder` holds already, from before MongoDB was unavailable, counts as free.
    """
    waiting = StoredJob.on(db, __raw__=_free(kinds, now, holder)).order_by("created_at")
    claimed = waiting.change_one(
        set__state=JobState.RUNNING,
        set__claimed_until=now + CLAIM,
        set__holder=holder,
        inc__attempts=1,
    )
    if claimed is None:
        return None
    if claimed.attempts > MAX_ATTEMPTS:
        fail(db, claimed.id, f"{MAX_ATTEMPTS} workers in a row died over its next step", now=now)
        return None
    if claimed.started_at is None:
        claimed.started_at = now
        StoredJob.on(db, id=claimed.id).update_one(set__started_at=now)
    return job_of(claimed)


def note_total(db: Db, id_: str, total: int) -> None:
    """Set the total of a job."""
    StoredJob.on(db, id=id_).update_one(set__total=total)


def advance(db: Db, before: Job, step: Step, *, now: datetime) -> Job | None:
    """Record a finished step and renew the lease.

    None if the job was stopped or another worker took it over.
    """
    made = {"set__made": dict(step.made)} if step.made else {}
    advanced = _at(db, before, JobState.RUNNING, JobState.STOPPED).change_one(
        set__cursor=step.cursor,
        set__claimed_until=now + CLAIM,
        set__attempts=0,
        **made,
        **{f"inc__{name}": getattr(step, name) for name in COUNTED},
    )
    return None if advanced is None or advanced.state is JobState.STOPPED else job_of(advanced)


def keep(db: Db, id_: str, *, now: datetime) -> bool:
    """Renew the lease of a job while waiting; false if it was stopped."""
    held = StoredJob.on(db, id=id_, state=JobState.RUNNING)
    return bool(held.update_one(set__claimed_until=now + CLAIM))


def hold(
    db: Db,
    id_: str,
    cursor: str,
    session: ClientSession,
    *,
    now: datetime,
    basis: Basis,
    applied: int,
) -> None:
    """Renew the lease of a job in the transaction of the step after `cursor`.

    `applied` activities are added to the job's count.  Raises LeaseLost if another worker did
    that step meanwhile, and CommitConflict if newer rules came into force or a contact was erased.
    """
    # One statement of a batch's transaction: PyMongo, as all of the others.
    at = cursor or {"$in": list(_BEGINNING)}
    ours = {"_id": id_, "state": {"$in": ["running", "stopped"]}, "cursor": at}
    change = {"$set": {"claimed_until": now + CLAIM}, "$inc": {"applied": applied}}
    if not leases.renew(db.jobs, ours, change, session, basis=basis):
        raise LeaseLost(f"the job {id_} went on without us")


def bar(db: Db, known: Mapping[str, int]) -> None:
    """Reject later commits of steps that do not know these `rules` or `erasures`; wait for running
    ones."""
    StoredJob.on(db, state__in=UNDER_WAY).update(**{f"max__{name}": number for name, number in known.items()})


def reach(db: Db, before: Job, done: int, *, now: datetime) -> bool:
    """Report the progress of a single long step and renew the lease; false if the job was stopped or
    taken over."""
    ours = _at(db, before, JobState.RUNNING)
    return bool(ours.update_one(set__claimed_until=now + CLAIM, set__done=done))


def finish(db: Db, id_: str, *, now: datetime) -> None:
    """Mark a job as done."""
    end(db, id_, set__state=JobState.DONE, set__finished_at=now)


def fail(db: Db, id_: str, reason: str, *, now: datetime) -> None:
    """Mark a job as failed, with the reason; its changes stay."""
    end(db, id_, set__state=JobState.FAILED, set__finished_at=now, set__failure=reason[:MAX_FAILURE])


def let_go(db: Db, id_: str) -> None:
    """Release a job, so that another worker can continue it at once."""
    StoredJob.on(db, id=id_).update_one(unset__claimed_until=1, set__attempts=0)


def _at(db: Db, job: Job, *states: JobState) -> Documents[StoredJob]:
    """A job, if it is in one of some states and its cursor has not moved."""
    at: dict[str, object] = {"cursor": job.cursor} if job.cursor else {"cursor__in": _BEGINNING}
    return StoredJob.on(db, id=job.id, state__in=states, **at)


_BEGINNING = (None, "")
"""The cursors of a job without progress: an attempt without a step leaves an empty one."""
