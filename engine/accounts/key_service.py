"""The keys that events are sent with, for a person: checked for their role, and in the audit log."""

from __future__ import annotations

from datetime import datetime
from itertools import chain, count
from typing import Any

from pymongo.database import Database

from engine.accounts import audit, keys
from engine.accounts.accounts import CurrentUser
from engine.accounts.audit import Change, Subject
from engine.accounts.keys import KeyKind, KeyRecord, NewKey
from engine.accounts.permissions import Permission, require
from engine.errors import ContactSheetsError

Document = dict[str, Any]

MAX_LABEL = 80


class InvalidKey(ContactSheetsError):
    """A key that cannot be made or revoked; the message says why."""


def all_keys(db: Database[Document], user: CurrentUser) -> list[KeyRecord]:
    """Every key, the newest first, without its token.  Raises NotAllowed."""
    require(user, Permission.MANAGE_KEYS)
    return keys.all_keys(db)


def create(db: Database[Document], user: CurrentUser, kind: KeyKind, *, label: str, now: datetime) -> NewKey:
    """Make a key, whose token can be read this once.  Raises NotAllowed, and InvalidKey for its name."""
    require(user, Permission.MANAGE_KEYS)
    label = _named(db, label)
    with audit.noted(
        db,
        user,
        "made a key",
        subject=Subject("key", label),
        changes=[Change(f"{kind} key", None, label)],
        now=now,
    ):
        return keys.create_key(db, kind, label=label, now=now)


def revoke(db: Database[Document], user: CurrentUser, key: str, *, now: datetime) -> None:
    """Take a key out of force for good.  Raises NotAllowed, and InvalidKey if none in force has the id."""
    require(user, Permission.MANAGE_KEYS)
    found = next((record for record in keys.all_keys(db) if record.id == key), None)
    if found is None:
        raise InvalidKey("there is no such key")
    with audit.noted(
        db,
        user,
        "revoked a key",
        subject=Subject("key", found.label),
        changes=[Change(f"{found.kind} key", found.label, None)],
        now=now,
    ):
        if not keys.revoke(db, key, now=now):
            raise InvalidKey(f"{found.label} was revoked before")


def free_label(db: Database[Document], wanted: str) -> str:
    """The name that is wanted, with a number if a key in force is called so."""
    taken = {key.label for key in keys.all_keys(db) if key.revoked_at is None}
    names = chain([wanted], (f"{wanted} {number}" for number in count(2)))
    return next(name for name in names if name not in taken)


def _named(db: Database[Document], label: str) -> str:
    label = " ".join(label.split())
    if not label:
        raise InvalidKey("give it a name: what is it for?")
    if len(label) > MAX_LABEL:
        raise InvalidKey(f"a name has at most {MAX_LABEL} characters")
    if any(key.label == label and key.revoked_at is None for key in keys.all_keys(db)):
        raise InvalidKey(f"another key in force is called {label}")
    return label
