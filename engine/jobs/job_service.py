"""The long work of people, as a person sees and steers it: checked for their role, and in the audit log.

Each kind says who may see and do it, and what takes it back; a new kind is an entry in KINDS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from pymongo.database import Database

from engine.accounts import audit
from engine.accounts.accounts import CurrentUser
from engine.accounts.audit import Subject
from engine.accounts.permissions import Permission, may, require
from engine.contacts.bulk import bulk
from engine.errors import ContactSheetsError
from engine.exports import exporting
from engine.imports import checks, importing
from engine.jobs import jobs
from engine.jobs.jobs import Job, Place, Refused
from engine.privacy import erasing

Document = dict[str, Any]

TOLD_FOR = timedelta(days=1)
"""For how long the end of a job is told to who began it, unless they dismiss it."""


class Undo(Protocol):
    """Keeps a job that takes another back, and returns its id."""

    def __call__(self, db: Database[Document], of: str, *, by: str, by_name: str, now: datetime) -> str: ...


@dataclass(frozen=True)
class Kind:
    """A kind of job, as to people.

    Parameters:
      permission: What one must be allowed to see and do such jobs.
      acts: What the audit log calls to take one back, and to stop one.
      undo: What takes one back; unset, and it cannot be.
      refusals: Tells what could not be done, and why.
      stops: Whether one can be stopped half-way.
      listed: Whether the history tells of it, too: what changes nothing is told of for a while alone.
    """

    permission: Permission
    acts: tuple[str, str]
    undo: Undo | None
    refusals: Callable[..., list[Refused]]
    stops: bool = True
    listed: bool = True


KINDS: dict[str, Kind] = {
    bulk.KIND: Kind(
        Permission.EDIT_CONTACTS,
        ("took a change of many back", "stopped a change of many"),
        bulk.undo,
        bulk.refusals,
    ),
    importing.KIND: Kind(
        Permission.IMPORT,
        ("took an import back", "stopped an import"),
        importing.undo,
        importing.refusals,
    ),
    erasing.KIND: Kind(Permission.ERASE, ("", ""), None, erasing.refusals, stops=False),
    checks.KIND: Kind(
        Permission.IMPORT,
        ("", "stopped the check of a file"),
        None,
        lambda *_job, **_limit: [],
        listed=False,
    ),
    exporting.KIND: Kind(
        Permission.EXPORT,
        ("took an export back", "stopped an export"),
        None,
        lambda *_job, **_limit: [],
    ),
}


class CannotBe(ContactSheetsError):
    """Something that is not done to jobs of a kind, whoever asks."""


class NoSuchJob(ContactSheetsError):
    """A job that there is not, or none of this kind."""


def recent(
    db: Database[Document], user: CurrentUser, *, before: Place | None = None, limit: int = 20
) -> list[Job]:
    """Jobs that one may see, the newest first, from a place on.  Raises NotAllowed."""
    require(user, Permission.SEE)
    listed = [id_ for id_ in _theirs(user) if KINDS[id_].listed]
    return jobs.recent(db, listed, before=before, limit=limit)


def at_hand(db: Database[Document], user: CurrentUser, *, now: datetime) -> list[Job]:
    """What is under way, and what of one's own has just ended.  Raises NotAllowed."""
    require(user, Permission.SEE)
    return jobs.at_hand(db, _theirs(user), by=user.id, since=now - TOLD_FOR)


def job(db: Database[Document], user: CurrentUser, id_: str) -> Job:
    """One job.  Raises NotAllowed and NoSuchJob."""
    found = jobs.job(db, id_)
    if found is None or found.kind not in KINDS:
        raise NoSuchJob("this is not in the history any more")
    require(user, KINDS[found.kind].permission)
    return found


def refusals(db: Database[Document], user: CurrentUser, id_: str, *, limit: int = 100) -> list[Refused]:
    """What a job could not do, and why.  Raises NotAllowed and NoSuchJob."""
    return KINDS[job(db, user, id_).kind].refusals(db, id_, limit=limit)


def can_be_undone(user: CurrentUser, job: Job, *, now: datetime) -> bool:
    """Whether there is something of a job that somebody may still take back."""
    kind = KINDS[job.kind]
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
    return job.under_way and KINDS[job.kind].stops


def undo(db: Database[Document], user: CurrentUser, id_: str, *, now: datetime) -> str:
    """Take a job back; return the one that does.  Raises NotAllowed, NoSuchJob, CannotBe, NothingSelected."""
    found = job(db, user, id_)
    kind = KINDS[found.kind]
    if kind.undo is None:
        raise CannotBe("this cannot be taken back")
    if _is_over(found, now):
        raise CannotBe(f"this could be taken back for {jobs.UNDO_FOR.days} days, and is kept no longer")
    with audit.noted(db, user, kind.acts[0], subject=Subject("job", id_), now=now, id_=f"undo:{id_}"):
        return kind.undo(db, id_, by=user.id, by_name=user.name, now=now)


def stop(db: Database[Document], user: CurrentUser, id_: str, *, now: datetime) -> None:
    """Stop a job where it is.  Raises NotAllowed, NoSuchJob and CannotBe."""
    kind = KINDS[job(db, user, id_).kind]
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
    return [id_ for id_, kind in KINDS.items() if may(user, kind.permission)]
