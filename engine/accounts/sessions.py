"""Sessions: who is signed in where, and until when.

A session ends when nobody used it for a while, at the latest after some days, when its
user signs out, here or everywhere, and when an admin says so.  What a browser carries is
random and kept here as a hash alone; a company's sign-in is known by its claims.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NewType

from pymongo.database import Database

Document = dict[str, Any]
SessionToken = NewType("SessionToken", str)
SessionId = NewType("SessionId", str)

SESSION_LIFE = timedelta(days=7)
"""How long a browser stays signed in at most."""

IDLE_LIFE = timedelta(hours=12)
"""How long a session that nobody uses goes on."""

COMPANY_LIFE = timedelta(hours=12)
"""How long a sign-in with the company's account is good: then its roles are asked for again."""

NOTED_EVERY = timedelta(minutes=1)
"""How exactly the last use of a session is known: a write for every click would be too many."""

MAX_AGENT = 200


@dataclass(frozen=True)
class SessionRecord:
    """A session that goes on; `agent` is what the browser calls itself, unset if it was not said."""

    id: SessionId
    user: str
    created_at: datetime
    seen_at: datetime
    agent: str | None


def start(db: Database[Document], user: str, *, now: datetime, agent: str = "") -> SessionToken:
    """Begin a session and return what the browser is to carry."""
    token = SessionToken(secrets.token_urlsafe(32))
    db.sessions.insert_one(_row(digest(token), user, now=now, life=SESSION_LIFE, agent=agent))
    return token


def continue_company(
    db: Database[Document], id_: SessionId, user: str, *, signed_in_at: datetime, now: datetime
) -> bool:
    """Go on with a sign-in at the company's provider, begun at `signed_in_at`; false if it has ended."""
    if now >= signed_in_at + COMPANY_LIFE:
        return False
    row = _row(id_, user, now=signed_in_at, life=COMPANY_LIFE, agent="")
    db.sessions.update_one({"_id": id_}, {"$setOnInsert": {**row, "seen_at": now}}, upsert=True)
    return user_of(db, id_, now=now) is not None


def user_of(db: Database[Document], id_: SessionId, *, now: datetime) -> str | None:
    """Whose session it is, which counts as using it; unset if it has ended or never was."""
    row = _going(db, id_, now=now)
    if row is None:
        return None
    if now - row["seen_at"] >= NOTED_EVERY:
        db.sessions.update_one({"_id": id_, **_goes_on(now)}, {"$max": {"seen_at": now}})
    return str(row["user"])


def goes_on(db: Database[Document], id_: SessionId, user: str, *, now: datetime) -> bool:
    """Whether a session is the user's and has not ended; unlike `user_of` no use of it."""
    row = _going(db, id_, now=now)
    return row is not None and row["user"] == user


def _going(db: Database[Document], id_: SessionId, *, now: datetime) -> Document | None:
    return db.sessions.find_one({"_id": id_, **_goes_on(now)}, {"user": 1, "seen_at": 1})


def of_user(db: Database[Document], user: str, *, now: datetime) -> list[SessionRecord]:
    """The sessions of a user that go on, the last used first."""
    rows = db.sessions.find({"user": user, **_goes_on(now)}).sort("seen_at", -1)
    return [
        SessionRecord(SessionId(row["_id"]), row["user"], row["created_at"], row["seen_at"], row.get("agent"))
        for row in rows
    ]


def end(db: Database[Document], id_: SessionId, *, now: datetime) -> None:
    """End a session; one that has ended stays so."""
    db.sessions.update_one({"_id": id_, "ended_at": None}, {"$set": {"ended_at": now}})


def end_all(db: Database[Document], user: str, *, now: datetime, but: SessionId | None = None) -> int:
    """End every session of a user, but one if it is named; return how many."""
    query = {"user": user, "_id": {"$ne": but}, **_goes_on(now)}
    return db.sessions.update_many(query, {"$set": {"ended_at": now}}).modified_count


def digest(token: str) -> SessionId:
    """What is kept of a token: it is random, so that a plain hash is enough."""
    return SessionId(hashlib.sha256(token.encode()).hexdigest())


def _goes_on(now: datetime) -> Document:
    return {"ended_at": None, "expires_at": {"$gt": now}, "seen_at": {"$gt": now - IDLE_LIFE}}


def _row(id_: SessionId, user: str, *, now: datetime, life: timedelta, agent: str) -> Document:
    return {
        "_id": id_,
        "user": user,
        "created_at": now,
        "seen_at": now,
        "expires_at": now + life,
        "agent": agent[:MAX_AGENT] or None,
    }
