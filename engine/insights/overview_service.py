"""The overview for a person: checked for their role.  Counts alone, so nothing of it is masked."""

from __future__ import annotations

from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.insights import census
from engine.insights import overview as analytics
from engine.insights.overview import Overview, Period
from engine.pipeline import new_contacts, outages


def overview(actor: Actor, period: Period) -> Overview:
    """A period's figures; they are counted more often while the page is in use.  Raises NotAllowed."""
    now = actor.now
    actor.require(Permission.SEE)
    census.look(actor.db, now=now)
    return analytics.overview(actor.db, period, now=now)


def failing_sendings(actor: Actor) -> int:
    """The number of suspected outages that wait for an admin's decision.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    return len(outages.undecided(actor.db))


def keys_at_their_limit(actor: Actor) -> list[str]:
    """The names of keys whose new contacts are refused for the rest of the day.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    return [key.label for key in new_contacts.reached(actor.db, now=actor.now)]
