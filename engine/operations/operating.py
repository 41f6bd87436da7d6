"""Looking after the processes, for a person: checked for their role, and in the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.accounts import audit
from engine.accounts.actor import Actor
from engine.accounts.audit import Change, Subject
from engine.accounts.permissions import Permission
from engine.operations.working import Working, working
from engine.pipeline import failed_activities, new_contacts, outages, outbox
from engine.pipeline.failed_activities import FailedActivity, FailureReason
from engine.pipeline.new_contacts import KeyToday
from engine.pipeline.outages import SuspectedOutage
from engine.pipeline.outbox import CallRow, HeldCalls

SHOWN = 50
"""Rows of each list, the latest."""


@dataclass(frozen=True)
class NeedsAttention:
    """Everything that needs attention: the latest of each kind."""

    reasons: list[FailureReason]
    failed: list[FailedActivity]
    calls: list[CallRow]
    held_calls: list[HeldCalls]
    waiting_calls: int
    failed_calls: int
    sendings: list[SuspectedOutage]


def at_a_glance(actor: Actor) -> Working:
    """The processes and lanes in figures alone, for everybody's overview.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    return working(actor.db, now=actor.now)


def processes(actor: Actor) -> Working:
    """The processes and lanes.  Raises NotAllowed."""
    actor.require(Permission.OPERATE)
    return working(actor.db, now=actor.now)


def needs_attention(actor: Actor) -> NeedsAttention:
    """Failed activities, suspected outages and unsent calls.  Raises NotAllowed."""
    actor.require(Permission.OPERATE)
    standing = outbox.unsent_counts(actor.db)
    return NeedsAttention(
        reasons=failed_activities.by_reason(actor.db),
        failed=failed_activities.newest(actor.db, SHOWN),
        calls=outbox.unsent(actor.db, limit=SHOWN),
        held_calls=outbox.held(actor.db),
        waiting_calls=standing["waiting"],
        failed_calls=standing["failed"],
        sendings=outages.suspected(actor.db, limit=SHOWN),
    )


def new_contacts_today(actor: Actor) -> list[KeyToday]:
    """This day's new contacts of each key that has a daily limit of them.  Raises NotAllowed."""
    actor.require(Permission.MANAGE_KEYS)
    return new_contacts.today(actor.db, now=actor.now)


def run_again(actor: Actor, ids: Sequence[str] | None) -> int:
    """Let failed activities (all, or some) be taken again; return how many.  Raises NotAllowed."""
    actor.require(Permission.OPERATE)
    subject = Subject("activity", _which(ids))
    with audit.recorded(actor, "retried failed activities", subject=subject):
        return failed_activities.retry(actor.db, ids)


def run_reason_again(actor: Actor, reason: str) -> int:
    """Let all activities that failed for a reason be taken again; return how many.  Raises NotAllowed."""
    actor.require(Permission.OPERATE)
    subject, changes = Subject("activity", "all of one reason"), [Change("failed because", reason, None)]
    with audit.recorded(actor, "retried failed activities", subject=subject, changes=changes):
        return failed_activities.retry_reason(actor.db, reason)


def call_again(actor: Actor, *, ids: Sequence[str] | None = None) -> int:
    """Send calls that failed (all, or some) once more; return how many.  Raises NotAllowed."""
    actor.require(Permission.OPERATE)
    subject = Subject("webhook call", _which(ids))
    with audit.recorded(actor, "retried webhook calls", subject=subject):
        return outbox.retry(actor.db, now=actor.now, ids=ids)


def count_sending(actor: Actor, id_: str) -> None:
    """Let the bounces of a suspected outage count after all.  Raises NotAllowed, OutageNotFound."""
    actor.require(Permission.OPERATE)
    with audit.recorded(actor, "counted the bounces of a sending", subject=Subject("sending", id_)):
        outages.count_bounces(actor.db, id_, by=actor.user.name)


def leave_sending(actor: Actor, id_: str) -> None:
    """Leave the bounces of a suspected outage uncounted.  Raises NotAllowed, OutageNotFound."""
    actor.require(Permission.OPERATE)
    with audit.recorded(actor, "ignored the bounces of a sending", subject=Subject("sending", id_)):
        outages.discount_bounces(actor.db, id_, by=actor.user.name)


def _which(ids: Sequence[str] | None) -> str:
    """The chosen rows as text for the audit log: the id of one, else their number."""
    if ids is None:
        return "all that failed"
    return ids[0] if len(ids) == 1 else f"{len(ids)} that failed"
