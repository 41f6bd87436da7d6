"""Publishing rules for a person: checked for their role, and in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from engine.accounts import audit
from engine.accounts.actor import Actor
from engine.accounts.audit import Change, Subject
from engine.accounts.permissions import Permission
from engine.contacts.contact_rows import ContactRow
from engine.contacts.viewer_mask import masked_row, masks
from engine.domain.document import Document
from engine.publishing import planning, publishing, rule_stats, upkeep
from engine.publishing.rule_stats import RuleSummary
from engine.publishing.upkeep import Upkeep
from engine.rules import versions
from engine.rules.plan import Plan
from engine.rules.versions import Version

NEEDED = {
    "segments.yaml": Permission.EDIT_SEGMENTS,
    "fields.yaml": Permission.EDIT_ACCOUNT,
    "settings.yaml": Permission.EDIT_ACCOUNT,
}
"""The permission to change each file; EDIT_RULES for the others."""


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
    before = versions.stored_version(actor.db, versions.current_number(actor.db))
    changed = [name for name, text in texts.items() if text != before.texts.get(name, "")]
    for permission in {NEEDED.get(name, Permission.EDIT_RULES) for name in changed}:
        actor.require(permission)
    if recompute or not changed:
        actor.require(Permission.EDIT_RULES)
    with audit.recorded(
        actor,
        "published rules" + (" and recalculated history" if recompute else ""),
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
    present = versions.current_number(actor.db)
    with audit.recorded(
        actor,
        "rolled back rules",
        subject=Subject("rules", str(present + 1)),
        changes=[Change("rules", f"version {present}", f"version {number}")],
    ):
        return publishing.roll_back(actor.db, number, by=actor.user.name, now=actor.now, recompute=recompute)


# What rules give, and what a change would do


def progress(actor: Actor) -> Upkeep:
    """Return how far newly published rules have got.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    return upkeep.upkeep(actor.db)


def rule_summaries(actor: Actor) -> dict[str, RuleSummary]:
    """Return what each rule gave in the last 30 days.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    return rule_stats.summaries(actor.db, now=actor.now)


def rule_trend(actor: Actor, rule: str, *, zone: ZoneInfo) -> list[Document]:
    """Return what a rule gave on each of the last 30 days.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    return rule_stats.trend(actor.db, rule, now=actor.now, zone=zone)


def rule_top(actor: Actor, rule: str) -> list[tuple[ContactRow, int, int]]:
    """Return the contacts that a rule gave the most, with points and entries, masked for viewers.

    Raises NotAllowed.
    """
    actor.require(Permission.SEE)
    found = rule_stats.top(actor.db, rule, now=actor.now)
    hidden = masks(actor)
    return [(masked_row(row) if hidden else row, points, entries) for row, points, entries in found]


def contacts_to_plan(actor: Actor) -> int:
    """Return about how many contacts a plan of everybody folds.  Raises NotAllowed."""
    actor.require(Permission.EDIT_RULES)
    return actor.db.contacts.estimated_document_count()


def plan(
    actor: Actor, texts: Mapping[str, str], *, uri: str, share: float, report_progress: planning.Progress
) -> Plan:
    """Fold real contacts under changed rules, and compare; only for those who may publish them.

    It costs work, and its examples name contacts.  Raises NotAllowed, InvalidRules, WorkStopped.
    """
    actor.require(Permission.EDIT_RULES)
    change = planning.proposed(actor.db, texts, now=actor.now)
    return planning.plan(actor.db, change, uri=uri, share=share, progress=report_progress)
