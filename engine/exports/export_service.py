"""Exporting for a person: checked for their role, and in the audit log, each download, too."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from gridfs import GridOut
from pymongo.database import Database

from engine.accounts import audit
from engine.accounts.accounts import CurrentUser
from engine.accounts.audit import Change, Subject
from engine.accounts.permissions import Permission, may, require
from engine.contacts.bulk import bulk
from engine.contacts.bulk.bulk import Selection
from engine.exports import exporting
from engine.exports.exporting import Export, Made
from engine.jobs import job_service
from engine.jobs.jobs import Job

Document = dict[str, Any]


def start(db: Database[Document], user: CurrentUser, wanted: Export, *, id_: str, now: datetime) -> str:
    """Write a file for `user`; the same `id_` again writes no second.  Returns it.

    Raises NotAllowed, UnknownFilter, UnknownColumn, NothingSelected and TooLarge.
    """
    require(user, Permission.EXPORT)
    with audit.noted(
        db,
        user,
        f"exported {wanted.what}",
        subject=Subject("job", id_),
        changes=[
            Change("of", None, of_whom(wanted)),
            Change("columns", None, ", ".join(wanted.columns) or "all"),
            Change("format", None, wanted.format),
        ],
        now=now,
        id_=f"job:{id_}",
    ):
        return exporting.start(db, wanted, id_=id_, by=user.id, by_name=user.name, now=now)


def count(db: Database[Document], user: CurrentUser, selection: Selection) -> int | None:
    """How many contacts an export would be of; unset if counting takes too long.  Raises NotAllowed,
    UnknownFilter."""
    require(user, Permission.EXPORT)
    return bulk.count(db, selection)


def is_kept(db: Database[Document], user: CurrentUser, job: Job, *, now: datetime) -> bool:
    """Whether somebody can have the file of an export now."""
    return may(user, Permission.EXPORT) and bool(exporting.kept(db, [job], now=now))


def again(db: Database[Document], user: CurrentUser, of: str, *, id_: str, now: datetime) -> str:
    """Write the file of an earlier export anew, as things are now.  Raises as `start` and `jobs.job` do."""
    return start(db, user, exporting.export_of(_job(db, user, of)), id_=id_, now=now)


def download(db: Database[Document], user: CurrentUser, id_: str, *, now: datetime) -> tuple[Made, GridOut]:
    """The file of an export, to be read.  Raises NotAllowed, NoSuchJob and NotKept."""
    require(user, Permission.EXPORT)
    job = _job(db, user, id_)
    with audit.noted(db, user, "downloaded an export", subject=Subject("job", id_), now=now):
        return exporting.opened(db, job, now=now)


def of_whom(wanted: Export) -> str:
    """Whose it is, as it was asked for: the conditions, or how many were ticked."""
    selection = wanted.selection
    if selection.listing is None:
        return f"{len(selection.ids)} chosen contacts"
    asked = selection.listing
    said = [json.dumps(asked.where, ensure_ascii=False)] if asked.where else []
    said += [f"search {asked.search.strip()!r}"] if asked.search.strip() else []
    said += [f"without {len(selection.but)}"] if selection.but else []
    return ", ".join(said) or "all contacts"


def _job(db: Database[Document], user: CurrentUser, id_: str) -> Job:
    found = job_service.job(db, user, id_)
    if found.kind != exporting.KIND:
        raise job_service.NoSuchJob("this is no export")
    return found
