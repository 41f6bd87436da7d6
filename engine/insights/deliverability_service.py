"""Deliverability for a user: failures of a period, and the addresses that are about to be given up.

Checked for the role; names and addresses are masked for viewers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts.listing import list_service
from engine.contacts.listing.listing import ContactPage, Listing
from engine.domain.deliverability import FAILURES_OF, MAIL, MOBILE, failures_to_bounce
from engine.insights import daily_failures
from engine.insights.daily_failures import Channel, Failures
from engine.insights.overview import Period
from engine.pipeline import outages
from engine.pipeline.outages import SuspectedOutage
from engine.rules import versions

SHOWN = 10
"""Contacts that are shown of those one failure away."""

MACHINES: Mapping[Channel, str] = {"email": MAIL, "sms": MOBILE}


@dataclass(frozen=True)
class NearlyBounced:
    """Contacts one failed attempt away from bounced: the first of them, and the conditions of all."""

    page: ContactPage
    where: Mapping[str, Any]
    failures: int


@dataclass(frozen=True)
class DeliveryReport:
    """The failures of a period and of the one before it, and what waits for a decision.

    `nearly` is unset where the rules make no address bounced by a number of failures.
    """

    now: Failures
    before: Failures
    nearly: NearlyBounced | None
    outages: list[SuspectedOutage]


def report(actor: Actor, period: Period, channel: Channel) -> DeliveryReport:
    """What failed in a period.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    zone = versions.current(actor.db).account.time_zone
    now, before = (
        daily_failures.failures(actor.db, days.first, days.last, channel=channel, zone=zone)
        for days in (period, period.before)
    )
    suspected = [found for found in outages.suspected(actor.db) if found.channel == channel]
    return DeliveryReport(now, before, _nearly(actor, channel), suspected)


def _nearly(actor: Actor, channel: Channel) -> NearlyBounced | None:
    machine = versions.current(actor.db).machines.get(MACHINES[channel])
    enough = None if machine is None else failures_to_bounce(machine)
    if machine is None or enough is None or enough < 2:
        return None
    where = {FAILURES_OF[machine.id]: enough - 1, machine.id: machine.initial}
    return NearlyBounced(list_service.page(actor, Listing(where=where), limit=SHOWN), where, enough - 1)
