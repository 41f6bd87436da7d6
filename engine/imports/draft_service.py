"""Sending a file to be imported, and settling it: each sees their own, and only who may import."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.database import Database

from engine.accounts import accounts
from engine.accounts.accounts import CurrentUser
from engine.accounts.permissions import Permission, require
from engine.accounts.sessions import SessionId
from engine.imports import drafts, import_service, importing, preview_job
from engine.imports.drafts import Draft, Incoming, NotExpected
from engine.imports.mapping.settings import Settings
from engine.imports.preview_job import Check
from engine.imports.reading.formats import Opener
from engine.jobs import job_service
from engine.jobs.jobs import Job

Document = dict[str, Any]


class NoSuchFile(NotExpected):
    """A file that was not sent by this user, is imported already, or waited too long."""


def expect(db: Database[Document], user: CurrentUser, *, now: datetime) -> str:
    """Wait for a file by `user`; return the id under which it may be sent, once.  Raises NotAllowed."""
    require(user, Permission.IMPORT)
    drafts.sweep(db, now=now)
    return drafts.expect(db, by=user.id, session=user.session, now=now)


def receive(db: Database[Document], id_: str, name: str, *, now: datetime) -> Incoming:
    """Begin to take a file.  Raises NotExpected, and NotAllowed if who waits for it may no longer import."""
    by, session = drafts.expected(db, id_)
    user = accounts.known(db, by, session=SessionId(session or ""))
    require(user, Permission.IMPORT)
    assert user is not None
    if session is not None and accounts.changed_meanwhile(db, user, now=now):
        raise NotExpected("you were signed out meanwhile: sign in, then send the file again")
    return drafts.receive(db, id_, name)


def draft(db: Database[Document], user: CurrentUser, id_: str) -> Draft:
    """A file that one sent oneself.  Raises NotAllowed and NoSuchFile."""
    require(user, Permission.IMPORT)
    found = drafts.draft(db, id_, by=user.id)
    if found is None:
        raise NoSuchFile("this file is imported already, or was thrown away: send it again")
    return found


def mine(db: Database[Document], user: CurrentUser) -> list[Draft]:
    """What one sent and has not imported yet, the newest first.  Raises NotAllowed."""
    require(user, Permission.IMPORT)
    return drafts.of_user(db, user.id)


def opener(db: Database[Document], user: CurrentUser, id_: str) -> Opener:
    """Opens a file that one sent.  Raises NotAllowed and NoSuchFile."""
    return importing.stored(db, draft(db, user, id_).id)


def imported_before(db: Database[Document], user: CurrentUser, id_: str) -> Job | None:
    """The last import, by whomever, of the very content of a file that one sent; unset if there was none.

    Raises NotAllowed and NoSuchFile.
    """
    return importing.imported_before(db, draft(db, user, id_).id)


def settle(db: Database[Document], user: CurrentUser, id_: str, wanted: Settings) -> None:
    """Keep how a file is to be imported.  Raises NotAllowed and NoSuchFile."""
    drafts.settle(db, draft(db, user, id_).id, wanted)


def check(db: Database[Document], user: CurrentUser, id_: str, *, now: datetime) -> Check:
    """Have a file that one sent and settled checked by the workers, once; say how far that is.

    Raises NotAllowed, NoSuchFile and InvalidMapping.
    """
    found = draft(db, user, id_)
    wanted = Settings() if found.settings is None else found.settings
    import_service.refuse_fields(db, user, wanted)
    return preview_job.begin(db, found, wanted, by=user.id, by_name=user.name, now=now)


def check_again(db: Database[Document], user: CurrentUser, id_: str, *, now: datetime) -> None:
    """Go on with a check that failed or was stopped.  Raises as `check` does."""
    job_service.resume(db, user, check(db, user, id_, now=now).job.id)


def discard(db: Database[Document], user: CurrentUser, id_: str) -> None:
    """Throw a file away that was not imported.  Raises NotAllowed and NoSuchFile."""
    drafts.discard(db, [draft(db, user, id_).id])


def start(db: Database[Document], user: CurrentUser, id_: str, wanted: Settings, *, now: datetime) -> str:
    """Import a file that one sent; return the job.

    Raises NotAllowed, NoSuchFile, and what `transfer.begin` does.
    """
    found = draft(db, user, id_)
    job = import_service.begin(db, user, wanted, name=found.name, id_=id_, now=now)
    drafts.imported(db, id_)
    return job


def settings_of(db: Database[Document], user: CurrentUser, job: str) -> Settings:
    """How a file was imported before.  Raises NotAllowed and NoSuchJob."""
    return importing.settings_of(an_import(db, user, job))


def again(db: Database[Document], user: CurrentUser, job: str, *, now: datetime) -> str:
    """Take the file of an import once more, settled as it was; return the draft.

    Raises NotAllowed, NoSuchJob, and NotExpected if it is gone.
    """
    found = an_import(db, user, job)
    id_ = drafts.copy(db, found.id, by=user.id, now=now)
    drafts.settle(db, id_, importing.settings_of(found))
    return id_


def an_import(db: Database[Document], user: CurrentUser, job: str) -> Job:
    """An import of a file, by whomever.  Raises NotAllowed and NoSuchJob."""
    require(user, Permission.IMPORT)
    found = job_service.job(db, user, job)
    if found.kind != importing.KIND or found.undoes is not None:
        raise job_service.NoSuchJob("this is no import")
    return found
