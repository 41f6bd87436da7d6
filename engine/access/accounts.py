"""Local accounts: one-time links to sign in by, and the sessions they open.

Tokens are random and only their hashes are kept.
"""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NewType

import uuid_utils
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

Document = dict[str, Any]
Role = Literal["viewer", "marketer", "admin"]
LinkToken = NewType("LinkToken", str)
SessionToken = NewType("SessionToken", str)

LINK_LIFE = timedelta(hours=1)
"""How long a one-time link waits to be used."""

SESSION_LIFE = timedelta(days=7)
"""How long a browser stays signed in."""

LOCAL_ADMIN = "admin@localhost"
"""The account that a new installation begins with."""


@dataclass(frozen=True)
class CurrentUser:
    """Who is signed in."""

    id: str
    email: str
    name: str
    role: Role


def first_link(db: Database[Document], *, now: datetime) -> LinkToken:
    """Make a one-time link for the local admin, who is created if there is none."""
    user = _local_admin(db, now=now)
    token = LinkToken(secrets.token_urlsafe(32))
    db.sign_in_links.insert_one({"_id": _digest(token), "user": user, "expires_at": now + LINK_LIFE})
    return token


def redeem(db: Database[Document], token: str, *, now: datetime) -> SessionToken | None:
    """Turn a one-time link into a session; unset if it was used, has expired or never was."""
    link = db.sign_in_links.find_one_and_delete({"_id": _digest(token)})
    if link is None or link["expires_at"] <= now:
        return None
    session = SessionToken(secrets.token_urlsafe(32))
    row = {
        "_id": _digest(session),
        "user": link["user"],
        "created_at": now,
        "expires_at": now + SESSION_LIFE,
    }
    db.sessions.insert_one(row)
    db.users.update_one({"_id": link["user"]}, {"$set": {"last_signed_in_at": now}})
    return session


def whoami(db: Database[Document], session_token: str, *, now: datetime) -> CurrentUser | None:
    """Who a session belongs to; unset if it has ended or its user was disabled."""
    session = db.sessions.find_one({"_id": _digest(session_token), "expires_at": {"$gt": now}})
    if session is None:
        return None
    user = db.users.find_one({"_id": session["user"], "disabled_at": None})
    if user is None:
        return None
    return CurrentUser(user["_id"], user["email"], user.get("name") or user["email"], user["role"])


def sign_out(db: Database[Document], session_token: str) -> None:
    """End a session."""
    db.sessions.delete_one({"_id": _digest(session_token)})


def _local_admin(db: Database[Document], *, now: datetime) -> str:
    admin = {
        "_id": uuid_utils.uuid7().hex,
        "email": LOCAL_ADMIN,
        "name": "Admin",
        "role": "admin",
        "created_at": now,
    }
    with suppress(DuplicateKeyError):  # another process was first
        db.users.update_one({"email": LOCAL_ADMIN}, {"$setOnInsert": admin}, upsert=True)
    found = db.users.find_one({"email": LOCAL_ADMIN}, {"_id": 1})
    assert found is not None
    return str(found["_id"])


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
