"""Changing many contacts at once for a person: checked for their role, and in the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.database import Database

from engine.access import audit
from engine.access.accounts import CurrentUser
from engine.access.audit import Change, Subject
from engine.access.contacts import refuse_fields
from engine.access.permissions import Permission, require
from engine.store import bulk, edits, jobs, rulesets
from engine.store.bulk import Deletion, Selection
from engine.store.edits import Edit
from engine.store.jobs import Job

Document = dict[str, Any]


def start(
    db: Database[Document],
    user: CurrentUser,
    selection: Selection,
    change: Edit | Deletion,
    *,
    id_: str,
    now: datetime,
) -> str:
    """Start a change of many by `user`; the same `id_` again starts no second.  Returns it.

    Raises NotAllowed, and what `bulk.start` does.
    """
    require(user, Permission.EDIT_CONTACTS)
    words = words_of(db, change)
    with audit.noted(
        db,
        user,
        "changed many contacts",
        subject=Subject("job", id_),
        changes=[Change("each", None, words), Change("whom", None, _whom(selection))],
        reason=change.reason,
        now=now,
        id_=f"job:{id_}",
    ):
        if isinstance(change, Edit):
            refuse_fields(db, user, change.fields)
        return bulk.start(db, selection, change, id_=id_, by=user.id, by_name=user.name, title=words, now=now)


def undo(db: Database[Document], user: CurrentUser, job: str, *, now: datetime) -> str:
    """Take a change of many back; return the job that does.  Raises NotAllowed, NothingSelected."""
    require(user, Permission.EDIT_CONTACTS)
    with audit.noted(db, user, "took a change of many back", subject=Subject("job", job), now=now):
        return bulk.undo(db, job, by=user.id, by_name=user.name, now=now)


def stop(db: Database[Document], user: CurrentUser, job: str, *, now: datetime) -> None:
    """Stop a change of many where it is.  Raises NotAllowed."""
    require(user, Permission.EDIT_CONTACTS)
    with audit.noted(db, user, "stopped a change of many", subject=Subject("job", job), now=now):
        jobs.stop(db, job, now=now)


def recent(db: Database[Document], user: CurrentUser, *, limit: int = 20) -> list[Job]:
    """The last changes of many, the newest first.  Raises NotAllowed."""
    require(user, Permission.EDIT_CONTACTS)
    return jobs.recent(db, [bulk.KIND], limit=limit)


def words_of(db: Database[Document], change: Edit | Deletion) -> str:
    """What a change does, in a few words."""
    if isinstance(change, Deletion):
        return "Delete"
    return "; ".join(edits.words_of(change, rulesets.current(db)))


def _whom(selection: Selection) -> str:
    if selection.listing is None:
        return f"{len(selection.ids)} chosen"
    asked = selection.listing.in_address().items()
    return "all of the list " + "&".join(f"{name}={value}" for name, value in asked)
