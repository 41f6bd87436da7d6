"""Sessions: who is signed in where, and until when.

A session ends after a time without use, at the latest after some days, when its
user signs out, here or everywhere, and when an admin says so.  What a browser carries is
random and kept here as a hash alone; a company's sign-in is known by its claims.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NewType

import mongoengine as me

from engine.accounts.current_user import SessionId as SessionId
from engine.db import Db
from engine.db.documents.fields import Moment
from engine.db.documents.stored import Documents, Stored

SessionToken = NewType("SessionToken", str)

SESSION_LIFE = timedelta(days=7)
"""The longest life of a session."""

IDLE_LIFE = timedelta(hours=12)
"""An idle session ends after this time."""

COMPANY_LIFE = timedelta(hours=12)
"""The life of a sign-in at a provider: its roles are read again afterwards."""

SEEN_PRECISION = timedelta(minutes=1)
"""The precision of a session's last use, which avoids a write for every click."""

MAX_AGENT = 200


class Session(Stored):
    """A signed-in browser; only the token's hash, the id, is kept.

    `agent` is what the browser calls itself; `seen_at` is when it was last used, to SEEN_PRECISION.
    """

    meta = {
        "collection": "sessions",
        "indexes": [{"fields": ["expires_at"], "expireAfterSeconds": 0}, {"fields": ["user"]}],
    }
    id: SessionId = me.StringField(primary_key=True)
    user: str = me.StringField(required=True)
    created_at: datetime = Moment(required=True)
    seen_at: datetime = Moment(required=True)
    expires_at: datetime = Moment(required=True)
    ended_at: datetime | None = Moment()
    agent: str | None = me.StringField(max_length=MAX_AGENT)

    def clean(self) -> None:
        if self.expires_at <= self.created_at:
            self.refuse("expires_at", "a session ends after it has begun")


@dataclass(frozen=True)
class SessionRecord:
    """An active session; `agent` is the browser's User-Agent header, unset if it sent none."""

    id: SessionId
    user: str
    created_at: datetime
    seen_at: datetime
    agent: str | None


def start(db: Db, user: str, *, now: datetime, agent: str = "") -> SessionToken:
    """Begin a session and return what the browser is to carry."""
    token = SessionToken(secrets.token_urlsafe(32))
    Session.on(db).insert(_new(digest(token), user, now=now, life=SESSION_LIFE, agent=agent))
    return token


def continue_company(db: Db, id_: SessionId, user: str, *, signed_in_at: datetime, now: datetime) -> bool:
    """Continue the session of a sign-in at a provider at `signed_in_at`; false if it has ended."""
    if now >= signed_in_at + COMPANY_LIFE:
        return False
    session = _new(id_, user, now=signed_in_at, life=COMPANY_LIFE, agent="")
    session.seen_at = now
    Session.on(db, id=id_).insert_once(session)
    return user_of(db, id_, now=now) is not None


def user_of(db: Db, id_: SessionId, *, now: datetime) -> str | None:
    """The user of a session, which counts as its use; None if it has ended or never existed."""
    session = active(db, now, id=id_).one()
    if session is None:
        return None
    note_use(db, session, now=now)
    return session.user


def note_use(db: Db, session: Session, *, now: datetime) -> None:
    """Record a use of an active session."""
    if now - session.seen_at >= SEEN_PRECISION:
        active(db, now, id=session.id).update_one(max__seen_at=now)


def is_active(db: Db, id_: SessionId, user: str, *, now: datetime) -> bool:
    """Whether a session is the user's and has not ended; unlike `user_of`, records no use."""
    session = active(db, now, id=id_).one()
    return session is not None and session.user == user


def of_user(db: Db, user: str, *, now: datetime) -> list[SessionRecord]:
    """The active sessions of a user, the last used first."""
    return [
        SessionRecord(found.id, found.user, found.created_at, found.seen_at, found.agent)
        for found in active(db, now, user=user).order_by("-seen_at")
    ]


def end(db: Db, id_: SessionId, *, now: datetime) -> None:
    """End a session; one that has ended stays so."""
    Session.on(db, id=id_, ended_at=None).update_one(set__ended_at=now)


def end_all(db: Db, user: str, *, now: datetime, but: SessionId | None = None) -> int:
    """End every session of a user, but one if it is named; return how many."""
    return active(db, now, user=user, id__ne=but).update(set__ended_at=now)


def digest(token: str) -> SessionId:
    """The stored hash of a token: a plain one is enough, as tokens are random."""
    return SessionId(hashlib.sha256(token.encode()).hexdigest())


def active(db: Db, now: datetime, **matching: object) -> Documents[Session]:
    """The matching active sessions."""
    return Session.on(db, ended_at=None, expires_at__gt=now, seen_at__gt=now - IDLE_LIFE, **matching)


def _new(id_: SessionId, user: str, *, now: datetime, life: timedelta, agent: str) -> Session:
    return Session(
        id=id_,
        user=user,
        created_at=now,
        seen_at=now,
        expires_at=now + life,
        agent=agent[:MAX_AGENT] or None,
    )
