"""Reading the published rules for a person: checked for their role."""

from __future__ import annotations

from dataclasses import replace

from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.domain.rulebook import Ruleset
from engine.rules import versions
from engine.rules.files.webhook_secrets import FILE, without_secrets
from engine.rules.versions import Version


def current_rules(actor: Actor) -> Ruleset:
    """Return the ruleset in force.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    return versions.current(actor.db)


def published_version(actor: Actor) -> Version:
    """Return the version in force with its files as they were published.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    return _as_seen(actor, versions.stored_version(actor.db, versions.current_number(actor.db)))


def all_versions(actor: Actor) -> list[Version]:
    """Return all versions, the newest first.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    return [_as_seen(actor, version) for version in versions.history(actor.db)]


def _as_seen(actor: Actor, version: Version) -> Version:
    """A version without the secrets of webhooks, for who may not edit rules."""
    text = version.texts.get(FILE, "")
    if actor.may(Permission.EDIT_RULES) or "secret" not in text:
        return version
    return replace(version, texts={**version.texts, FILE: without_secrets(text)})
