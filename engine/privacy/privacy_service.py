"""Handing out what is known of somebody, and erasing them: checked for the role, and in the audit log.

Of an erasure the log says that there was one, and not of whom.
"""

from __future__ import annotations

from typing import BinaryIO

from engine.accounts import audit
from engine.accounts.actor import Actor
from engine.accounts.audit import Subject
from engine.accounts.permissions import Permission
from engine.domain.activities import ContactId
from engine.privacy import archive, erasing
from engine.privacy import report as reports
from engine.privacy.erasing import Foretold
from engine.privacy.report import Report


def hand_out(actor: Actor, contact: ContactId, out: BinaryIO) -> dict[str, int]:
    """Write an archive of all that is known of somebody; return how many rows of which collection.

    Raises NotAllowed and ContactNotFound.
    """
    actor.require(Permission.HAND_OUT)
    subject = Subject("contact", contact)
    with audit.recorded(actor, "exported a contact's personal data", subject=subject):
        return archive.write(actor.db, contact, out, now=actor.now)


def foretold(actor: Actor, contact: ContactId) -> Foretold | None:
    """What would go if somebody were erased; unset if there is no such contact.  Raises NotAllowed."""
    actor.require(Permission.ERASE)
    return erasing.foretold(actor.db, contact)


def erase(actor: Actor, contact: ContactId, *, id_: str) -> str:
    """Erase somebody for good by `user`; return the job that does it.

    The same `id_` again starts no second.  Raises NotAllowed and ContactNotFound.
    """
    actor.require(Permission.ERASE)
    with audit.recorded(actor, "erased a contact", subject=Subject("job", id_), id_=f"job:{id_}"):
        return erasing.start(
            actor.db, contact, id_=id_, by=actor.user.id, by_name=actor.user.name, now=actor.now
        )


def report(actor: Actor, job: str) -> Report | None:
    """What an erasure removed where; unset before it has begun.  Raises NotAllowed."""
    actor.require(Permission.ERASE)
    return reports.report(actor.db, job)
