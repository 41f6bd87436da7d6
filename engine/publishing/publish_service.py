"""Publishing rules for a person: checked for their role, and in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pymongo.database import Database

from engine.accounts import audit
from engine.accounts.accounts import CurrentUser
from engine.accounts.audit import Change, Subject
from engine.accounts.permissions import Permission, require
from engine.publishing import publishing
from engine.rules import rulesets
from engine.rules.rulesets import Version

Document = dict[str, Any]

NEEDED = {
    "segments.yaml": Permission.EDIT_SEGMENTS,
    "fields.yaml": Permission.EDIT_ACCOUNT,
    "settings.yaml": Permission.EDIT_ACCOUNT,
}
"""What one must be allowed for a change of a file; of the others, EDIT_RULES."""


def publish(
    db: Database[Document],
    user: CurrentUser,
    texts: Mapping[str, str],
    *,
    message: str,
    now: datetime,
    base: int | None = None,
    recompute: bool = False,
) -> Version:
    """Publish a whole set of files by `user`, who must be allowed each file that is changed.

    Raises NotAllowed, and what `publishing.publish` does.
    """
    before = rulesets.stored_version(db, rulesets.current_number(db))
    changed = [name for name, text in texts.items() if text != before.texts.get(name, "")]
    for permission in {NEEDED.get(name, Permission.EDIT_RULES) for name in changed}:
        require(user, permission)
    if recompute or not changed:
        require(user, Permission.EDIT_RULES)
    with audit.noted(
        db,
        user,
        "published rules" + (" and recomputed history" if recompute else ""),
        subject=Subject("rules", str(before.number + 1)),
        changes=[
            Change(name, f"version {before.number}", f"version {before.number + 1}") for name in changed
        ],
        reason=message,
        now=now,
    ):
        return publishing.publish(
            db, texts, by=user.name, message=message, now=now, base=base, recompute=recompute
        )


def roll_back(
    db: Database[Document], user: CurrentUser, number: int, *, now: datetime, recompute: bool = False
) -> Version:
    """Publish an older version again.  Raises NotAllowed, and what `publishing.roll_back` does."""
    require(user, Permission.EDIT_RULES)
    present = rulesets.current_number(db)
    with audit.noted(
        db,
        user,
        "rolled rules back",
        subject=Subject("rules", str(present + 1)),
        changes=[Change("rules", f"version {present}", f"version {number}")],
        now=now,
    ):
        return publishing.roll_back(db, number, by=user.name, now=now, recompute=recompute)
