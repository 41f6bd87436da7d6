"""Importing for a person: checked for their role, and in the audit log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, BinaryIO

from pymongo.database import Database

from engine.accounts import audit
from engine.accounts.accounts import CurrentUser
from engine.accounts.audit import Change, Subject
from engine.accounts.permissions import Permission, require
from engine.contacts.editing import edit_checks
from engine.imports import importing, preview, refusals
from engine.imports.mapping.columns import InvalidMapping
from engine.imports.mapping.settings import MODES, Settings
from engine.imports.preview import Checked, Opening
from engine.imports.reading import formats, workbooks
from engine.imports.reading.formats import Format, Opener
from engine.jobs import job_service
from engine.jobs.jobs import Job
from engine.rules import rulesets

Document = dict[str, Any]


def detect(user: CurrentUser, open_: Opener) -> Format:
    """How a file is written, as far as it tells by itself.  Raises NotAllowed, UnreadableFile."""
    require(user, Permission.IMPORT)
    return formats.detect(open_)


def sheets(user: CurrentUser, open_: Opener) -> list[str]:
    """The names of a workbook's sheets.  Raises NotAllowed, UnreadableFile."""
    require(user, Permission.IMPORT)
    return workbooks.sheets(open_)


def look(
    db: Database[Document], user: CurrentUser, open_: Opener, *, name: str, format_: Format | None = None
) -> Opening:
    """How a file is written, its columns as they are guessed, and its first rows.

    What was settled for such columns before comes first.  Raises NotAllowed, UnreadableFile.
    """
    require(user, Permission.IMPORT)
    ruleset = rulesets.current(db)
    return preview.opening(open_, ruleset, name=name, format_=format_, remembered=importing.remembered(db))


def imported_before(db: Database[Document], user: CurrentUser, open_: Opener, *, size: int) -> Job | None:
    """The last import, by whomever, of the very content of a file of `size` bytes; unset if there was none.

    Raises NotAllowed.
    """
    require(user, Permission.IMPORT)
    return importing.imported_before_from(db, open_, size=size)


def check(
    db: Database[Document],
    user: CurrentUser,
    open_: Opener,
    settings: Settings,
    *,
    now: datetime,
    go_on: Callable[[], bool] = lambda: True,
) -> Checked:
    """What would become of a file.  Raises NotAllowed, InvalidMapping, and what `checking.check` does."""
    require(user, Permission.IMPORT)
    refuse_fields(db, user, settings)
    return preview.check(db, open_, settings, now=now, go_on=go_on)


def start(
    db: Database[Document],
    user: CurrentUser,
    stream: BinaryIO,
    settings: Settings,
    *,
    name: str,
    id_: str,
    now: datetime,
) -> str:
    """Import a file by `user`; the same `id_` again starts no second.  Returns it.

    Raises NotAllowed, InvalidMapping, UnreadableFile.
    """
    with _noted(db, user, settings, name=name, id_=id_, now=now):
        return importing.start(
            db, stream, settings, name=name, id_=id_, by=user.id, by_name=user.name, now=now
        )


def begin(
    db: Database[Document], user: CurrentUser, settings: Settings, *, name: str, id_: str, now: datetime
) -> str:
    """Import a file that was sent under `id_` before; raises as `start` does."""
    with _noted(db, user, settings, name=name, id_=id_, now=now):
        return importing.begin(db, settings, name=name, id_=id_, by=user.id, by_name=user.name, now=now)


@contextmanager
def _noted(
    db: Database[Document], user: CurrentUser, settings: Settings, *, name: str, id_: str, now: datetime
) -> Iterator[None]:
    """Log an import, and let it begin if `user` may import so."""
    require(user, Permission.IMPORT)
    columns = {heading: target for heading, target in settings.columns.items() if target}
    filled = ", ".join(f"{heading} → {target}" for heading, target in columns.items())
    changes = [
        Change("file", None, name),
        Change("columns", None, filled),
        Change("mode", None, MODES[settings.mode]),
    ]
    changes += [
        Change(f"all agreed to {one.channel}", None, f"{one.on.isoformat()}, {one.source}")
        for one in settings.statements
    ]
    subject = Subject("job", id_)
    with audit.noted(
        db, user, "imported a file", subject=subject, changes=changes, now=now, id_=f"job:{id_}"
    ):
        refuse_fields(db, user, settings)
        yield


def refused_file(
    db: Database[Document], user: CurrentUser, id_: str, *, now: datetime
) -> tuple[str, Iterator[str]]:
    """The rows that an import refused, as CSV: what the file is called, and its lines as they are asked for.

    Raises NotAllowed and NoSuchJob.
    """
    require(user, Permission.IMPORT)
    job = job_service.job(db, user, id_)
    if job.kind != importing.KIND or job.undoes is not None:
        raise job_service.NoSuchJob("this is no import")
    with audit.noted(db, user, "downloaded refused rows", subject=Subject("job", id_), now=now):
        return refusals.name_of(job), refusals.refused_file(db, job)


def refuse_fields(db: Database[Document], user: CurrentUser, settings: Settings) -> None:
    """Refuse to fill what only an admin may change."""
    refused = edit_checks.not_theirs(settings.columns.values(), user.role, rulesets.current(db))
    if refused:
        raise InvalidMapping("\n".join(refused.values()))
