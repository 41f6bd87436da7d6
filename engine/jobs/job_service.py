"""The long work of people, as a person sees and steers it: checked for their role, and in the audit log.

Each kind says who may see and do it, and what takes it back (`engine.jobs.kinds`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pymongo.database import Database

from engine.accounts import audit
from engine.accounts.accounts import CurrentUser
from engine.accounts.audit import Subject
from engine.accounts.permissions import Permission, may, require
from engine.errors import ContactSheetsError
from engine.jobs import jobs
from engine.jobs.jobs import Job, Place, Refused
from engine.jobs.kinds import registered

Document = dict[str, Any]

TOLD_FOR = timedelta(days=1)
"""For how long the end of a job is told to who began it, unless they dismiss it."""


class CannotBe(ContactSheetsError):
    """Something that is not done to jobs of a kind, whoever asks."""


class NoSuchJob(ContactSheetsError):
    """A job that there is not, or none of this kind."""


def recent(
    db: Database[Document], user: CurrentUser, *, before: Place | None = None, limit: int = 20
) -> list[Job]:
    """Jobs that one may see, the newest first, from a place on.  Raises NotAllowed."""
    require(user, Permission.SEE)
    listed = [id_ for id_ in _theirs(user) if registered()[id_].listed]
    return jobs.recent(db, listed, before=before, limit=limit)


def at_hand(db: Database[Document], user: CurrentUser, *, now: datetime) -> list[Job]:
    """What is under way, and what of one's own has just ended.  Raises NotAllowed."""
    require(user, Permission.SEE)
    return jobs.at_hand(db, _theirs(user), by=user.id, since=now - TOLD_FOR)


def job(db: Database[Document], user: CurrentUser, id_: str) -> Job:
    """One job.  Raises NotAllowed and NoSuchJob."""
    found = jobs.job(db, id_)
    if found is None or found.kind not in registered():
        raise NoSuchJob("this is not in the history any more")
    require(user, registered()[found.kind].permission)
    return found


def refusals(db: Database[Document], user: CurrentUser, id_: str, *, limit: int = 100) -> list[Refused]:
    """What a job could not do, and why.  Raises NotAllowed and NoSuchJob."""
    listed = registered()[job(db, user, id_).kind].refusals
    return [] if listed is None else listed(db, id_, limit=limit)


def can_be_undone(user: CurrentUser, job: Job, *, now: datetime) -> bool:
    """Whether there is something of a job that somebody may still take back."""
    kind = registered()[job.kind]
    ended = not job.under_way and job.undoes is None and job.undone_by is None
    return (
        ended
        and bool(job.changed)
        and kind.undo is not None
        and may(user, kind.permission)
        and not _is_over(job, now)
    )


def _is_over(job: Job, now: datetime) -> bool:
    return job.kept_until is not None and now >= job.kept_until


def can_be_stopped(job: Job) -> bool:
    """Whether a job is under way and may end before it has done all."""
    return job.under_way and registered()[job.kind].stops


def undo(db: Database[Document], user: CurrentUser, id_: str, *, now: datetime) -> str:
    """Take a job back; return the one that does.  Raises NotAllowed, NoSuchJob, CannotBe, NothingSelected."""
    found = job(db, user, id_)
    kind = registered()[found.kind]
    if kind.undo is None:
        raise CannotBe("this cannot be taken back")
    if _is_over(found, now):
        raise CannotBe(f"this could be taken back for {jobs.UNDO_FOR.days} days, and is kept no longer")
    with audit.noted(db, user, kind.acts[0], subject=Subject("job", id_), now=now, id_=f"undo:{id_}"):
        return kind.undo(db, id_, by=user.id, by_name=user.name, now=now)


def stop(db: Database[Document], user: CurrentUser, id_: str, *, now: datetime) -> None:
    """Stop a job where it is.  Raises NotAllowed, NoSuchJob and CannotBe."""
    kind = registered()[job(db, user, id_).kind]
    if not kind.stops:
        raise CannotBe("this cannot be stopped half-way")
    with audit.noted(db, user, kind.acts[1], subject=Subject("job", id_), now=now):
        jobs.stop(db, id_, now=now)


def resume(db: Database[Document], user: CurrentUser, id_: str) -> None:
    """Let a job that failed or was stopped go on.  Raises NotAllowed and NoSuchJob."""
    jobs.resume(db, job(db, user, id_).id)


def dismiss(db: Database[Document], user: CurrentUser, id_: str) -> None:
    """Say no more of one's own job that ended.  Raises NotAllowed and NoSuchJob."""
    jobs.dismiss(db, job(db, user, id_).id, by=user.id)


def _theirs(user: CurrentUser) -> list[str]:
    """The kinds that somebody may see."""
    return [id_ for id_, kind in registered().items() if may(user, kind.permission)]
