"""Double opt-in: subscriptions that a browser reported, and that wait for a click on a link.

Waiting is no state in which anything is sent.  It ends with a confirmation, an unsubscription, a new
address, or when its time is over.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from engine.domain import statuses
from engine.domain.activities import Activity, RuleId
from engine.domain.contact import Asked, ContactState
from engine.domain.preferences import DoubleOptIn
from engine.domain.rulebook import Ruleset
from engine.domain.subscriptions import SUBSCRIBED, UNSUBSCRIBED, subscriptions_of

RULE = RuleId("double-opt-in")
"""The rule in whose name the webhook is called."""

REMINDS = "reminds"
"""In a call that reminds, the id of the call that asked."""

_DEFAULTS = DoubleOptIn("")


def ask(state: ContactState, activity: Activity, ruleset: Ruleset) -> list[str]:
    """Let the subscriptions wait that a browser reports; return the machines that are asked anew.

    While one waits it is asked again after `remind_after`, and not more often, however many forms
    are sent in.
    """
    if activity.bot or ruleset.account.consent_from_browser != "confirm":
        return []
    declared = ruleset.double_opt_in or _DEFAULTS
    known, asked = subscriptions_of(ruleset), []
    for machine in statuses.withheld(state, activity, ruleset):
        address = address_of(state, known[machine].channel) if machine in known else None
        before = state.asked.get(machine)
        if address is None or (
            before is not None and activity.happened_at < before.at + declared.remind_after
        ):
            continue
        times = [activity.happened_at + n * declared.remind_after for n in range(1, declared.reminders + 1)]
        waiting = Asked(
            activity.happened_at, activity.id, address, activity.happened_at + declared.expires, times
        )
        state.asked = {**state.asked, machine: waiting}
        asked.append(machine)
    return asked


def settle(state: ContactState, ruleset: Ruleset) -> None:
    """End the waiting of what has been decided, and of what another address was asked for."""
    known = subscriptions_of(ruleset)
    state.asked = {
        machine: asked
        for machine, asked in state.asked.items()
        if machine in known
        and statuses.state_of(state, ruleset.machines[machine]) not in (SUBSCRIBED, UNSUBSCRIBED)
        and address_of(state, known[machine].channel) == asked.address
    }


def fall_due(state: ContactState, now: datetime) -> Iterator[tuple[str, int]]:
    """End what has expired; yield each reminder that is due: its machine, and how many are left."""
    left = {}
    for machine, asked in state.asked.items():
        if asked.expires <= now:
            continue
        later = [at for at in asked.reminders if at > now]
        if len(later) < len(asked.reminders):
            yield machine, len(later)
        left[machine] = Asked(asked.at, asked.cause, asked.address, asked.expires, later)
    state.asked = left


def next_due(state: ContactState) -> datetime | None:
    """The next time at which a reminder is due, or the waiting is over."""
    if not state.asked:
        return None
    times = (at for asked in state.asked.values() for at in (asked.expires, *asked.reminders))
    return min(times)


def address_of(state: ContactState, channel: str) -> str | None:
    """The address that a subscription would be sent to."""
    return state.mail.address if channel == "email" else state.mobile.address
