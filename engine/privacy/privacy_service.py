"""Export and erasure of a person's data, with permission checks and audit entries.

The audit entry of an erasure does not name the person.
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
from engine.privacy.erasing import ErasurePreview
from engine.privacy.report import Report


def hand_out(actor: Actor, contact: ContactId, out: BinaryIO) -> dict[str, int]:
    """Write an archive of all data of a contact; return the number of rows by collection.

    Raises NotAllowed and ContactNotFound.
    """
    actor.require(Permission.HAND_OUT)
    subject = Subject("contact", contact)
    with audit.recorded(actor, "exported a contact's personal data", subject=subject):
        return archive.write(actor.db, contact, out, now=actor.now)


def preview_erasure(actor: Actor, contact: ContactId) -> ErasurePreview | None:
    """Preview an erasure; None if there is no such contact.  Raises NotAllowed."""
    actor.require(Permission.ERASE)
    return erasing.preview_erasure(actor.db, contact)


def erase(actor: Actor, contact: ContactId, *, id_: str) -> str:
    """Start the permanent erasure of a person; return its job.

    Idempotent by `id_`.  Raises NotAllowed and ContactNotFound.
    """
    actor.require(Permission.ERASE)
    with audit.recorded(actor, "erased a contact", subject=Subject("job", id_), id_=f"job:{id_}"):
        return erasing.start(
            actor.db, contact, id_=id_, by=actor.user.id, by_name=actor.user.name, now=actor.now
        )


def report(actor: Actor, job: str) -> Report | None:
    """The report of an erasure; None before it has begun.  Raises NotAllowed."""
    actor.require(Permission.ERASE)
    return reports.report(actor.db, job)
