"""Drafts of imports for a user: each sees their own, and needs the permission to import."""

from __future__ import annotations

from datetime import datetime

from engine.accounts import accounts
from engine.accounts.accounts import changed_meanwhile
from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission, require
from engine.accounts.sessions import SessionId
from engine.db import Db
from engine.errors import StoredFileNotFound
from engine.imports import drafts, import_request, import_service, preview_job, stored_files
from engine.imports.drafts import Draft, Upload, UploadNotExpected
from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.preview_job import PreviewRun
from engine.imports.reading.formats import Opener
from engine.jobs import job_service
from engine.jobs.jobs import Job


def expect(actor: Actor) -> str:
    """Create a draft that waits for the user's upload; return its id.  Raises NotAllowed."""
    now = actor.now
    actor.require(Permission.IMPORT)
    drafts.sweep(actor.db, now=now)
    return drafts.expect(actor.db, by=actor.user.id, session=actor.user.session, now=now)


def receive(db: Db, id_: str, name: str, *, now: datetime) -> Upload:
    """Start an upload, whose id names the user.

    Raises UploadNotExpected, and NotAllowed if the user may no longer import.
    """
    by, session = drafts.expected(db, id_)
    user = require(accounts.active_user(db, by, session=SessionId(session or "")), Permission.IMPORT)
    if session is not None and changed_meanwhile(Actor(db, user, clock=lambda: now)):
        raise UploadNotExpected("you were signed out: sign in, then upload the file again")
    return drafts.receive(db, id_, name)


def begin(actor: Actor, name: str) -> tuple[str, Upload]:
    """Create a draft and start the upload of its file at once; return its id.  Raises NotAllowed."""
    id_ = expect(actor)
    return id_, drafts.receive(actor.db, id_, name)


def draft(actor: Actor, id_: str) -> Draft:
    """Return a draft of the user.  Raises NotAllowed and StoredFileNotFound."""
    actor.require(Permission.IMPORT)
    found = drafts.draft(actor.db, id_, by=actor.user.id)
    if found is None:
        raise StoredFileNotFound(id_, "this file was already imported or discarded: upload it again")
    return found


def drafts_of_user(actor: Actor) -> list[Draft]:
    """Return the drafts of the user, the latest first.  Raises NotAllowed."""
    actor.require(Permission.IMPORT)
    return drafts.of_user(actor.db, actor.user.id)


def opener(actor: Actor, id_: str) -> Opener:
    """Return the opener of a draft's file.  Raises NotAllowed and StoredFileNotFound."""
    return stored_files.opener(actor.db, draft(actor, id_).id)


def imported_before(actor: Actor, id_: str) -> Job | None:
    """Return the last import, by any user, of the same content as a draft; None if there is none.

    Raises NotAllowed and StoredFileNotFound.
    """
    return import_request.imported_before(actor.db, draft(actor, id_).id)


def store_settings(actor: Actor, id_: str, settings: ImportSettings) -> None:
    """Store the settings of a draft.  Raises NotAllowed and StoredFileNotFound."""
    drafts.store_settings(actor.db, draft(actor, id_).id, settings)


def preview(actor: Actor, id_: str) -> PreviewRun:
    """Start the preview of a draft, once for its settings; return how far it is.

    Raises NotAllowed, StoredFileNotFound and InvalidMapping.
    """
    found = draft(actor, id_)
    settings = ImportSettings() if found.settings is None else found.settings
    import_service.refuse_fields(actor, settings)
    return preview_job.start(
        actor.db, found, settings, by=actor.user.id, by_name=actor.user.name, now=actor.now
    )


def resume_preview(actor: Actor, id_: str) -> None:
    """Resume a preview that failed or was stopped.  Raises as `preview` does."""
    job_service.resume(actor, preview(actor, id_).job.id)


def discard(actor: Actor, id_: str) -> None:
    """Delete a draft.  Raises NotAllowed and StoredFileNotFound."""
    drafts.discard(actor.db, [draft(actor, id_).id])


def start(actor: Actor, id_: str, settings: ImportSettings) -> str:
    """Import a draft; return the id of the job.

    Raises NotAllowed, StoredFileNotFound, and what `import_service.start_stored` does.
    """
    found = draft(actor, id_)
    job = import_service.start_stored(actor, settings, name=found.name, id_=id_)
    drafts.mark_imported(actor.db, id_)
    return job


def settings_of(actor: Actor, job: str) -> ImportSettings:
    """Return the settings of an import.  Raises NotAllowed and JobNotFound."""
    return import_request.settings_of(import_service.import_job(actor, job))


def draft_again(actor: Actor, job: str) -> str:
    """Create a draft with the file and the settings of an import; return its id.

    Raises NotAllowed, JobNotFound, and StoredFileNotFound if the file is gone.
    """
    found = import_service.import_job(actor, job)
    id_ = drafts.copy(actor.db, found.id, by=actor.user.id, now=actor.now)
    drafts.store_settings(actor.db, id_, import_request.settings_of(found))
    return id_
