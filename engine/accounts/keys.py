"""API keys: write keys for browsers, secret keys for the shop's server.  Only hashes are kept."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import uuid_utils
from pymongo.database import Database

Document = dict[str, Any]
KeyKind = Literal["write", "secret"]

_PREFIX: dict[KeyKind, str] = {"write": "wk_", "secret": "sk_"}


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

    @property
    def trusted(self) -> bool:
        """Whether it proves that the shop's own server speaks."""
        return self.kind == "secret"


def create_key(db: Database[Document], kind: KeyKind, *, label: str, now: datetime) -> NewKey:
    """Make a key; its token is shown this once and kept as a hash alone."""
    token = _PREFIX[kind] + secrets.token_urlsafe(24)
    key = NewKey(id=uuid_utils.uuid7().hex, kind=kind, label=label, token=token)
    db["keys"].insert_one(
        {"_id": key.id, "kind": kind, "label": label, "digest": _digest(token), "created_at": now}
    )
    return key


def authenticate(db: Database[Document], token: str) -> KeyRecord | None:
    """The key that a token belongs to; unset if there is none or it was revoked."""
    row = db["keys"].find_one({"digest": _digest(token), "revoked_at": None})
    return None if row is None else _record(row)


def note_use(db: Database[Document], key: str, *, now: datetime) -> None:
    """Remember when a key was last used."""
    db["keys"].update_one({"_id": key}, {"$max": {"last_used_at": now}})


def revoke(db: Database[Document], key: str, *, now: datetime) -> bool:
    """Take a key out of force; false if there is none in force of that id."""
    revoked = db["keys"].update_one({"_id": key, "revoked_at": None}, {"$set": {"revoked_at": now}})
    return bool(revoked.modified_count)


def all_keys(db: Database[Document]) -> list[KeyRecord]:
    """Every key, the newest first."""
    return [_record(row) for row in db["keys"].find().sort("_id", -1)]


def _record(row: Document) -> KeyRecord:
    return KeyRecord(
        id=row["_id"],
        kind=row["kind"],
        label=row["label"],
        created_at=row["created_at"],
        last_used_at=row.get("last_used_at"),
        revoked_at=row.get("revoked_at"),
    )


def _digest(token: str) -> str:
    # A plain hash is enough: the token is random, not a word that could be guessed.
    return hashlib.sha256(token.encode()).hexdigest()
