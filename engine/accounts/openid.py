"""Signing in with the company's account, by OpenID Connect: settings, roles out of claims, accounts.

Whose account it is follows from issuer and subject, never from the email alone: that one
may be given to somebody else.  The role is what the claims say at each sign-in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, get_args

import uuid_utils
from pymongo.errors import DuplicateKeyError

from engine.accounts import accounts, sessions
from engine.accounts.accounts import User
from engine.accounts.current_user import CurrentUser, Role
from engine.accounts.sessions import SessionId
from engine.db import Db
from engine.domain.document import Document
from engine.errors import NotAllowed, Unauthenticated
from engine.settings import SHORTEST_COOKIE_SECRET, InvalidSettings, Settings, variable


class SignInRefused(NotAllowed):
    """The provider knows the user, who has no access here; the message says why and what to do."""


class SessionEnded(Unauthenticated):
    """The session of a sign-in at the provider is over: sign in again."""


@dataclass(frozen=True)
class Provider:
    """A provider as it was set up, checked."""

    metadata_url: str
    client_id: str
    client_secret: str
    cookie_secret: str
    address: str
    name: str
    roles_claim: str
    roles: Mapping[str, Role]
    scope: str
    passwords: bool


@dataclass(frozen=True)
class Claims:
    """What the provider says of somebody, in an id token that was checked."""

    issuer: str
    subject: str
    email: str
    email_verified: bool
    name: str
    signed_in_at: datetime
    nonce: str
    groups: frozenset[str]

    @property
    def session(self) -> SessionId:
        """The same for all that comes of one sign-in there."""
        parts = (self.issuer, self.subject, self.signed_in_at.isoformat(), self.nonce)
        return SessionId(hashlib.sha256(json.dumps(parts).encode()).hexdigest())


def provider_of(settings: Settings, *, address: str | None = None) -> Provider | None:
    """Check the settings; unset if there is no provider.  Raises InvalidSettings.

    Credentials without a provider are refused: with a slip in the name of its variable the
    dashboard would fall back to passwords without a word.
    """
    given = {
        "openid_client_id": settings.openid_client_id,
        "openid_client_secret": settings.openid_client_secret,
        "openid_cookie_secret": settings.openid_cookie_secret,
        "openid_roles": settings.openid_roles,
    }
    if not settings.openid_metadata_url:
        _refuse_without_provider(given)
        return None
    given["openid_address"] = settings.openid_address or address or ""
    missing = [variable(name) for name, value in given.items() if not value]
    if missing:
        raise InvalidSettings(f"{variable('openid_metadata_url')} is set, but not {', '.join(missing)}")
    if len(settings.openid_cookie_secret) < SHORTEST_COOKIE_SECRET:
        raise InvalidSettings(
            f"{variable('openid_cookie_secret')} needs {SHORTEST_COOKIE_SECRET} random characters or more: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    return Provider(
        metadata_url=settings.openid_metadata_url,
        client_id=settings.openid_client_id,
        client_secret=settings.openid_client_secret,
        cookie_secret=settings.openid_cookie_secret,
        address=given["openid_address"].rstrip("/"),
        name=settings.openid_name,
        roles_claim=settings.openid_roles_claim,
        roles=_roles(settings.openid_roles),
        scope=settings.openid_scope,
        passwords=settings.openid_passwords,
    )


def _refuse_without_provider(given: Mapping[str, str]) -> None:
    names = [variable(name) for name, value in given.items() if value]
    if names:
        raise InvalidSettings(
            f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} set, but not "
            f"{variable('openid_metadata_url')}: set it, or unset the others"
        )


def claims_of(said: Mapping[str, Any], provider: Provider) -> Claims:
    """Read the claims of a checked id token.  Raises SignInRefused if it lacks what is needed."""
    missing = [name for name in ("iss", "sub", "email", "iat") if not said.get(name)]
    if missing:
        raise SignInRefused(
            f"{provider.name} does not say your {', '.join(missing)}: ask an admin to add it to the id token"
        )
    return Claims(
        issuer=str(said["iss"]),
        subject=str(said["sub"]),
        email=str(said["email"]).strip().lower(),
        email_verified=said.get("email_verified") in (True, "true"),
        name=str(said.get("name") or said["email"])[:80],
        signed_in_at=datetime.fromtimestamp(float(said["iat"]), UTC),
        nonce=str(said.get("nonce") or said.get("jti") or ""),
        groups=_groups(said, provider.roles_claim),
    )


def role_of(claims: Claims, provider: Provider) -> Role | None:
    """The highest role that the groups give; unset for none."""
    held = {provider.roles[group] for group in claims.groups if group in provider.roles}
    return next((role for role in reversed(get_args(Role)) if role in held), None)


def enter(db: Db, claims: Claims, provider: Provider, *, now: datetime) -> CurrentUser:
    """Let in whom the provider knows, with the role that it says; called on every page.

    The first time that a sign-in is seen it makes the account or brings it up to date.
    Raises SignInRefused for who has no role or was disabled, and SessionEnded.
    """
    user = _account(db, claims)
    if user is None or user.claims_at is None or claims.signed_in_at > user.claims_at:
        user = _up_to_date(db, user, claims, provider, now=now)
    if user is None or user.disabled_at is not None:
        raise SignInRefused("your account was disabled: ask an admin")
    if not sessions.continue_company(db, claims.session, user.id, signed_in_at=claims.signed_in_at, now=now):
        raise SessionEnded("your session has ended")
    found = accounts.known(db, user.id, session=claims.session)
    if found is None:
        raise SignInRefused("your account was disabled: ask an admin")
    return found


def _up_to_date(
    db: Db, user: User | None, claims: Claims, provider: Provider, *, now: datetime
) -> User | None:
    role = role_of(claims, provider)
    if role is None:
        if user is not None:
            sessions.end_all(db, user.id, now=now)
        raise SignInRefused(
            f"you are known to {provider.name}, but none of your groups has a role here: ask an admin for one"
        )
    if user is not None and user.role != role:
        sessions.end_all(db, user.id, now=now)
    said = {
        "issuer": claims.issuer,
        "subject": claims.subject,
        "email": claims.email,
        "name": claims.name,
        "role": role,
        "claims_at": claims.signed_in_at,
        "last_signed_in_at": now,
    }
    try:
        if user is not None:
            User.on(db, id=user.id).update_one(**_setting(said))
        else:
            _make(db, said, claims, now=now)
    except DuplicateKeyError:
        raise SignInRefused(
            f"another account has the email {claims.email} already: ask an admin to settle whose it is"
        ) from None
    return _account(db, claims)


def _account(db: Db, claims: Claims) -> User | None:
    return User.on(db, issuer=claims.issuer, subject=claims.subject).one()


def _setting(said: Document) -> Document:
    return {f"set__{name}": value for name, value in said.items()}


def _make(db: Db, said: Document, claims: Claims, *, now: datetime) -> None:
    """Make an account, or take over the local one of an email that the provider has checked.

    What was taken over has no password any more: the provider alone says who comes in.
    """
    if claims.email_verified:
        local = User.on(db, email=claims.email, issuer=None)
        if local.update_one(unset__password_hash=1, **_setting(said)):
            return
    User.on(db).insert(User(id=uuid_utils.uuid7().hex, created_at=now, **said))


def _groups(said: Mapping[str, Any], claim: str) -> frozenset[str]:
    """The groups at a claim: one text, a list of them, or of roles that are switched on."""
    found: Any = said.get(claim)
    if found is None:
        found = said
        for part in claim.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return frozenset({found})
    return frozenset(str(group) for group in found) if isinstance(found, list | tuple) else frozenset()


def _roles(text: str) -> dict[str, Role]:
    roles: dict[str, Role] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        group, equals, role = (part.strip() for part in pair.rpartition("="))
        if not equals or not group or role not in get_args(Role):
            raise InvalidSettings(
                f"{variable('openid_roles')}: {pair!r} should be a group and a role, "
                f"as in marketing=marketer ({', '.join(get_args(Role))})"
            )
        roles[group] = role  # type: ignore[assignment]
    if "admin" not in roles.values():
        raise InvalidSettings(
            f"{variable('openid_roles')}: some group must be admin, as in shop-admins=admin"
        )
    return roles
