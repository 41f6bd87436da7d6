"""Sending a file to be imported, and settling it: each sees their own, and only who may import."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.database import Database

from engine.accounts import accounts
from engine.accounts.actor import Actor, changed_meanwhile
from engine.accounts.permissions import Permission, require
from engine.accounts.sessions import SessionId
from engine.imports import drafts, import_request, import_service, preview_job
from engine.imports.drafts import Draft, Incoming, NotExpected
from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.preview_job import Check
from engine.imports.reading.formats import Opener
from engine.jobs import job_service
from engine.jobs.jobs import Job

Document = dict[str, Any]


class NoSuchFile(NotExpected):
    """A file that was not sent by this user, is imported already, or waited too long."""


def expect(actor: Actor) -> str:
    """Wait for a file by `user`; return the id under which it may be sent, once.  Raises NotAllowed."""
    now = actor.now
    actor.require(Permission.IMPORT)
    drafts.sweep(actor.db, now=now)
    return drafts.expect(actor.db, by=actor.user.id, session=actor.user.session, now=now)


def receive(db: Database[Document], id_: str, name: str, *, now: datetime) -> Incoming:
    """Begin to take a file.  Raises NotExpected, and NotAllowed if who waits for it may no longer import."""
    by, session = drafts.expected(db, id_)
    user = accounts.known(db, by, session=SessionId(session or ""))
    require(user, Permission.IMPORT)
    assert user is not None
    if session is not None and changed_meanwhile(Actor(db, user, clock=lambda: now)):
        raise NotExpected("you were signed out meanwhile: sign in, then send the file again")
    return drafts.receive(db, id_, name)


def draft(actor: Actor, id_: str) -> Draft:
    """A file that one sent oneself.  Raises NotAllowed and NoSuchFile."""
    actor.require(Permission.IMPORT)
    found = drafts.draft(actor.db, id_, by=actor.user.id)
    if found is None:
        raise NoSuchFile("this file is imported already, or was thrown away: send it again")
    return found


def mine(actor: Actor) -> list[Draft]:
    """What one sent and has not imported yet, the newest first.  Raises NotAllowed."""
    actor.require(Permission.IMPORT)
    return drafts.of_user(actor.db, actor.user.id)


def opener(actor: Actor, id_: str) -> Opener:
    """Opens a file that one sent.  Raises NotAllowed and NoSuchFile."""
    return import_request.stored(actor.db, draft(actor, id_).id)


def imported_before(actor: Actor, id_: str) -> Job | None:
    """The last import, by whomever, of the very content of a file that one sent; unset if there was none.

    Raises NotAllowed and NoSuchFile.
    """
    return import_request.imported_before(actor.db, draft(actor, id_).id)


def settle(actor: Actor, id_: str, wanted: ImportSettings) -> None:
    """Keep how a file is to be imported.  Raises NotAllowed and NoSuchFile."""
    drafts.settle(actor.db, draft(actor, id_).id, wanted)


def check(actor: Actor, id_: str) -> Check:
    """Have a file that one sent and settled checked by the workers, once; say how far that is.

    Raises NotAllowed, NoSuchFile and InvalidMapping.
    """
    found = draft(actor, id_)
    wanted = ImportSettings() if found.settings is None else found.settings
    import_service.refuse_fields(actor, wanted)
    return preview_job.begin(
        actor.db, found, wanted, by=actor.user.id, by_name=actor.user.name, now=actor.now
    )


def check_again(actor: Actor, id_: str) -> None:
    """Go on with a check that failed or was stopped.  Raises as `check` does."""
    job_service.resume(actor, check(actor, id_).job.id)


def discard(actor: Actor, id_: str) -> None:
    """Throw a file away that was not imported.  Raises NotAllowed and NoSuchFile."""
    drafts.discard(actor.db, [draft(actor, id_).id])


def start(actor: Actor, id_: str, wanted: ImportSettings) -> str:
    """Import a file that one sent; return the job.

    Raises NotAllowed, NoSuchFile, and what `transfer.begin` does.
    """
    found = draft(actor, id_)
    job = import_service.begin(actor, wanted, name=found.name, id_=id_)
    drafts.imported(actor.db, id_)
    return job


def settings_of(actor: Actor, job: str) -> ImportSettings:
    """How a file was imported before.  Raises NotAllowed and NoSuchJob."""
    return import_request.settings_of(an_import(actor, job))


def again(actor: Actor, job: str) -> str:
    """Take the file of an import once more, settled as it was; return the draft.

    Raises NotAllowed, NoSuchJob, and NotExpected if it is gone.
    """
    found = an_import(actor, job)
    id_ = drafts.copy(actor.db, found.id, by=actor.user.id, now=actor.now)
    drafts.settle(actor.db, id_, import_request.settings_of(found))
    return id_


def an_import(actor: Actor, job: str) -> Job:
    """An import of a file, by whomever.  Raises NotAllowed and NoSuchJob."""
    actor.require(Permission.IMPORT)
    found = job_service.job(actor, job)
    if found.kind != import_request.KIND or found.undoes is not None:
        raise job_service.NoSuchJob("this is no import")
    return found
