"""Accounts as admins manage them: inviting, roles, disabling, links; and anybody's own sessions.

There is always an admin who can sign in, and nobody changes their own role.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import get_args

import uuid_utils
from mongoengine.queryset import Q
from pymongo.errors import DuplicateKeyError

from engine.accounts import accounts, audit, sessions
from engine.accounts.accounts import LOCAL_ADMIN, MAX_NAME, LinkToken, User
from engine.accounts.actor import Actor
from engine.accounts.audit import Change, Subject
from engine.accounts.current_user import Role
from engine.accounts.permissions import Permission
from engine.accounts.sessions import SessionId, SessionRecord
from engine.db import Db
from engine.db.transactions import in_transaction
from engine.domain.identity.normalisation import normalise_email
from engine.errors import Conflict, Invalid, InvalidIdentity, NotAllowed, NotFound


class InvalidUser(Invalid):
    """An account with this email or role cannot be made; the message says why."""


class UserNotFound(NotFound):
    """No account has this id or email."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"no account has the id or email {key!r}")


class UserConflict(Conflict):
    """The state of an account forbids the change; the message says why and what to do."""


@dataclass(frozen=True)
class UserRecord:
    """An account; `company` is the provider that signs it in, unset for one of our own."""

    id: str
    email: str
    name: str
    role: Role
    created_at: datetime
    last_signed_in_at: datetime | None
    disabled_at: datetime | None
    company: str | None
    has_password: bool
    sessions: int

    @property
    def invited(self) -> bool:
        """Whether the invitation has not been used yet."""
        return self.last_signed_in_at is None


def all_users(actor: Actor) -> list[UserRecord]:
    """Every account, by email.  Raises NotAllowed."""
    actor.require(Permission.MANAGE_USERS)
    return [_record(actor, user) for user in User.on(actor.db).order_by("email")]


def find(actor: Actor, key: str) -> UserRecord:
    """The account with this id or email.  Raises NotAllowed and UserNotFound."""
    actor.require(Permission.MANAGE_USERS)
    user = User.on(actor.db, Q(id=key) | Q(email=key.strip().lower())).one()
    if user is None:
        raise UserNotFound(key)
    return _record(actor, user)


def invite(actor: Actor, email: str, *, role: Role, name: str = "") -> LinkToken:
    """Make an account and the link by which its owner sets a password.

    Raises NotAllowed, InvalidUser, and UserConflict if the email has an account.
    """
    now = actor.now
    actor.require(Permission.MANAGE_USERS)
    email, role = _address(email), _role(role)
    user = User(
        id=uuid_utils.uuid7().hex,
        email=email,
        name=" ".join(name.split())[:MAX_NAME] or None,
        role=role,
        created_at=now,
    )
    changes = [Change("role", None, role)]
    with audit.recorded(actor, "invited", subject=Subject("user", email), changes=changes):
        try:
            User.on(actor.db).insert(user)
        except DuplicateKeyError:
            raise UserConflict(f"{email} already has an account") from None
        return accounts.new_link(actor.db, user.id, "invitation", now=now)


def local_link(actor: Actor) -> LinkToken:
    """Create a link that signs in the local admin of this machine.  Raises NotAllowed."""
    actor.require(Permission.MANAGE_USERS)
    subject = Subject("user", LOCAL_ADMIN)
    with audit.recorded(actor, "created a sign-in link for", subject=subject):
        return accounts.first_link(actor.db, now=actor.now)


def password_link(actor: Actor, key: str) -> LinkToken:
    """Make a link to set a password by: the invitation again, or a new one.

    Raises NotAllowed, UserNotFound, and UserConflict if the account has no password or is disabled.
    """
    found = find(actor, key)
    if found.disabled_at is not None:
        raise UserConflict(f"{found.email} is disabled: enable the account first")
    if found.company is not None:
        raise UserConflict(f"{found.email} signs in with {found.company} and has no password here")
    purpose: accounts.Purpose = "invitation" if found.invited else "new password"
    with audit.recorded(actor, f"created a link ({purpose}) for", subject=Subject("user", found.email)):
        return accounts.new_link(actor.db, found.id, purpose, now=actor.now)


def change_role(actor: Actor, key: str, role: Role) -> None:
    """Change the role of a user.  Raises NotAllowed, UserNotFound, InvalidUser, UserConflict."""
    found = find(actor, key)
    role = _role(role)
    with audit.recorded(
        actor,
        "changed the role of",
        subject=Subject("user", found.email),
        changes=[Change("role", found.role, role)],
    ):
        if found.id == actor.user.id:
            raise NotAllowed("you cannot change your own role: ask another admin")
        if found.company is not None:
            raise UserConflict(f"{found.email} gets the role from {found.company}: change it there")
        _keeping_an_admin(actor.db, found.id, now=actor.now, set__role=role)


def disable(actor: Actor, key: str) -> None:
    """Disable a user, effective immediately.  Raises NotAllowed, UserNotFound, UserConflict."""
    now = actor.now
    found = find(actor, key)
    with audit.recorded(actor, "disabled a user", subject=Subject("user", found.email)):
        if found.id == actor.user.id:
            raise NotAllowed("you cannot disable your own account: ask another admin")
        _keeping_an_admin(actor.db, found.id, now=now, set__disabled_at=now)
        accounts.withdraw_links(actor.db, found.id)
        sessions.end_all(actor.db, found.id, now=now)


def enable(actor: Actor, key: str) -> None:
    """Enable a disabled user.  Raises NotAllowed, UserNotFound."""
    found = find(actor, key)
    with audit.recorded(actor, "enabled a user", subject=Subject("user", found.email)):
        User.on(actor.db, id=found.id).update_one(unset__disabled_at=1)


def end_sessions(actor: Actor, key: str) -> int:
    """End all sessions of a user; return how many ended.  Raises NotAllowed, UserNotFound."""
    found = find(actor, key)
    with audit.recorded(actor, "signed out a user", subject=Subject("user", found.email)):
        return sessions.end_all(actor.db, found.id, now=actor.now)


# One's own


def own_sessions(actor: Actor) -> list[SessionRecord]:
    """The actor's active sessions, the last used first."""
    actor.require(Permission.SEE)
    return sessions.of_user(actor.db, actor.user.id, now=actor.now)


def end_own_session(actor: Actor, session: SessionId) -> None:
    """Sign out in one of one's own browsers."""
    now = actor.now
    actor.require(Permission.SEE)
    if any(found.id == session for found in sessions.of_user(actor.db, actor.user.id, now=now)):
        sessions.end(actor.db, session, now=now)


def end_own_sessions(actor: Actor) -> int:
    """Sign out everywhere but here; return from how many browsers."""
    actor.require(Permission.SEE)
    return sessions.end_all(actor.db, actor.user.id, now=actor.now, but=actor.user.session)


# Inside


def _keeping_an_admin(db: Db, user: str, *, now: datetime, **change: object) -> None:
    """Change an account unless no admin who can sign in would be left.

    Two admins who take the role from each other at the same moment both write the same
    document, so that one of them is refused.
    """

    def work(db: Db) -> None:
        db.installation.update_one(
            {"_id": "admins"}, {"$set": {"value": now, "by": user}, "$inc": {"changes": 1}}, upsert=True
        )
        before = User.on(db, id=user).one()
        User.on(db, id=user).update_one(**change)
        if before is None or before.role != "admin":
            return
        if User.on(db, role="admin", disabled_at=None, last_signed_in_at__ne=None).one() is None:
            raise UserConflict("this is the last admin: make another user an admin first")

    in_transaction(db, work)


def _record(actor: Actor, user: User) -> UserRecord:
    return UserRecord(
        id=user.id,
        email=user.email,
        name=user.shown_name,
        role=user.role,
        created_at=user.created_at,
        last_signed_in_at=user.last_signed_in_at,
        disabled_at=user.disabled_at,
        company=user.issuer,
        has_password=user.password_hash is not None,
        sessions=len(sessions.of_user(actor.db, user.id, now=actor.now)),
    )


def _address(email: str) -> str:
    try:
        return normalise_email(email)
    except InvalidIdentity as error:
        raise InvalidUser(error.reason) from None


def _role(role: str) -> Role:
    for known in get_args(Role):
        if role == known:
            return known  # type: ignore[no-any-return]
    raise InvalidUser(f"there is no role {role!r}: {', '.join(get_args(Role))}")
