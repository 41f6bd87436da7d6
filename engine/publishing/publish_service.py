"""Publishing rules for a person: checked for their role, and in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.accounts import audit
from engine.accounts.actor import Actor
from engine.accounts.audit import Change, Subject
from engine.accounts.permissions import Permission
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
    actor: Actor,
    texts: Mapping[str, str],
    *,
    message: str,
    base: int | None = None,
    recompute: bool = False,
) -> Version:
    """Publish a whole set of files by `user`, who must be allowed each file that is changed.

    Raises NotAllowed, and what `publishing.publish` does.
    """
    before = rulesets.stored_version(actor.db, rulesets.current_number(actor.db))
    changed = [name for name, text in texts.items() if text != before.texts.get(name, "")]
    for permission in {NEEDED.get(name, Permission.EDIT_RULES) for name in changed}:
        actor.require(permission)
    if recompute or not changed:
        actor.require(Permission.EDIT_RULES)
    with audit.noted(
        actor,
        "published rules" + (" and recomputed history" if recompute else ""),
        subject=Subject("rules", str(before.number + 1)),
        changes=[
            Change(name, f"version {before.number}", f"version {before.number + 1}") for name in changed
        ],
        reason=message,
    ):
        return publishing.publish(
            actor.db,
            texts,
            by=actor.user.name,
            message=message,
            now=actor.now,
            base=base,
            recompute=recompute,
        )


def roll_back(actor: Actor, number: int, *, recompute: bool = False) -> Version:
    """Publish an older version again.  Raises NotAllowed, and what `publishing.roll_back` does."""
    actor.require(Permission.EDIT_RULES)
    present = rulesets.current_number(actor.db)
    with audit.noted(
        actor,
        "rolled rules back",
        subject=Subject("rules", str(present + 1)),
        changes=[Change("rules", f"version {present}", f"version {number}")],
    ):
        return publishing.roll_back(actor.db, number, by=actor.user.name, now=actor.now, recompute=recompute)
