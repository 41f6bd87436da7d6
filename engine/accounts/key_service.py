"""The keys that events are sent with, for a person: checked for their role, and in the audit log."""

from __future__ import annotations

from itertools import chain, count

from engine.accounts import audit, keys
from engine.accounts.actor import Actor
from engine.accounts.audit import Change, Subject
from engine.accounts.keys import MAX_LABEL, KeyKind, KeyRecord, NewKey
from engine.accounts.permissions import Permission
from engine.db import Db
from engine.errors import Conflict, Invalid, NameTaken, NotFound


class InvalidKey(Invalid):
    """A key with this name cannot be made; the message says why."""


class KeyNotFound(NotFound):
    """No key has this id."""

    def __init__(self, id_: str) -> None:
        self.id = id_
        super().__init__(f"there is no such key: {id_}; see `sheets keys list`")


def all_keys(actor: Actor) -> list[KeyRecord]:
    """Every key, the newest first, without its token.  Raises NotAllowed."""
    actor.require(Permission.MANAGE_KEYS)
    return keys.all_keys(actor.db)


def create(actor: Actor, kind: KeyKind, *, label: str) -> NewKey:
    """Make a key, whose token can be read this once.  Raises NotAllowed, InvalidKey, NameTaken."""
    actor.require(Permission.MANAGE_KEYS)
    label = _named(actor.db, label)
    with audit.recorded(
        actor,
        "created an API key",
        subject=Subject("key", label),
        changes=[Change(f"{kind} key", None, label)],
    ):
        return keys.create_key(actor.db, kind, label=label, now=actor.now)


def revoke(actor: Actor, key: str) -> None:
    """Revoke a key permanently.  Raises NotAllowed, KeyNotFound, and Conflict if it is revoked."""
    actor.require(Permission.MANAGE_KEYS)
    found = next((record for record in keys.all_keys(actor.db) if record.id == key), None)
    if found is None:
        raise KeyNotFound(key)
    with audit.recorded(
        actor,
        "revoked an API key",
        subject=Subject("key", found.label),
        changes=[Change(f"{found.kind} key", found.label, None)],
    ):
        if not keys.revoke(actor.db, key, now=actor.now):
            raise Conflict(f"{found.label} was revoked before; see `sheets keys list`")


def free_label(db: Db, wanted: str) -> str:
    """The name that is wanted, with a number if a key in force is called so."""
    taken = {key.label for key in keys.all_keys(db) if key.revoked_at is None}
    names = chain([wanted], (f"{wanted} {number}" for number in count(2)))
    return next(name for name in names if name not in taken)


def _named(db: Db, label: str) -> str:
    label = " ".join(label.split())
    if not label:
        raise InvalidKey("enter a name")
    if len(label) > MAX_LABEL:
        raise InvalidKey(f"a name can have at most {MAX_LABEL} characters")
    if any(key.label == label and key.revoked_at is None for key in keys.all_keys(db)):
        raise NameTaken("another key in force", label)
    return label
