"""Sign-in with OpenID Connect: provider settings, roles from claims, accounts.

Issuer and subject identify an account, never the email alone: a provider may assign an email
to another person.  The claims of each sign-in set the role.
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

from engine.accounts import accounts, audit, sessions
from engine.accounts.accounts import User
from engine.accounts.audit import Change, Subject
from engine.accounts.current_user import NOT_SIGNED_IN, CurrentUser, Role
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
    """The validated configuration of a provider."""

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
    """The claims of a verified id token."""

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
        """The session id: the same for all requests of one sign-in at the provider."""
        parts = (self.issuer, self.subject, self.signed_in_at.isoformat(), self.nonce)
        return SessionId(hashlib.sha256(json.dumps(parts).encode()).hexdigest())


def provider_of(settings: Settings, *, address: str | None = None) -> Provider | None:
    """Validate the settings; None without a provider.  Raises InvalidSettings.

    Credentials without a provider are refused: with a typo in the name of its variable the
    dashboard would silently fall back to passwords.
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


def claims_of(payload: Mapping[str, Any], provider: Provider) -> Claims:
    """Read the claims of a checked id token.  Raises SignInRefused if it lacks what is needed."""
    missing = [name for name in ("iss", "sub", "email", "iat") if not payload.get(name)]
    if missing:
        raise SignInRefused(
            f"{provider.name} does not say your {', '.join(missing)}: ask an admin to add it to the id token"
        )
    return Claims(
        issuer=str(payload["iss"]),
        subject=str(payload["sub"]),
        email=str(payload["email"]).strip().lower(),
        email_verified=payload.get("email_verified") in (True, "true"),
        name=str(payload.get("name") or payload["email"])[:80],
        signed_in_at=datetime.fromtimestamp(float(payload["iat"]), UTC),
        nonce=str(payload.get("nonce") or payload.get("jti") or ""),
        groups=_groups(payload, provider.roles_claim),
    )


def role_of(claims: Claims, provider: Provider) -> Role | None:
    """The highest role that the groups give; unset for none."""
    held = {provider.roles[group] for group in claims.groups if group in provider.roles}
    return next((role for role in reversed(get_args(Role)) if role in held), None)


def enter(db: Db, claims: Claims, provider: Provider, *, now: datetime) -> CurrentUser:
    """Sign in a user of the provider with the role from the claims; called on every page.

    The first call of a sign-in creates or updates the account.  Raises SignInRefused for a
    user without a role or a disabled one, and SessionEnded.
    """
    user = _account(db, claims)
    first = user is None or user.claims_at is None or claims.signed_in_at > user.claims_at
    try:
        if first:
            user = _up_to_date(db, user, claims, provider, now=now)
        if user is None or user.disabled_at is not None:
            raise SignInRefused("your account was disabled: ask an admin")
    except SignInRefused as error:
        _record(db, user, claims, provider, refusal=str(error), now=now)
        raise
    if first:
        _record(db, user, claims, provider, refusal=None, now=now)
    if not sessions.continue_company(db, claims.session, user.id, signed_in_at=claims.signed_in_at, now=now):
        raise SessionEnded("your session has ended")
    found = accounts.active_user(db, user.id, session=claims.session)
    if found is None:
        raise SignInRefused("your account was disabled: ask an admin")
    return found


def _record(
    db: Db, user: User | None, claims: Claims, provider: Provider, *, refusal: str | None, now: datetime
) -> None:
    """Record a sign-in once, though every page calls."""
    known = user is not None and refusal is None
    audit.record_event(
        db,
        "signed in",
        by=user.id if user is not None and known else NOT_SIGNED_IN,
        by_name=user.shown_name if user is not None and known else claims.email,
        subject=Subject("user", claims.email),
        changes=[Change("by", None, provider.name)],
        refusal=refusal,
        now=now,
        id_=f"{'refused' if refusal else 'session'}:{claims.session}",
    )


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
    values = {
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
            User.on(db, id=user.id).update_one(**_as_update(values))
        else:
            _create_account(db, values, claims, now=now)
    except DuplicateKeyError:
        raise SignInRefused(
            f"another account has the email {claims.email} already: ask an admin to settle whose it is"
        ) from None
    return _account(db, claims)


def _account(db: Db, claims: Claims) -> User | None:
    return User.on(db, issuer=claims.issuer, subject=claims.subject).one()


def _as_update(values: Document) -> Document:
    return {f"set__{name}": value for name, value in values.items()}


def _create_account(db: Db, values: Document, claims: Claims, *, now: datetime) -> None:
    """Create an account, or take over the local account of an email that the provider verified.

    An account taken over loses its password, links and sessions: only the provider signs it in from then on.
    """
    if claims.email_verified:
        local = User.on(db, email=claims.email, issuer=None).one()
        if local is not None:
            taken = User.on(db, id=local.id, issuer=None)
            taken.update_one(unset__password_hash=1, **_as_update(values))
            accounts.withdraw_links(db, local.id)
            sessions.end_all(db, local.id, now=now)
            return
    User.on(db).insert(User(id=uuid_utils.uuid7().hex, created_at=now, **values))


def _groups(payload: Mapping[str, Any], claim: str) -> frozenset[str]:
    """The groups of a claim: a text, a list, or the keys of an object."""
    found: Any = payload.get(claim)
    if found is None:
        found = payload
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
