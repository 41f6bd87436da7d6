"""Importing for a person: checked for their role, and in the audit log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from engine.accounts import audit
from engine.accounts.actor import Actor
from engine.accounts.audit import Change, Subject
from engine.accounts.permissions import Permission
from engine.contacts.editing import edit_validation
from engine.imports import import_request, preview, refused_rows
from engine.imports.mapping.columns import InvalidMapping
from engine.imports.mapping.import_settings import MODES, ImportSettings
from engine.imports.preview import Checked, Opening
from engine.imports.reading import formats, workbooks
from engine.imports.reading.formats import Format, Opener
from engine.jobs import job_service
from engine.jobs.jobs import Job
from engine.rules import rulesets

Document = dict[str, Any]


def detect(actor: Actor, open_: Opener) -> Format:
    """How a file is written, as far as it tells by itself.  Raises NotAllowed, UnreadableFile."""
    actor.require(Permission.IMPORT)
    return formats.detect(open_)


def sheets(actor: Actor, open_: Opener) -> list[str]:
    """The names of a workbook's sheets.  Raises NotAllowed, UnreadableFile."""
    actor.require(Permission.IMPORT)
    return workbooks.sheets(open_)


def look(actor: Actor, open_: Opener, *, name: str, format_: Format | None = None) -> Opening:
    """How a file is written, its columns as they are guessed, and its first rows.

    What was settled for such columns before comes first.  Raises NotAllowed, UnreadableFile.
    """
    actor.require(Permission.IMPORT)
    ruleset = rulesets.current(actor.db)
    return preview.opening(
        open_, ruleset, name=name, format_=format_, remembered=import_request.remembered(actor.db)
    )


def imported_before(actor: Actor, open_: Opener, *, size: int) -> Job | None:
    """The last import, by whomever, of the very content of a file of `size` bytes; unset if there was none.

    Raises NotAllowed.
    """
    actor.require(Permission.IMPORT)
    return import_request.imported_before_from(actor.db, open_, size=size)


def check(
    actor: Actor,
    open_: Opener,
    settings: ImportSettings,
    *,
    go_on: Callable[[], bool] = lambda: True,
) -> Checked:
    """What would become of a file.  Raises NotAllowed, InvalidMapping, and what `checking.check` does."""
    actor.require(Permission.IMPORT)
    refuse_fields(actor, settings)
    return preview.check(actor.db, open_, settings, now=actor.now, go_on=go_on)


def start(
    actor: Actor,
    stream: BinaryIO,
    settings: ImportSettings,
    *,
    name: str,
    id_: str,
) -> str:
    """Import a file by `user`; the same `id_` again starts no second.  Returns it.

    Raises NotAllowed, InvalidMapping, UnreadableFile.
    """
    with _noted(actor, settings, name=name, id_=id_):
        return import_request.start(
            actor.db,
            stream,
            settings,
            name=name,
            id_=id_,
            by=actor.user.id,
            by_name=actor.user.name,
            now=actor.now,
        )


def begin(actor: Actor, settings: ImportSettings, *, name: str, id_: str) -> str:
    """Import a file that was sent under `id_` before; raises as `start` does."""
    with _noted(actor, settings, name=name, id_=id_):
        return import_request.begin(
            actor.db, settings, name=name, id_=id_, by=actor.user.id, by_name=actor.user.name, now=actor.now
        )


@contextmanager
def _noted(actor: Actor, settings: ImportSettings, *, name: str, id_: str) -> Iterator[None]:
    """Log an import, and let it begin if `user` may import so."""
    actor.require(Permission.IMPORT)
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
    with audit.noted(actor, "imported a file", subject=subject, changes=changes, id_=f"job:{id_}"):
        refuse_fields(actor, settings)
        yield


def refused_file(actor: Actor, id_: str) -> tuple[str, Iterator[str]]:
    """The rows that an import refused, as CSV: what the file is called, and its lines as they are asked for.

    Raises NotAllowed and NoSuchJob.
    """
    actor.require(Permission.IMPORT)
    job = job_service.job(actor, id_)
    if job.kind != import_request.KIND or job.undoes is not None:
        raise job_service.NoSuchJob("this is no import")
    with audit.noted(actor, "downloaded refused rows", subject=Subject("job", id_)):
        return refused_rows.name_of(job), refused_rows.refused_file(actor.db, job)


def refuse_fields(actor: Actor, settings: ImportSettings) -> None:
    """Refuse to fill what only an admin may change."""
    refused = edit_validation.fields_not_allowed(
        settings.columns.values(), actor.user.role, rulesets.current(actor.db)
    )
    if refused:
        raise InvalidMapping("\n".join(refused.values()))
