"""Permissions of the three roles, each of which includes those of the roles before it.

Every function of `engine.access` that reads or writes for a person asks here first; that a
page hides a button is a courtesy, not the lock.
"""

from __future__ import annotations

from enum import StrEnum

from engine.accounts.current_user import CurrentUser, Role
from engine.errors import NotAllowed


class Permission(StrEnum):
    """Something that only some may do, in the words that complete "a viewer cannot …"."""

    SEE = "view contacts"
    SAVE_VIEWS = "save views"
    EDIT_CONTACTS = "edit contacts"
    MERGE = "merge or split contacts"
    EDIT_SEGMENTS = "edit segments"
    IMPORT = "import contacts"
    EXPORT = "export contacts"
    CALCULATE = "recalculate RFM and lifetime value"
    EDIT_RULES = "edit rules"
    EDIT_ACCOUNT = "edit account settings and custom fields"
    MANAGE_KEYS = "manage API keys"
    MANAGE_USERS = "manage users"
    SEE_AUDIT = "view the audit log"
    OPERATE = "retry failed activities"
    HAND_OUT = "export the personal data of contacts"
    ERASE = "erase contacts"


class PermissionDenied(NotAllowed):
    """The user's role does not have a permission."""

    def __init__(self, user: CurrentUser | None, permission: Permission) -> None:
        self.permission = permission
        super().__init__(f"{_described(user)} cannot {permission}; ask an admin")


def _described(user: CurrentUser | None) -> str:
    if user is None:
        return "a visitor who is not signed in"
    return f"a {user.role}" if user.permissions is None else "this API key"


_VIEWER = frozenset({Permission.SEE, Permission.SAVE_VIEWS})
_MARKETER = _VIEWER | {
    Permission.EDIT_CONTACTS,
    Permission.MERGE,
    Permission.EDIT_SEGMENTS,
    Permission.IMPORT,
    Permission.EXPORT,
    Permission.CALCULATE,
}

ALLOWED: dict[Role, frozenset[Permission]] = {
    "viewer": _VIEWER,
    "marketer": _MARKETER,
    "admin": frozenset(Permission),
}


def may(user: CurrentUser | None, permission: Permission) -> bool:
    """Whether a user has a permission."""
    if user is None or (user.permissions is not None and permission not in user.permissions):
        return False
    return permission in ALLOWED[user.role]


def require(user: CurrentUser | None, permission: Permission) -> CurrentUser:
    """Return the user if they have the permission; raise NotAllowed otherwise."""
    if user is None or not may(user, permission):
        raise PermissionDenied(user, permission)
    return user
