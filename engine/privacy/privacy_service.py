"""Handing out what is known of somebody, and erasing them: checked for the role, and in the audit log.

Of an erasure the log says that there was one, and not of whom.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, BinaryIO

from pymongo.database import Database

from engine.accounts import audit
from engine.accounts.accounts import CurrentUser
from engine.accounts.audit import Subject
from engine.accounts.permissions import Permission, require
from engine.domain.activities import ContactId
from engine.privacy import archive, erasing
from engine.privacy import report as reports
from engine.privacy.erasing import Foretold
from engine.privacy.report import Report

Document = dict[str, Any]


def hand_out(
    db: Database[Document], user: CurrentUser, contact: ContactId, out: BinaryIO, *, now: datetime
) -> dict[str, int]:
    """Write an archive of all that is known of somebody; return how many rows of which collection.

    Raises NotAllowed and NobodyToErase.
    """
    require(user, Permission.HAND_OUT)
    subject = Subject("contact", contact)
    with audit.noted(db, user, "handed out what is known of a contact", subject=subject, now=now):
        return archive.write(db, contact, out, now=now)


def foretold(db: Database[Document], user: CurrentUser, contact: ContactId) -> Foretold | None:
    """What would go if somebody were erased; unset if there is no such contact.  Raises NotAllowed."""
    require(user, Permission.ERASE)
    return erasing.foretold(db, contact)


def erase(db: Database[Document], user: CurrentUser, contact: ContactId, *, id_: str, now: datetime) -> str:
    """Erase somebody for good by `user`; return the job that does it.

    The same `id_` again starts no second.  Raises NotAllowed and NobodyToErase.
    """
    require(user, Permission.ERASE)
    with audit.noted(db, user, "erased a contact", subject=Subject("job", id_), now=now, id_=f"job:{id_}"):
        return erasing.start(db, contact, id_=id_, by=user.id, by_name=user.name, now=now)


def report(db: Database[Document], user: CurrentUser, job: str) -> Report | None:
    """What an erasure removed where; unset before it has begun.  Raises NotAllowed."""
    require(user, Permission.ERASE)
    return reports.report(db, job)
