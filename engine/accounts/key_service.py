"""The keys that events are sent with, for a person: checked for their role, and in the audit log."""

from __future__ import annotations

from itertools import chain, count
from typing import Any

from pymongo.database import Database

from engine.accounts import audit, keys
from engine.accounts.actor import Actor
from engine.accounts.audit import Change, Subject
from engine.accounts.keys import MAX_LABEL, KeyKind, KeyRecord, NewKey
from engine.accounts.permissions import Permission
from engine.errors import ContactSheetsError

Document = dict[str, Any]


class InvalidKey(ContactSheetsError):
    """A key that cannot be made or revoked; the message says why."""


def all_keys(actor: Actor) -> list[KeyRecord]:
    """Every key, the newest first, without its token.  Raises NotAllowed."""
    actor.require(Permission.MANAGE_KEYS)
    return keys.all_keys(actor.db)


def create(actor: Actor, kind: KeyKind, *, label: str) -> NewKey:
    """Make a key, whose token can be read this once.  Raises NotAllowed, and InvalidKey for its name."""
    actor.require(Permission.MANAGE_KEYS)
    label = _named(actor.db, label)
    with audit.noted(
        actor,
        "created an API key",
        subject=Subject("key", label),
        changes=[Change(f"{kind} key", None, label)],
    ):
        return keys.create_key(actor.db, kind, label=label, now=actor.now)


def revoke(actor: Actor, key: str) -> None:
    """Take a key out of force for good.  Raises NotAllowed, and InvalidKey if none in force has the id."""
    actor.require(Permission.MANAGE_KEYS)
    found = next((record for record in keys.all_keys(actor.db) if record.id == key), None)
    if found is None:
        raise InvalidKey("there is no such key")
    with audit.noted(
        actor,
        "revoked an API key",
        subject=Subject("key", found.label),
        changes=[Change(f"{found.kind} key", found.label, None)],
    ):
        if not keys.revoke(actor.db, key, now=actor.now):
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
