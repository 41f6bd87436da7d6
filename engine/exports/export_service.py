"""Exporting for a person: checked for their role, and in the audit log, each download, too."""

from __future__ import annotations

import json

from gridfs import GridOut

from engine.accounts import audit
from engine.accounts.actor import Actor
from engine.accounts.audit import Change, Subject
from engine.accounts.permissions import Permission
from engine.contacts.bulk.selection import Selection
from engine.exports import exporting
from engine.exports.exporting import Export, Made
from engine.jobs import job_service
from engine.jobs.errors import JobNotFound
from engine.jobs.jobs import Job


def start(actor: Actor, wanted: Export, *, id_: str) -> str:
    """Write a file for `user`; the same `id_` again writes no second.  Returns it.

    Raises NotAllowed, InvalidFilter, UnknownColumn, EmptySelection and WorkbookTooLarge.
    """
    actor.require(Permission.EXPORT)
    with audit.recorded(
        actor,
        f"exported {wanted.what}",
        subject=Subject("job", id_),
        changes=[
            Change("of", None, selection_text(wanted)),
            Change("columns", None, ", ".join(wanted.columns) or "all"),
            Change("format", None, wanted.format),
        ],
        id_=f"job:{id_}",
    ):
        return exporting.start(
            actor.db, wanted, id_=id_, by=actor.user.id, by_name=actor.user.name, now=actor.now
        )


def count(actor: Actor, selection: Selection) -> int | None:
    """The number of contacts of an export; None if counting takes too long.  Raises NotAllowed,
    InvalidFilter."""
    actor.require(Permission.EXPORT)
    return selection.count(actor.db)


def is_kept(actor: Actor, job: Job) -> bool:
    """Whether the actor can download the file of an export now."""
    return actor.may(Permission.EXPORT) and bool(exporting.available(actor.db, [job], now=actor.now))


def again(actor: Actor, of: str, *, id_: str) -> str:
    """Repeat an earlier export with the present data.  Raises as `start` and `jobs.job` do."""
    return start(actor, exporting.export_of(_job(actor, of)), id_=id_)


def download(actor: Actor, id_: str) -> tuple[Made, GridOut]:
    """The file of an export, to be read.  Raises NotAllowed, JobNotFound and StoredFileNotFound."""
    actor.require(Permission.EXPORT)
    job = _job(actor, id_)
    with audit.recorded(actor, "downloaded an export", subject=Subject("job", id_)):
        return exporting.opened(actor.db, job, now=actor.now)


def selection_text(wanted: Export) -> str:
    """The requested contacts as text: the conditions, or the number of selected rows."""
    selection = wanted.selection
    if selection.listing is None:
        return f"{len(selection.ids)} chosen contacts"
    asked = selection.listing
    parts = [json.dumps(asked.where, ensure_ascii=False)] if asked.where else []
    parts += [f"search {asked.search.strip()!r}"] if asked.search.strip() else []
    parts += [f"without {len(selection.but)}"] if selection.but else []
    return ", ".join(parts) or "all contacts"


def _job(actor: Actor, id_: str) -> Job:
    found = job_service.job(actor, id_)
    if found.kind != exporting.KIND:
        raise JobNotFound(id_, "export")
    return found
