"""Accounts: who may sign in, the one-time links that let them, and who they are on every page.

Tokens are random and only their hashes are kept.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NewType, get_args

import mongoengine as me
import uuid_utils
from pymongo.errors import DuplicateKeyError

from engine.accounts import sessions
from engine.accounts.actor import Actor
from engine.accounts.current_user import CurrentUser, Role
from engine.accounts.sessions import SESSION_LIFE as SESSION_LIFE
from engine.accounts.sessions import Session, SessionId, SessionToken
from engine.accounts.sessions import digest as digest_of
from engine.db import Db
from engine.db.connection import utc_now
from engine.db.documents.fields import Moment
from engine.db.documents.stored import Stored
from engine.domain.document import Document

Purpose = Literal["sign in", "invitation", "new password"]
LinkToken = NewType("LinkToken", str)

LINK_LIFE: dict[Purpose, timedelta] = {
    "sign in": timedelta(hours=1),
    "invitation": timedelta(days=7),
    "new password": timedelta(days=1),
}
"""The validity of a one-time link."""

LOCAL_ADMIN = "admin@localhost"
"""The account that a new installation begins with."""

MAX_NAME = 80
"""Characters of a user's name."""


class User(Stored):
    """An account: who may sign in.

    Parameters:
      email: The address that identifies it, in lower case.
      password_hash: Argon2id; unset until a password is set, and for accounts of a company.
      issuer, subject: Who the company's provider says that it is; both, or neither for a local account.
      claims_at: When the claims were made that its role and name were last taken from.
    """

    meta = {
        "collection": "users",
        "indexes": [
            {"fields": ["email"], "unique": True},
            # One account for each person known to the OpenID provider.
            {
                "fields": ["issuer", "subject"],
                "unique": True,
                "partialFilterExpression": {"issuer": {"$exists": True}},
            },
        ],
    }
    id: str = me.StringField(primary_key=True)
    email: str = me.StringField(required=True)
    name: str | None = me.StringField(max_length=MAX_NAME)
    role: Role = me.StringField(required=True, choices=get_args(Role))
    password_hash: str | None = me.StringField()
    created_at: datetime = Moment(required=True)
    password_set_at: datetime | None = Moment()
    disabled_at: datetime | None = Moment()
    last_signed_in_at: datetime | None = Moment()
    issuer: str | None = me.StringField()
    subject: str | None = me.StringField()
    claims_at: datetime | None = Moment()

    def clean(self) -> None:
        if (self.issuer is None) is not (self.subject is None):
            self.refuse("subject", "a company's account has an issuer and a subject, a local one neither")
        if self.issuer is not None and self.password_hash is not None:
            self.refuse("password_hash", "a company's account has no password")

    @property
    def shown_name(self) -> str:
        """The displayed name: the email for an account without a name."""
        return self.name or self.email


class SignInLink(Stored):
    """A one-time link; only its hash, the id, is kept.  Without a purpose, as once, it is to sign in."""

    meta = {
        "collection": "sign_in_links",
        "indexes": [{"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }
    id: str = me.StringField(primary_key=True)
    user: str = me.StringField(required=True)
    purpose: Purpose = me.StringField(choices=get_args(Purpose), default="sign in")
    expires_at: datetime = Moment(required=True)


@dataclass(frozen=True)
class Link:
    """The purpose and the user of a one-time link."""

    purpose: Purpose
    user: str
    email: str


def first_link(db: Db, *, now: datetime) -> LinkToken:
    """Make a one-time link for the local admin, who is created if there is none."""
    return new_link(db, _local_admin(db, now=now), "sign in", now=now)


def new_link(db: Db, user: str, purpose: Purpose, *, now: datetime) -> LinkToken:
    """Make a one-time link; earlier ones to set a password are void then."""
    if purpose != "sign in":
        SignInLink.on(db, user=user, purpose__ne="sign in").delete()
    token = LinkToken(secrets.token_urlsafe(32))
    until = now + LINK_LIFE[purpose]
    SignInLink.on(db).insert(SignInLink(id=digest_of(token), user=user, purpose=purpose, expires_at=until))
    return token


def withdraw_links(db: Db, user: str) -> None:
    """Make all one-time links of a user void."""
    SignInLink.on(db, user=user).delete()


def link_of(db: Db, token: str, *, now: datetime) -> Link | None:
    """Read a one-time link without using it; None if it is not valid any more."""
    link = SignInLink.on(db, id=digest_of(token), expires_at__gt=now).one()
    user = None if link is None else User.on(db, id=link.user, disabled_at=None).one()
    if link is None or user is None:
        return None
    return Link(link.purpose, user.id, user.email)


def use_up(db: Db, token: str, *, now: datetime) -> Link | None:
    """Use a one-time link; None if it was used already or has expired."""
    link = link_of(db, token, now=now)
    used = SignInLink.on(db, id=digest_of(token)).take()
    return None if used is None else link


def redeem(db: Db, token: str, *, now: datetime, agent: str = "") -> SessionToken | None:
    """Turn a one-time link to sign in by into a session; unset if it cannot be used so."""
    link = link_of(db, token, now=now)
    if link is None or link.purpose != "sign in" or use_up(db, token, now=now) is None:
        return None
    return signed_in(db, link.user, now=now, agent=agent)


def signed_in(db: Db, user: str, *, now: datetime, agent: str = "") -> SessionToken:
    """Start a session for an authenticated user."""
    session = sessions.start(db, user, now=now, agent=agent)
    User.on(db, id=user).update_one(set__last_signed_in_at=now)
    return session


def whoami(db: Db, session_token: str, *, now: datetime) -> CurrentUser | None:
    """The user of a session; None if it has ended or its user was disabled."""
    # Called on every run of a page: one query reads the session and its user.
    row = next(sessions.active(db, now, id=digest_of(session_token)).aggregate(_WITH_USERS), None)
    if row is None:
        return None
    session = Session.of_row(row)
    sessions.note_use(db, session, now=now)
    users = [User.of_row(found) for found in row["users"]]
    return next((_current(user, session.id) for user in users if user.disabled_at is None), None)


_WITH_USERS: list[Document] = [
    {"$lookup": {"from": "users", "localField": "user", "foreignField": "_id", "as": "users"}},
]


def active_user(db: Db, user: str, *, session: SessionId) -> CurrentUser | None:
    """The current state of an account that may sign in."""
    found = User.on(db, id=user, disabled_at=None).one()
    return None if found is None else _current(found, session)


def _current(user: User, session: SessionId) -> CurrentUser:
    return CurrentUser(user.id, user.email, user.shown_name, user.role, session)


def changed_meanwhile(actor: Actor) -> bool:
    """Return whether the user is no longer who they were when their page was drawn.

    They were signed out, disabled, or given another role.  A user without an account, as the
    command line, never changes.
    """
    user = actor.user
    if user.session is not None and not sessions.is_active(actor.db, user.session, user.id, now=actor.now):
        return True
    found = User.on(actor.db, id=user.id).one()
    return found is not None and (found.role != user.role or found.disabled_at is not None)


def sign_out(db: Db, session_token: str) -> None:
    """End a session."""
    sessions.end(db, digest_of(session_token), now=utc_now())


def _local_admin(db: Db, *, now: datetime) -> str:
    admin = User(id=uuid_utils.uuid7().hex, email=LOCAL_ADMIN, name="Admin", role="admin", created_at=now)
    admins = User.on(db, email=LOCAL_ADMIN)
    with suppress(DuplicateKeyError):  # another process was first
        admins.insert_once(admin)
    found = admins.one()
    assert found is not None
    return found.id
