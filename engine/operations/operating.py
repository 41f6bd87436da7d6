"""Looking after the processes, for a person: checked for their role, and in the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.database import Database

from engine.accounts import audit
from engine.accounts.accounts import CurrentUser
from engine.accounts.audit import Change, Subject
from engine.accounts.permissions import Permission, require
from engine.operations.working import Working, working
from engine.pipeline import failures, outbox, refusals, sendings
from engine.pipeline.failures import FailedActivity, FailureReason
from engine.pipeline.outbox import CallRow
from engine.pipeline.refusals import IdConflict, Refused
from engine.pipeline.sendings import Doubted

Document = dict[str, Any]

SHOWN = 50
"""Rows of each list, the latest."""


@dataclass(frozen=True)
class Troubles:
    """What waits for a person: the latest of each."""

    reasons: list[FailureReason]
    failed: list[FailedActivity]
    refused: list[Refused]
    conflicts: list[IdConflict]
    calls: list[CallRow]
    waiting_calls: int
    failed_calls: int
    sendings: list[Doubted]


def at_a_glance(db: Database[Document], user: CurrentUser, *, now: datetime) -> Working:
    """The processes and lanes in figures alone, for everybody's overview.  Raises NotAllowed."""
    require(user, Permission.SEE)
    return working(db, now=now)


def processes(db: Database[Document], user: CurrentUser, *, now: datetime) -> Working:
    """The processes and lanes.  Raises NotAllowed."""
    require(user, Permission.OPERATE)
    return working(db, now=now)


def troubles(db: Database[Document], user: CurrentUser) -> Troubles:
    """What failed, was refused or could not be sent.  Raises NotAllowed."""
    require(user, Permission.OPERATE)
    standing = outbox.standing(db)
    return Troubles(
        reasons=failures.by_reason(db),
        failed=failures.failed(db, SHOWN),
        refused=refusals.newest_refusals(db, limit=SHOWN),
        conflicts=refusals.newest_conflicts(db, limit=SHOWN),
        calls=outbox.unsent(db, limit=SHOWN),
        waiting_calls=standing["waiting"],
        failed_calls=standing["failed"],
        sendings=sendings.doubted(db, limit=SHOWN),
    )


def run_again(db: Database[Document], user: CurrentUser, ids: Sequence[str] | None, *, now: datetime) -> int:
    """Let failed activities (all, or some) be taken again; return how many.  Raises NotAllowed."""
    require(user, Permission.OPERATE)
    subject = Subject("activity", _which(ids))
    with audit.noted(db, user, "ran failed activities again", subject=subject, now=now):
        return failures.retry(db, ids)


def run_reason_again(db: Database[Document], user: CurrentUser, reason: str, *, now: datetime) -> int:
    """Let all activities that failed for a reason be taken again; return how many.  Raises NotAllowed."""
    require(user, Permission.OPERATE)
    subject, changes = Subject("activity", "all of one reason"), [Change("failed because", reason, None)]
    with audit.noted(db, user, "ran failed activities again", subject=subject, changes=changes, now=now):
        return failures.retry_reason(db, reason)


def call_again(
    db: Database[Document], user: CurrentUser, *, now: datetime, ids: Sequence[str] | None = None
) -> int:
    """Send calls that failed (all, or some) once more; return how many.  Raises NotAllowed."""
    require(user, Permission.OPERATE)
    subject = Subject("webhook call", _which(ids))
    with audit.noted(db, user, "sent calls again", subject=subject, now=now):
        return outbox.retry(db, now=now, ids=ids)


def count_sending(db: Database[Document], user: CurrentUser, id_: str, *, now: datetime) -> None:
    """Let the bounces of a doubted sending count after all.  Raises NotAllowed, UnknownSending."""
    require(user, Permission.OPERATE)
    with audit.noted(db, user, "let a sending's bounces count", subject=Subject("sending", id_), now=now):
        sendings.count_after_all(db, id_, by=user.name)


def leave_sending(db: Database[Document], user: CurrentUser, id_: str, *, now: datetime) -> None:
    """Leave the bounces of a doubted sending uncounted.  Raises NotAllowed, UnknownSending."""
    require(user, Permission.OPERATE)
    with audit.noted(
        db, user, "left a sending's bounces uncounted", subject=Subject("sending", id_), now=now
    ):
        sendings.leave_uncounted(db, id_, by=user.name)


def _which(ids: Sequence[str] | None) -> str:
    """What a line of the log says of rows that were chosen: the id of one, else how many."""
    if ids is None:
        return "all that failed"
    return ids[0] if len(ids) == 1 else f"{len(ids)} that failed"
