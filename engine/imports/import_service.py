"""Imports for a user: checks the role, and keeps the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from engine.accounts import audit
from engine.accounts.actor import Actor
from engine.accounts.audit import Change, Subject
from engine.accounts.permissions import Permission
from engine.contacts.editing.edit_validation import fields_not_allowed
from engine.imports import import_request, refused_rows
from engine.imports import preview as previews
from engine.imports.mapping import inspection
from engine.imports.mapping.columns import InvalidMapping
from engine.imports.mapping.import_settings import BAD_CELLS, MODES, ImportSettings
from engine.imports.mapping.inspection import Inspection
from engine.imports.mapping.kinds import KINDS, ImportKind
from engine.imports.preview import Preview
from engine.imports.reading import formats, workbooks
from engine.imports.reading.formats import Format, Opener
from engine.imports.refused_rows import Listing
from engine.jobs import job_service
from engine.jobs.errors import JobNotFound
from engine.jobs.jobs import Job, Refused
from engine.rules import versions


def detect(actor: Actor, open_: Opener, *, sheet: str | None = None) -> Format:
    """Detect the format of a file, of which the sheet may be chosen.  Raises NotAllowed, UnreadableFile."""
    actor.require(Permission.IMPORT)
    return formats.detect(open_, sheet=sheet)


def sheets(actor: Actor, open_: Opener) -> list[str]:
    """Return the names of a workbook's sheets.  Raises NotAllowed, UnreadableFile."""
    actor.require(Permission.IMPORT)
    return workbooks.sheets(open_)


def inspect(
    actor: Actor,
    open_: Opener,
    *,
    name: str,
    format_: Format | None = None,
    kind: ImportKind | None = None,
    preset: str = "",
) -> Inspection:
    """Inspect a file; the mappings of earlier imports are remembered.  Raises NotAllowed, UnreadableFile.

    `preset` is the one that the user chose (see `inspection.inspect`).
    """
    actor.require(Permission.IMPORT)
    return inspection.inspect(
        open_,
        versions.current(actor.db),
        name=name,
        format_=format_,
        kind=kind,
        preset=preset,
        remembered=lambda kind, preset: import_request.remembered_mappings(actor.db, kind, preset),
    )


def imported_before(actor: Actor, open_: Opener, *, size: int) -> Job | None:
    """Return the last import, by any user, of the same content as a file of `size` bytes, if there is one.

    Raises NotAllowed.
    """
    actor.require(Permission.IMPORT)
    return import_request.imported_before_from(actor.db, open_, size=size)


def preview(actor: Actor, open_: Opener, settings: ImportSettings) -> Preview:
    """Preview the import of a file.  Raises NotAllowed, InvalidMapping, and what `preview.preview` does."""
    actor.require(Permission.IMPORT)
    refuse_fields(actor, settings)
    return previews.preview(actor.db, open_, settings, now=actor.now)


def start(actor: Actor, stream: BinaryIO, settings: ImportSettings, *, name: str, id_: str) -> str:
    """Store a file and start its import, once for its id; return that.

    Raises NotAllowed, InvalidMapping, UnreadableFile.
    """
    by, by_name = actor.user.id, actor.user.name
    with _audited(actor, settings, name=name, id_=id_):
        return import_request.start(
            actor.db, stream, settings, name=name, id_=id_, by=by, by_name=by_name, now=actor.now
        )


def start_stored(actor: Actor, settings: ImportSettings, *, name: str, id_: str) -> str:
    """Start the import of the stored file `id_`; raises as `start` does."""
    by, by_name = actor.user.id, actor.user.name
    with _audited(actor, settings, name=name, id_=id_):
        return import_request.add(
            actor.db, settings, name=name, id_=id_, by=by, by_name=by_name, now=actor.now
        )


def import_job(actor: Actor, id_: str) -> Job:
    """Return an import, by any user.  Raises NotAllowed and JobNotFound."""
    actor.require(Permission.IMPORT)
    job = job_service.job(actor, id_)
    if not import_request.is_import(job):
        raise JobNotFound(id_, "import")
    return job


def refused_file(actor: Actor, id_: str, *, of: Listing = refused_rows.REFUSED) -> tuple[str, Iterator[str]]:
    """Return the refused rows of an import as a CSV file: its name, and its lines, read lazily.

    Or those that were imported without some of their cells.  Raises NotAllowed and JobNotFound.
    """
    job = import_job(actor, id_)
    with audit.recorded(actor, f"downloaded {of.name} rows", subject=Subject("job", id_)):
        return refused_rows.file_name(job, of=of), refused_rows.file_lines(actor.db, job, of=of)


def left_out(actor: Actor, id_: str, *, limit: int) -> tuple[int, list[Refused]]:
    """Return how many rows were imported without some of their cells, and the first of them.

    Raises NotAllowed and JobNotFound.
    """
    import_job(actor, id_)
    rows = refused_rows.rows_of(actor.db, id_, of=refused_rows.LEFT_OUT, limit=limit)
    found = [Refused(reason, line=line) for line, reason, _ in rows]
    if len(found) < limit:
        return len(found), found
    return refused_rows.count(actor.db, id_, of=refused_rows.LEFT_OUT), found


def refuse_fields(actor: Actor, settings: ImportSettings) -> None:
    """Raise InvalidMapping if columns fill fields that the user's role may not change."""
    refused = fields_not_allowed(settings.columns.values(), actor.user.role, versions.current(actor.db))
    if refused:
        raise InvalidMapping(list(refused.values()))


@contextmanager
def _audited(actor: Actor, settings: ImportSettings, *, name: str, id_: str) -> Iterator[None]:
    """Check the role and the fields of an import, and keep it in the audit log."""
    actor.require(Permission.IMPORT)
    columns = {heading: target for heading, target in settings.columns.items() if target}
    filled = ", ".join(f"{heading} → {target}" for heading, target in columns.items())
    changes = [
        Change("file", None, name),
        Change("kind", None, KINDS[settings.kind].label),
        Change("columns", None, filled),
        Change("mode", None, MODES[settings.mode]),
    ]
    changes += [
        Change(f"opt-in to {one.channel}", None, f"{one.on.isoformat()}, {one.source}")
        for one in settings.statements
    ]
    if settings.preset:
        changes.append(Change("preset", None, settings.preset))
    if settings.bad_cells == "refuse":
        changes.append(Change("unreadable cells", None, BAD_CELLS[settings.bad_cells]))
    if settings.suppressed is not None:
        changes.append(Change("suppression list", None, settings.suppressed))
    subject = Subject("job", id_)
    with audit.recorded(actor, "imported a file", subject=subject, changes=changes, id_=f"job:{id_}"):
        refuse_fields(actor, settings)
        yield
