"""Erasing somebody for a person: checked for their role, and in the audit log, without whom it was."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.database import Database

from engine.access import audit
from engine.access.accounts import CurrentUser
from engine.access.audit import Subject
from engine.access.permissions import Permission, require
from engine.core.activities import ContactId
from engine.erasure import erasing
from engine.erasure import report as reports
from engine.erasure.report import Report

Document = dict[str, Any]


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
