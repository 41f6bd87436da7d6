"""Payloads that were not understood, for a user: checked for the role, and in the audit log."""

from __future__ import annotations

from engine.accounts import audit
from engine.accounts.actor import Actor
from engine.accounts.audit import Subject
from engine.accounts.permissions import Permission
from engine.notices import mailbox_states, not_understood
from engine.notices.mailbox_states import WatchedMailbox
from engine.notices.not_understood import NotUnderstood


def kept(actor: Actor, *, limit: int = 50, done: bool = False) -> list[NotUnderstood]:
    """What was not understood, the latest first; with `done` what was since.  Raises NotAllowed."""
    actor.require(Permission.OPERATE)
    return not_understood.list_not_understood(actor.db, limit=limit, done=done)


def mailboxes(actor: Actor) -> list[WatchedMailbox]:
    """The watched mailboxes, and why one cannot be read.  Raises NotAllowed."""
    actor.require(Permission.OPERATE)
    return mailbox_states.watched(actor.db)


def run_again(actor: Actor, id_: str, *, wait: float = 5.0) -> NotUnderstood:
    """Have a payload read again, and wait for the result.  Raises NotAllowed and PayloadNotFound."""
    actor.require(Permission.OPERATE)
    with audit.recorded(actor, "ran a payload again", subject=Subject("payload", id_)):
        return not_understood.run_again(actor.db, id_, now=actor.now, wait=wait)


def run_all_again(actor: Actor) -> int:
    """Have every payload that is not understood read again; return how many.  Raises NotAllowed."""
    actor.require(Permission.OPERATE)
    with audit.recorded(actor, "ran a payload again", subject=Subject("payload", "all that are kept")):
        return not_understood.run_all_again(actor.db, now=actor.now)
