"""Reachability of a contact by channel, with the reasons as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from engine.domain.bounce_messages.reasons import plain_reason
from engine.domain.contact import ContactState, Status
from engine.domain.rulebook import Ruleset
from engine.domain.statuses import by_hand
from engine.domain.subscriptions import Channel, Subscription, subscriptions_of
from engine.errors import Invalid


class Reach(msgspec.Struct, frozen=True):
    """One channel or list: whether it reaches the contact, and the reason as a person would say it.

    `id` is `email`, `push`, or the machine of a subscription.
    """

    id: str
    channel: str
    reachable: bool
    why: str


Silence = Literal["paused", "unsubscribed"]
"""The kind of stop: for a while, or permanent because the contact withdrew consent."""


def stopping(
    states: Mapping[str, str], ruleset: Ruleset, how: Silence, *, email: str | None, phone: str | None
) -> dict[str, str]:
    """The states into which to put which machines by hand so that nothing more is sent.

    `states` are the present ones by machine.  What the machines do not allow, or what there
    is no address for, is left as it is.  Web push only the contact can turn off.
    """
    addresses = {"email_status": email, "mobile_status": phone}
    lists = subscriptions_of(ruleset)
    stopped = set(lists) if how == "unsubscribed" else {id_ for id_, address in addresses.items() if address}
    return {
        id_: how
        for id_, machine in ruleset.machines.items()
        if id_ in stopped and how in by_hand(machine, states.get(id_, machine.initial))
    }


_AS_SUCH = Subscription("email", "email", "Email")
"""Email whatever was agreed to."""

_ADDRESSES: Mapping[Channel, str] = {"email": "email", "sms": "mobile_phone"}
_DELIVERIES: Mapping[Channel, str] = {"email": "email_status", "sms": "mobile_status"}
_MISSING: Mapping[Channel, str] = {"email": "no email", "sms": "no mobile phone"}
"""Of each channel the field of its address, the machine of that, and the words for a contact without it."""


def reach_of(state: ContactState, ruleset: Ruleset, *, email: str | None, phone: str | None) -> list[Reach]:
    """Whether email as such, each subscription and web push reach the contact."""
    addresses: Mapping[Channel, str | None] = {"email": email, "sms": phone}
    as_such = _by_address(state, ruleset, _AS_SUCH, email)
    lists = subscriptions_of(ruleset).values()
    subscribed = (_subscribed(state, ruleset, found, addresses[found.channel]) for found in lists)
    return [as_such, *subscribed, _push(state)]


def receiving(what: str, ruleset: Ruleset) -> dict[str, Any]:
    """The conditions under which a contact can receive something, as a filter of the list.

    `what` is the id of a `Reach`; the answer is the same as its.  Raises UnknownChannel.
    """
    if what == "push":
        return {"push.devices": {"gte": 1}}
    if what == "email":
        return {"email": {"exists": True}, "email_status": "active"}
    lists = subscriptions_of(ruleset)
    if what not in lists:
        raise UnknownChannel(what, ["email", "push", *lists])
    channel = lists[what].channel
    return {_ADDRESSES[channel]: {"exists": True}, _DELIVERIES[channel]: "active", what: "subscribed"}


class UnknownChannel(Invalid):
    """No channel or list has this name."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"there is no list {name!r}; there are {', '.join(known)}")


def _subscribed(state: ContactState, ruleset: Ruleset, to: Subscription, address: str | None) -> Reach:
    agreed, agreed_words = _stands(state, ruleset, to.machine)
    if address is None:
        return Reach(to.machine, to.label, False, _MISSING[to.channel])
    if to.machine in state.asked:
        since = _day(state.asked[to.machine].at, ruleset)
        return Reach(to.machine, to.label, False, f"waiting for confirmation since {since}")
    if agreed != "subscribed":
        return Reach(to.machine, to.label, False, agreed_words)
    delivered = _by_address(state, ruleset, to, address)
    if not delivered.reachable:
        declared = ruleset.machines.get(_DELIVERIES[to.channel])
        label = _DELIVERIES[to.channel] if declared is None else declared.label
        return Reach(to.machine, to.label, False, f"{label} {delivered.why}")
    return Reach(to.machine, to.label, True, agreed_words)


def _by_address(state: ContactState, ruleset: Ruleset, to: Subscription, address: str | None) -> Reach:
    """Whether an address takes mail or messages, whatever the contact agreed to."""
    if address is None:
        return Reach(to.machine, to.label, False, _MISSING[to.channel])
    bounced = state.statuses.get(_DELIVERIES[to.channel], Status("")).state == "bounced"
    evidence = _evidence(state, _DELIVERIES[to.channel], ruleset) if bounced else ""
    delivered, words = _stands(state, ruleset, _DELIVERIES[to.channel], why=not evidence)
    return Reach(to.machine, to.label, delivered == "active", f"{words}{evidence}")


def _stands(state: ContactState, ruleset: Ruleset, machine: str, *, why: bool = True) -> tuple[str, str]:
    """The state of a machine, and the words for it with its date and, where asked for, its reason."""
    status = state.statuses.get(machine)
    declared = ruleset.machines.get(machine)
    if status is None:
        initial = "" if declared is None else declared.initial
        return initial, initial.replace("_", " ")
    words = status.state if declared is None else declared.states.get(status.state, status.state)
    return status.state, f"{words}{_circumstances(status, ruleset, why=why)}"


def _circumstances(status: Status, ruleset: Ruleset, *, why: bool) -> str:
    """The date, author and, with `why`, reason of a status."""
    if status.since is None:
        return ""
    day = _day(status.since, ruleset)
    when = f" since {day}" if status.by is None else f" on {day} by {status.by}"
    return f"{when} ({status.reason})" if status.reason and why else when


def _evidence(state: ContactState, delivery: str, ruleset: Ruleset) -> str:
    """The run of failures: how long it is, the last one's date and reason, how many were temporary."""
    known = state.mail if delivery == "email_status" else state.mobile
    if known.last_bounce is None or not known.failing:
        return ""
    why = plain_reason(known.last_bounce)
    reason = f": {why}" if why else ""
    bounces = f" ({known.temporary} temporary bounce{'' if known.temporary == 1 else 's'})"
    times = bounces if known.temporary else ""
    failed = f"{known.failures} failed attempt{'s' if known.failures > 1 else ''} in a row"
    return f", {failed}, the last on {_day(known.last_bounce.at, ruleset)}{reason}{times}"


def _push(state: ContactState) -> Reach:
    devices = len(state.push_devices)
    if not devices:
        return Reach("push", "Web push", False, "not enabled on any device")
    return Reach("push", "Web push", True, f"enabled on {devices} device{'s' if devices > 1 else ''}")


def _day(at: datetime, ruleset: Ruleset) -> str:
    local = at.astimezone(ruleset.account.time_zone)
    return f"{local.day} {local.strftime('%B %Y')}"
