"""The actor: who acts, on which database, by which clock.  Made once at the door, then passed on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from engine.accounts import permissions
from engine.accounts.current_user import CurrentUser
from engine.accounts.permissions import Permission
from engine.db import Db
from engine.db.connection import utc_now


@dataclass(frozen=True)
class Actor:
    """A user at work.

    Parameters:
      db: The database that the user works on.
      user: Whose role decides what is allowed, and who stands in the audit log.
      clock: Gives the present, aware and in UTC.
    """

    db: Db
    user: CurrentUser
    clock: Callable[[], datetime] = utc_now

    @property
    def now(self) -> datetime:
        """The present; it moves on between two looks."""
        return self.clock()

    def may(self, permission: Permission) -> bool:
        """Return whether the user's role allows something."""
        return permissions.may(self.user, permission)

    def require(self, permission: Permission) -> CurrentUser:
        """Return the user if their role allows something; raise NotAllowed otherwise."""
        return permissions.require(self.user, permission)
