"""Accounts: who may sign in, the one-time links that let them, and who they are on every page.

Tokens are random and only their hashes are kept.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NewType

import uuid_utils
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from engine.accounts import sessions
from engine.accounts.sessions import SESSION_LIFE as SESSION_LIFE
from engine.accounts.sessions import SessionId, SessionToken
from engine.accounts.sessions import digest as digest_of
from engine.db.connection import utc_now

Document = dict[str, Any]
Role = Literal["viewer", "marketer", "admin"]
Purpose = Literal["sign in", "invitation", "new password"]
LinkToken = NewType("LinkToken", str)

ROLES: dict[Role, str] = {
    "viewer": "can view contacts, segments and rules",
    "marketer": "can edit contacts and segments, import and export",
    "admin": "can do everything, including rules, fields, API keys, users, merges and erasure",
}
"""The roles, each with what it may in a few words, from the least to the most."""

LINK_LIFE: dict[Purpose, timedelta] = {
    "sign in": timedelta(hours=1),
    "invitation": timedelta(days=7),
    "new password": timedelta(days=1),
}
"""How long a one-time link waits to be used."""

LOCAL_ADMIN = "admin@localhost"
"""The account that a new installation begins with."""

COMMAND_LINE = "command line"
"""The id of whoever runs a command: they have the machine, and no account."""


@dataclass(frozen=True)
class CurrentUser:
    """Who is signed in; `session` is the one they came by, unset for the command line."""

    id: str
    email: str
    name: str
    role: Role
    session: SessionId | None = None


@dataclass(frozen=True)
class Link:
    """What a one-time link is for, and for whom."""

    purpose: Purpose
    user: str
    email: str


def first_link(db: Database[Document], *, now: datetime) -> LinkToken:
    """Make a one-time link for the local admin, who is created if there is none."""
    return new_link(db, _local_admin(db, now=now), "sign in", now=now)


def new_link(db: Database[Document], user: str, purpose: Purpose, *, now: datetime) -> LinkToken:
    """Make a one-time link; earlier ones to set a password are void then."""
    if purpose != "sign in":
        db.sign_in_links.delete_many({"user": user, "purpose": {"$ne": "sign in"}})
    token = LinkToken(secrets.token_urlsafe(32))
    row = {
        "_id": digest_of(token), "user": user, "purpose": purpose, "expires_at": now + LINK_LIFE[purpose],
    }  # fmt: skip
    db.sign_in_links.insert_one(row)
    return token


def link_of(db: Database[Document], token: str, *, now: datetime) -> Link | None:
    """Look at a one-time link without using it up; unset if it can no longer be used."""
    row = db.sign_in_links.find_one({"_id": digest_of(token), "expires_at": {"$gt": now}})
    user = None if row is None else db.users.find_one({"_id": row["user"], "disabled_at": None})
    if row is None or user is None:
        return None
    return Link(row.get("purpose", "sign in"), user["_id"], user["email"])


def use_up(db: Database[Document], token: str, *, now: datetime) -> Link | None:
    """Use a one-time link; unset if somebody was faster, or it can no longer be used."""
    link = link_of(db, token, now=now)
    used = db.sign_in_links.find_one_and_delete({"_id": digest_of(token)})
    return None if used is None else link


def redeem(db: Database[Document], token: str, *, now: datetime, agent: str = "") -> SessionToken | None:
    """Turn a one-time link to sign in by into a session; unset if it cannot be used so."""
    link = link_of(db, token, now=now)
    if link is None or link.purpose != "sign in" or use_up(db, token, now=now) is None:
        return None
    return signed_in(db, link.user, now=now, agent=agent)


def signed_in(db: Database[Document], user: str, *, now: datetime, agent: str = "") -> SessionToken:
    """Begin a session for somebody who has shown who they are."""
    session = sessions.start(db, user, now=now, agent=agent)
    db.users.update_one({"_id": user}, {"$set": {"last_signed_in_at": now}})
    return session


def whoami(db: Database[Document], session_token: str, *, now: datetime) -> CurrentUser | None:
    """Who a session belongs to; unset if it has ended or its user was disabled."""
    session = digest_of(session_token)
    user = sessions.user_of(db, session, now=now)
    return None if user is None else known(db, user, session=session)


def known(db: Database[Document], user: str, *, session: SessionId) -> CurrentUser | None:
    """An account that may come in, as it is now."""
    row = db.users.find_one({"_id": user, "disabled_at": None})
    if row is None:
        return None
    return CurrentUser(row["_id"], row["email"], row.get("name") or row["email"], row["role"], session)


def sign_out(db: Database[Document], session_token: str) -> None:
    """End a session."""
    sessions.end(db, digest_of(session_token), now=utc_now())


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
