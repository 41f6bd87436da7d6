"""API keys: write keys for browsers, secret keys and identity secrets for the shop's server.

Of write and secret keys only hashes are kept.  An identity secret is kept as it is: signatures are
verified with it, and it gives no access of its own.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

import mongoengine as me
import uuid_utils

from engine.accounts.key_limits import NO_LIMITS, KeyLimits
from engine.accounts.scopes import USUAL, Scope, in_order
from engine.db import Db
from engine.db.documents.fields import Moment
from engine.db.documents.stored import Stored

KeyKind = Literal["write", "secret", "identity"]

MAX_LABEL = 80
"""Characters of a key's name."""

_PREFIX: dict[KeyKind, str] = {"write": "wk_", "secret": "sk_", "identity": "ik_"}
_SENDING: tuple[KeyKind, ...] = ("write", "secret")
"""The kinds that events are sent with."""


class ApiKey(Stored):
    """A key; `token` is kept of identity secrets alone, and `KeyLimits` documents the limits.

    Secret keys from before there were scopes have none: they may do what they could then.
    """

    meta = {
        "collection": "keys",
        "indexes": [{"fields": ["digest"], "unique": True}],
    }
    id: str = me.StringField(primary_key=True)
    kind: KeyKind = me.StringField(required=True, choices=get_args(KeyKind))
    label: str = me.StringField(required=True, max_length=MAX_LABEL)
    digest: str = me.StringField(required=True, regex=r"[0-9a-f]{64}$")
    token: str | None = me.StringField()
    origins: list[str] = me.ListField(me.StringField())
    address_rate: float | None = me.FloatField(null=True)
    new_contacts: int | None = me.LongField(null=True)
    scopes: list[str] = me.ListField(me.StringField())
    created_at: datetime = Moment(required=True)
    last_used_at: datetime | None = Moment()
    revoked_at: datetime | None = Moment()


@dataclass(frozen=True)
class NewKey:
    """A key at the one time when its token can be seen."""

    id: str
    kind: KeyKind
    label: str
    token: str


@dataclass(frozen=True)
class KeyRecord:
    """A key that is in force."""

    id: str
    kind: KeyKind
    label: str
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    limits: KeyLimits = NO_LIMITS
    scopes: tuple[Scope, ...] = ()

    @property
    def trusted(self) -> bool:
        """Whether it proves that the shop's own server speaks."""
        return self.kind == "secret"


def create_key(
    db: Db,
    kind: KeyKind,
    *,
    label: str,
    now: datetime,
    limits: KeyLimits = NO_LIMITS,
    scopes: Collection[Scope] = USUAL,
) -> NewKey:
    """Make a key; its token is shown this once and kept as a hash alone.  Only a secret key has scopes."""
    token = _PREFIX[kind] + secrets.token_urlsafe(24)
    key = NewKey(id=uuid_utils.uuid7().hex, kind=kind, label=label, token=token)
    kept = token if kind == "identity" else None
    ApiKey.on(db).insert(
        ApiKey(
            id=key.id,
            kind=kind,
            label=label,
            digest=_digest(token),
            token=kept,
            created_at=now,
            origins=list(limits.origins),
            address_rate=limits.address_rate,
            new_contacts=limits.new_contacts,
            scopes=_names(scopes) if kind == "secret" else [],
        )
    )
    return key


def identity_secrets(db: Db) -> tuple[str, ...]:
    """The secrets in force with which the shop's server signs identities."""
    return tuple(key.token for key in ApiKey.on(db, kind="identity", revoked_at=None) if key.token)


def authenticate(db: Db, token: str) -> KeyRecord | None:
    """The key that events may be sent with by this token; unset if there is none or it was revoked."""
    found = ApiKey.on(db, digest=_digest(token), revoked_at=None, kind__in=_SENDING).one()
    return None if found is None else _record(found)


def note_use(db: Db, key: str, *, now: datetime) -> None:
    """Remember when a key was last used."""
    ApiKey.on(db, id=key).update_one(max__last_used_at=now)


def set_limits(db: Db, key: str, limits: KeyLimits) -> bool:
    """Give a key other limits; false if there is no active key with that id."""
    return bool(
        ApiKey.on(db, id=key, revoked_at=None).update_one(
            set__origins=list(limits.origins),
            set__address_rate=limits.address_rate,
            set__new_contacts=limits.new_contacts,
        )
    )


def set_scopes(db: Db, key: str, scopes: Collection[Scope]) -> bool:
    """Give a secret key other scopes; false if there is no active key with that id."""
    found = ApiKey.on(db, id=key, kind="secret", revoked_at=None)
    return bool(found.update_one(set__scopes=_names(scopes)))


def revoke(db: Db, key: str, *, now: datetime) -> bool:
    """Revoke a key; false if there is no active key with that id."""
    return bool(ApiKey.on(db, id=key, revoked_at=None).update_one(set__revoked_at=now))


def all_keys(db: Db) -> list[KeyRecord]:
    """Every key, the newest first."""
    return [_record(key) for key in ApiKey.on(db).order_by("-id")]


def _record(key: ApiKey) -> KeyRecord:
    return KeyRecord(
        id=key.id,
        kind=key.kind,
        label=key.label,
        created_at=key.created_at,
        last_used_at=key.last_used_at,
        revoked_at=key.revoked_at,
        limits=KeyLimits(tuple(key.origins), key.address_rate, key.new_contacts),
        scopes=_scopes(key),
    )


def _names(scopes: Collection[Scope]) -> list[str]:
    return [scope.value for scope in in_order(scopes)]


def _scopes(key: ApiKey) -> tuple[Scope, ...]:
    """The scopes of a stored key; one that only a newer version knows is left out."""
    if key.kind != "secret":
        return ()
    return tuple(in_order(USUAL) if not key.scopes else (s for s in Scope if s in key.scopes))


def _digest(token: str) -> str:
    # A plain hash is enough: the token is random, not a word that could be guessed.
    return hashlib.sha256(token.encode()).hexdigest()
