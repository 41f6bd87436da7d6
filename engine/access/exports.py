"""Exporting for a person: checked for their role, and in the audit log, each download, too."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from gridfs import GridOut
from pymongo.database import Database

from engine.access import accounts, audit, jobs, sessions
from engine.access.accounts import CurrentUser
from engine.access.audit import Change, Subject
from engine.access.permissions import Permission, may, require
from engine.access.sessions import SessionId
from engine.store import bulk
from engine.store.bulk import Selection
from engine.store.connection import namespace
from engine.store.jobs import Job
from engine.transfer import exporting
from engine.transfer.exporting import Export, Made

Document = dict[str, Any]

LINK_LIFE = timedelta(hours=12)
"""How long the link on a page that somebody left open leads to the file; never longer than they
are signed in."""


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
    found = jobs.job(db, user, id_)
    if found.kind != exporting.KIND:
        raise jobs.NoSuchJob("this is no export")
    return found


# Links for who signs in at the company's provider: the browser carries nothing of ours then


def signed(db: Database[Document], user: CurrentUser, job: str, *, now: datetime) -> dict[str, str]:
    """What a link to a file says of who may follow it: the session for which it was drawn, and until when."""
    if user.session is None:
        return {}
    until = str(int((now + LINK_LIFE).timestamp()))
    return {"session": user.session, "until": until, "key": _key(db, job, user.session, until)}


def who_follows(
    db: Database[Document], job: str, said: Mapping[str, str], *, now: datetime
) -> CurrentUser | None:
    """Whose link it is that was followed; unset if it is forged, too old, or they are signed out."""
    session, until = said.get("session", ""), said.get("until", "")
    expected = _key(db, job, session, until)
    if not hmac.compare_digest(expected.encode(), said.get("key", "").encode()):
        return None
    if int(until) < now.timestamp():
        return None
    user = sessions.user_of(db, SessionId(session), now=now)
    return None if user is None else accounts.known(db, user, session=SessionId(session))


def _key(db: Database[Document], job: str, session: str, until: str) -> str:
    said = json.dumps(["export", job, session, until]).encode()
    return hmac.new(namespace(db), said, hashlib.sha256).hexdigest()
