"""Accounts as admins manage them: inviting, roles, disabling, links; and anybody's own sessions.

There is always an admin who can sign in, and nobody changes their own role.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

import uuid_utils
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from engine.accounts import accounts, audit, sessions
from engine.accounts.accounts import LOCAL_ADMIN, CurrentUser, LinkToken, Role
from engine.accounts.audit import Change, Subject
from engine.accounts.permissions import Permission, require
from engine.accounts.sessions import SessionId, SessionRecord
from engine.domain.identities import normalise_email
from engine.errors import ContactSheetsError, InvalidIdentity

Document = dict[str, Any]

MAX_NAME = 80


class InvalidUser(ContactSheetsError):
    """Something that cannot be done to an account; the message says why."""


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
        """Whether nobody came in by it yet."""
        return self.last_signed_in_at is None


def all_users(db: Database[Document], user: CurrentUser, *, now: datetime) -> list[UserRecord]:
    """Every account, by email.  Raises NotAllowed."""
    require(user, Permission.MANAGE_USERS)
    rows = db.users.find().sort("email", 1)
    return [_record(row, len(sessions.of_user(db, row["_id"], now=now))) for row in rows]


def find(db: Database[Document], user: CurrentUser, key: str, *, now: datetime) -> UserRecord:
    """The account with this id or email.  Raises NotAllowed, and InvalidUser if there is none."""
    require(user, Permission.MANAGE_USERS)
    row = db.users.find_one({"$or": [{"_id": key}, {"email": key.strip().lower()}]})
    if row is None:
        raise InvalidUser(f"nobody has the id or email {key!r}")
    return _record(row, len(sessions.of_user(db, row["_id"], now=now)))


def invite(
    db: Database[Document], user: CurrentUser, email: str, *, role: Role, name: str = "", now: datetime
) -> LinkToken:
    """Make an account and the link by which its owner sets a password.  Raises NotAllowed, InvalidUser."""
    require(user, Permission.MANAGE_USERS)
    email, role = _address(email), _role(role)
    row = {
        "_id": uuid_utils.uuid7().hex,
        "email": email,
        "name": " ".join(name.split())[:MAX_NAME] or None,
        "role": role,
        "created_at": now,
    }
    changes = [Change("role", None, role)]
    with audit.noted(db, user, "invited", subject=Subject("user", email), changes=changes, now=now):
        try:
            db.users.insert_one(row)
        except DuplicateKeyError:
            raise InvalidUser(f"{email} has an account already") from None
        return accounts.new_link(db, str(row["_id"]), "invitation", now=now)


def local_link(db: Database[Document], user: CurrentUser, *, now: datetime) -> LinkToken:
    """Make a link by which whoever has the machine signs in as its local admin.  Raises NotAllowed."""
    require(user, Permission.MANAGE_USERS)
    subject = Subject("user", LOCAL_ADMIN)
    with audit.noted(db, user, "made a link to sign in as", subject=subject, now=now):
        return accounts.first_link(db, now=now)


def password_link(db: Database[Document], user: CurrentUser, key: str, *, now: datetime) -> LinkToken:
    """Make a link to set a password by: the invitation again, or a new one.  Raises as `invite`."""
    found = find(db, user, key, now=now)
    if found.disabled_at is not None:
        raise InvalidUser(f"{found.email} is disabled: enable the account first")
    if found.company is not None:
        raise InvalidUser(f"{found.email} signs in at {found.company}: there is no password here")
    purpose: accounts.Purpose = "invitation" if found.invited else "new password"
    with audit.noted(db, user, f"made a link for {purpose}", subject=Subject("user", found.email), now=now):
        return accounts.new_link(db, found.id, purpose, now=now)


def change_role(db: Database[Document], user: CurrentUser, key: str, role: Role, *, now: datetime) -> None:
    """Give somebody another role.  Raises NotAllowed, InvalidUser."""
    found = find(db, user, key, now=now)
    role = _role(role)
    with audit.noted(
        db,
        user,
        "changed a role",
        subject=Subject("user", found.email),
        changes=[Change("role", found.role, role)],
        now=now,
    ):
        if found.id == user.id:
            raise InvalidUser("nobody changes their own role: ask another admin")
        if found.company is not None:
            raise InvalidUser(f"{found.email} has the role that {found.company} says: change it there")
        _keeping_an_admin(db, found.id, {"$set": {"role": role}}, now=now)


def disable(db: Database[Document], user: CurrentUser, key: str, *, now: datetime) -> None:
    """Let somebody in no more, from this moment on.  Raises NotAllowed, InvalidUser."""
    found = find(db, user, key, now=now)
    with audit.noted(db, user, "disabled a user", subject=Subject("user", found.email), now=now):
        if found.id == user.id:
            raise InvalidUser("nobody disables their own account: ask another admin")
        _keeping_an_admin(db, found.id, {"$set": {"disabled_at": now}}, now=now)
        db.sign_in_links.delete_many({"user": found.id})
        sessions.end_all(db, found.id, now=now)


def enable(db: Database[Document], user: CurrentUser, key: str, *, now: datetime) -> None:
    """Let somebody in again.  Raises NotAllowed, InvalidUser."""
    found = find(db, user, key, now=now)
    with audit.noted(db, user, "enabled a user", subject=Subject("user", found.email), now=now):
        db.users.update_one({"_id": found.id}, {"$unset": {"disabled_at": 1}})


def end_sessions(db: Database[Document], user: CurrentUser, key: str, *, now: datetime) -> int:
    """Sign somebody out everywhere; return from how many browsers.  Raises NotAllowed, InvalidUser."""
    found = find(db, user, key, now=now)
    with audit.noted(db, user, "signed a user out", subject=Subject("user", found.email), now=now):
        return sessions.end_all(db, found.id, now=now)


# One's own


def own_sessions(db: Database[Document], user: CurrentUser, *, now: datetime) -> list[SessionRecord]:
    """Where one is signed in, the last used first."""
    require(user, Permission.SEE)
    return sessions.of_user(db, user.id, now=now)


def end_own_session(db: Database[Document], user: CurrentUser, session: SessionId, *, now: datetime) -> None:
    """Sign out in one of one's own browsers."""
    require(user, Permission.SEE)
    if any(found.id == session for found in sessions.of_user(db, user.id, now=now)):
        sessions.end(db, session, now=now)


def end_own_sessions(db: Database[Document], user: CurrentUser, *, now: datetime) -> int:
    """Sign out everywhere but here; return from how many browsers."""
    require(user, Permission.SEE)
    return sessions.end_all(db, user.id, now=now, but=user.session)


# Inside


def _keeping_an_admin(db: Database[Document], user: str, change: Document, *, now: datetime) -> None:
    """Change an account unless no admin who can sign in would be left.

    Two admins who take the role from each other at the same moment both write the same
    document, so that one of them is told.
    """

    def work(session: ClientSession) -> None:
        db.installation.update_one(
            {"_id": "admins"}, {"$set": {"value": now, "by": user}, "$inc": {"changes": 1}},
            upsert=True, session=session,
        )  # fmt: skip
        before = db.users.find_one_and_update({"_id": user}, change, session=session)
        if before is None or before["role"] != "admin":
            return
        left = {"role": "admin", "disabled_at": None, "last_signed_in_at": {"$ne": None}}
        if db.users.count_documents(left, limit=1, session=session) == 0:
            raise InvalidUser("this is the last admin: make somebody else one first")

    with db.client.start_session() as session:
        session.with_transaction(work)


def _record(row: Document, open_sessions: int) -> UserRecord:
    return UserRecord(
        id=row["_id"],
        email=row["email"],
        name=row.get("name") or row["email"],
        role=row["role"],
        created_at=row["created_at"],
        last_signed_in_at=row.get("last_signed_in_at"),
        disabled_at=row.get("disabled_at"),
        company=row.get("issuer"),
        has_password=row.get("password_hash") is not None,
        sessions=open_sessions,
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
