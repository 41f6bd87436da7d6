"""Scopes of secret keys: what the shop's server may do with one, and the permissions that this takes.

A key acts with the least role that has all permissions of its scopes, and with these permissions alone.
So a key that only reads is a viewer: where personal data is masked for viewers, it is masked for the key.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from engine.accounts.current_user import CurrentUser, Role
from engine.accounts.permissions import ALLOWED, Permission


class Scope(StrEnum):
    """One thing that a secret key may do."""

    EVENTS = "events"
    REACHABILITY = "reachability"
    READ_CONTACTS = "contacts:read"
    SEE_PERSONAL = "contacts:personal"
    WRITE_CONTACTS = "contacts:write"
    READ_SEGMENTS = "segments:read"
    WRITE_SEGMENTS = "segments:write"
    IMPORTS = "imports"
    EXPORTS = "exports"
    PRIVACY = "privacy"


@dataclass(frozen=True)
class Granted:
    """A scope in words, the permissions that it takes, and the least role of who has it."""

    label: str
    permissions: frozenset[Permission] = frozenset()
    least_role: Role = "viewer"


GRANTED: Mapping[Scope, Granted] = {
    Scope.EVENTS: Granted("send events"),
    Scope.REACHABILITY: Granted("ask who can be written to"),
    Scope.READ_CONTACTS: Granted(
        "read contacts, their activities, points and consent", frozenset({Permission.SEE})
    ),
    Scope.SEE_PERSONAL: Granted(
        "read personal data even where it is masked for viewers", frozenset({Permission.SEE}), "marketer"
    ),
    Scope.WRITE_CONTACTS: Granted(
        "create, change and delete contacts",
        frozenset({Permission.SEE, Permission.EDIT_CONTACTS}),
        "marketer",
    ),
    Scope.READ_SEGMENTS: Granted("read segments and their members", frozenset({Permission.SEE})),
    Scope.WRITE_SEGMENTS: Granted(
        "add contacts to static segments and remove them",
        frozenset({Permission.SEE, Permission.EDIT_SEGMENTS}),
        "marketer",
    ),
    Scope.IMPORTS: Granted(
        "import files, and undo imports", frozenset({Permission.SEE, Permission.IMPORT}), "marketer"
    ),
    Scope.EXPORTS: Granted("export contacts", frozenset({Permission.SEE, Permission.EXPORT}), "marketer"),
    Scope.PRIVACY: Granted(
        "export and erase the data of a person",
        frozenset({Permission.SEE, Permission.HAND_OUT, Permission.ERASE}),
        "admin",
    ),
}
"""What each scope lets a key do."""

USUAL: frozenset[Scope] = frozenset({Scope.EVENTS, Scope.REACHABILITY})
"""The scopes of a new secret key unless others are given, and of all from before there were scopes."""


def in_order(scopes: Collection[Scope]) -> list[Scope]:
    """Return scopes in the order in which they are declared."""
    return [scope for scope in Scope if scope in scopes]


def user_of_key(id_: str, label: str, scopes: Collection[Scope]) -> CurrentUser:
    """Return the user as which a key acts: in the audit log, and in front of every permission check."""
    granted = [GRANTED[scope] for scope in scopes]
    permissions = frozenset[str]().union(*(one.permissions for one in granted))
    rank = max((_RANKS.index(one.least_role) for one in granted), default=0)
    return CurrentUser(f"key:{id_}", "", f"API key {label}", _RANKS[rank], permissions=permissions)


_RANKS: tuple[Role, ...] = tuple(ALLOWED)
"""The roles from the least to the most."""
