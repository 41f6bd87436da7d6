"""The keys that events are sent with, for a person: checked for their role, and in the audit log."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import chain, count

from engine.accounts import audit, keys
from engine.accounts.actor import Actor
from engine.accounts.audit import Change, Subject
from engine.accounts.key_limits import NEW_KEY, NO_LIMITS, InvalidLimits, KeyLimits
from engine.accounts.keys import MAX_LABEL, KeyKind, KeyRecord, NewKey
from engine.accounts.permissions import Permission
from engine.accounts.scopes import USUAL, Scope, in_order
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


def create(
    actor: Actor,
    kind: KeyKind,
    *,
    label: str,
    limits: KeyLimits | None = None,
    scopes: Collection[Scope] | None = None,
) -> NewKey:
    """Make a key, whose token can be read this once.

    Without `limits` a write key has those of NEW_KEY, without `scopes` a secret key has USUAL.
    Raises NotAllowed, InvalidKey, NameTaken, and InvalidLimits and InvalidOrigin.
    """
    actor.require(Permission.MANAGE_KEYS)
    label = _named(actor.db, label)
    if limits is None:
        limits = NEW_KEY if kind == "write" else NO_LIMITS
    limits, scopes = _of_kind(kind, limits), _scopes_of_kind(kind, scopes)
    with audit.recorded(
        actor,
        "created an API key",
        subject=Subject("key", label),
        changes=[
            Change(f"{kind} key", None, label),
            *_changes(NO_LIMITS, limits),
            *_scope_changes((), scopes),
        ],
    ):
        return keys.create_key(actor.db, kind, label=label, now=actor.now, limits=limits, scopes=scopes)


def change_limits(actor: Actor, key: str, limits: KeyLimits) -> None:
    """Give a write key other limits, effective within five seconds.

    Raises NotAllowed, KeyNotFound, InvalidLimits, InvalidOrigin, and Conflict if it is revoked.
    """
    found = find(actor, key)
    limits = _of_kind(found.kind, limits)
    with audit.recorded(
        actor,
        "changed the limits of an API key",
        subject=Subject("key", found.label),
        changes=list(_changes(found.limits, limits)),
    ):
        if not keys.set_limits(actor.db, key, limits):
            raise Conflict(f"{found.label} is revoked; see `sheets keys list`")


def change_scopes(actor: Actor, key: str, scopes: Collection[Scope]) -> None:
    """Give a secret key other scopes, effective within five seconds.

    Raises NotAllowed, KeyNotFound, InvalidKey, and Conflict if it is revoked.
    """
    found = find(actor, key)
    scopes = _scopes_of_kind(found.kind, scopes)
    with audit.recorded(
        actor,
        "changed the scopes of an API key",
        subject=Subject("key", found.label),
        changes=list(_scope_changes(found.scopes, scopes)),
    ):
        if not keys.set_scopes(actor.db, key, scopes):
            raise Conflict(f"{found.label} is revoked; see `sheets keys list`")


def revoke(actor: Actor, key: str) -> None:
    """Revoke a key permanently.  Raises NotAllowed, KeyNotFound, and Conflict if it is revoked."""
    found = find(actor, key)
    with audit.recorded(
        actor,
        "revoked an API key",
        subject=Subject("key", found.label),
        changes=[Change(f"{found.kind} key", found.label, None)],
    ):
        if not keys.revoke(actor.db, key, now=actor.now):
            raise Conflict(f"{found.label} was revoked before; see `sheets keys list`")


def find(actor: Actor, key: str) -> KeyRecord:
    """The key with an id.  Raises NotAllowed, KeyNotFound."""
    found = next((record for record in all_keys(actor) if record.id == key), None)
    if found is None:
        raise KeyNotFound(key)
    return found


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


def _of_kind(kind: KeyKind, limits: KeyLimits) -> KeyLimits:
    if kind != "write" and limits != NO_LIMITS:
        raise InvalidLimits(f"only a write key has limits; a {kind} key stays on your server")
    return limits.checked()


def _scopes_of_kind(kind: KeyKind, scopes: Collection[Scope] | None) -> frozenset[Scope]:
    if kind != "secret":
        if scopes:
            raise InvalidKey(f"only a secret key has scopes; a {kind} key can read nothing")
        return frozenset()
    if scopes is None:
        return USUAL
    if not scopes:
        raise InvalidKey("choose at least one scope")
    return frozenset(scopes)


def _scope_changes(before: Collection[Scope], after: Collection[Scope]) -> Iterator[Change]:
    old, new = (", ".join(in_order(scopes)) for scopes in (before, after))
    if old != new:
        yield Change("scopes", old or None, new or None)


def _changes(before: KeyLimits, after: KeyLimits) -> Iterator[Change]:
    """The limits that differ, as the audit log words them."""
    for what, old, new in (
        ("allowed origins", ", ".join(before.origins), ", ".join(after.origins)),
        ("events a second per IP address", before.address_rate, after.address_rate),
        ("new contacts a day", before.new_contacts, after.new_contacts),
    ):
        if old != new:
            yield Change(what, _as_text(old), _as_text(new))


def _as_text(value: float | str | None) -> str | None:
    return f"{value:,.15g}" if isinstance(value, (int, float)) else value or None
