"""The long work of people, as a person sees and steers it: checked for their role, and in the audit log.

Each kind says who may see and do it, and what takes it back (`engine.jobs.kinds`).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from engine.accounts import audit
from engine.accounts.actor import Actor
from engine.accounts.audit import Subject
from engine.accounts.permissions import Permission
from engine.jobs import jobs
from engine.jobs.errors import CannotStop, CannotUndo, JobNotFound
from engine.jobs.jobs import Job, Place, Refused
from engine.jobs.kinds import registered

NOTIFY_FOR = timedelta(days=1)
"""The author of a job sees its end for this time, unless they dismiss it."""


def recent(actor: Actor, *, before: Place | None = None, limit: int = 20) -> list[Job]:
    """Jobs that one may see, the newest first, from a place on.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    listed = [id_ for id_ in _visible_kinds(actor) if registered()[id_].listed]
    return jobs.recent(actor.db, listed, before=before, limit=limit)


def at_hand(actor: Actor) -> list[Job]:
    """Running jobs, and the actor's own that ended recently.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    return jobs.at_hand(actor.db, _visible_kinds(actor), by=actor.user.id, since=actor.now - NOTIFY_FOR)


def job(actor: Actor, id_: str) -> Job:
    """One job.  Raises NotAllowed and JobNotFound."""
    found = jobs.job(actor.db, id_)
    if found is None or found.kind not in registered():
        raise JobNotFound(id_)
    actor.require(registered()[found.kind].permission)
    return found


def refusals(actor: Actor, id_: str, *, limit: int = 100) -> list[Refused]:
    """The refusals of a job, with reasons.  Raises NotAllowed and JobNotFound."""
    listed = registered()[job(actor, id_).kind].refusals
    return [] if listed is None else listed(actor.db, id_, limit=limit)


def can_be_undone(actor: Actor, job: Job) -> bool:
    """Whether a job can still be undone by the actor."""
    kind = registered()[job.kind]
    ended = not job.under_way and job.undoes is None and job.undone_by is None
    return (
        ended
        and bool(job.changed)
        and kind.undo is not None
        and actor.may(kind.permission)
        and not _is_over(job, actor.now)
    )


def _is_over(job: Job, now: datetime) -> bool:
    return job.kept_until is not None and now >= job.kept_until


def can_be_stopped(job: Job) -> bool:
    """Whether a job is under way and may end before it has done all."""
    return job.under_way and registered()[job.kind].stops


def undo(actor: Actor, id_: str) -> str:
    """Take a job back; return the one that does.  Raises NotAllowed, JobNotFound and CannotUndo."""
    now = actor.now
    found = job(actor, id_)
    kind = registered()[found.kind]
    if kind.undo is None:
        raise CannotUndo("this cannot be undone")
    if _is_over(found, now):
        raise CannotUndo(f"this can no longer be undone: undo is available for {jobs.UNDO_FOR.days} days")
    with audit.recorded(actor, kind.acts[0], subject=Subject("job", id_), id_=f"undo:{id_}"):
        return kind.undo(actor.db, id_, by=actor.user.id, by_name=actor.user.name, now=now)


def stop(actor: Actor, id_: str) -> None:
    """Stop a job where it is.  Raises NotAllowed, JobNotFound and CannotStop."""
    kind = registered()[job(actor, id_).kind]
    if not kind.stops:
        raise CannotStop("this cannot be stopped: wait until it is done")
    with audit.recorded(actor, kind.acts[1], subject=Subject("job", id_)):
        jobs.stop(actor.db, id_, now=actor.now)


def resume(actor: Actor, id_: str) -> None:
    """Resume a job that failed or was stopped.  Raises NotAllowed and JobNotFound."""
    jobs.resume(actor.db, job(actor, id_).id)


def dismiss(actor: Actor, id_: str) -> None:
    """Say no more of one's own job that ended.  Raises NotAllowed and JobNotFound."""
    jobs.dismiss(actor.db, job(actor, id_).id, by=actor.user.id)


def _visible_kinds(actor: Actor) -> list[str]:
    """The kinds of jobs that the actor may see."""
    return [id_ for id_, kind in registered().items() if actor.may(kind.permission)]
