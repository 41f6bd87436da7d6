"""Reachability of a contact by channel, with the reasons as text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Literal

import msgspec

from engine.domain.contact import ContactState, Status
from engine.domain.rulebook import TOPIC_CHANNELS, Ruleset
from engine.domain.statuses import by_hand


class Reach(msgspec.Struct, frozen=True):
    """One channel: whether it reaches the contact, and the reason as a person would say it."""

    channel: str
    reachable: bool
    why: str


Silence = Literal["paused", "unsubscribed"]
"""The kind of stop: for a while, or permanent because the contact withdrew consent."""

_PAUSED: Mapping[str, str] = {"email_status": "email", "mobile_status": "phone"}
"""The machines that pause, each with what is written to."""

_SUBSCRIPTIONS = ("newsletter", "sms")


def stopping(
    states: Mapping[str, str], ruleset: Ruleset, how: Silence, *, email: str | None, phone: str | None
) -> dict[str, str]:
    """The states into which to put which machines by hand so that nothing more is sent.

    `states` are the present ones by machine.  What the machines do not allow, or what there
    is no address for, is left as it is.  Web push only the contact can turn off.
    """
    known = {"email": email, "phone": phone}
    if how == "paused":
        machines = [id_ for id_, address in _PAUSED.items() if known[address] is not None]
    else:
        machines = [*_SUBSCRIPTIONS, *(topic.machine for topic in ruleset.topics.values())]
    return {
        id_: how
        for id_ in machines
        if id_ in ruleset.machines
        and how in by_hand(ruleset.machines[id_], states.get(id_, ruleset.machines[id_].initial))
    }


def reach_of(state: ContactState, ruleset: Ruleset, *, email: str | None, phone: str | None) -> list[Reach]:
    """Whether email as such, the newsletter, SMS, each topic and web push reach the contact."""
    by_email = partial(
        _subscribed, state, ruleset, address=email, delivery="email_status", missing="no email"
    )
    by_sms = partial(
        _subscribed, state, ruleset, address=phone, delivery="mobile_status", missing="no mobile phone"
    )
    topics = {
        channel: [topic for topic in ruleset.topics.values() if topic.channel == channel]
        for channel in TOPIC_CHANNELS
    }
    return [
        _addressed(state, ruleset, channel="Email", address=email,
                   delivery="email_status", missing="no email"),
        by_email(channel="Newsletter", consent="newsletter"),
        *(by_email(channel=topic.label, consent=topic.machine) for topic in topics["email"]),
        by_sms(channel="SMS", consent="sms"),
        *(by_sms(channel=topic.label, consent=topic.machine) for topic in topics["sms"]),
        _push(state),
    ]  # fmt: skip


def _subscribed(
    state: ContactState,
    ruleset: Ruleset,
    *,
    channel: str,
    consent: str,
    address: str | None,
    delivery: str,
    missing: str,
) -> Reach:
    if address is None:
        return Reach(channel, False, missing)
    agreed, agreed_words = _stands(state, ruleset, consent)
    if agreed != "subscribed":
        return Reach(channel, False, agreed_words)
    delivered = _addressed(
        state, ruleset, channel=channel, address=address, delivery=delivery, missing=missing
    )
    if not delivered.reachable:
        label = ruleset.machines[delivery].label if delivery in ruleset.machines else delivery
        return Reach(channel, False, f"{label} {delivered.why}")
    return Reach(channel, True, agreed_words)


def _addressed(
    state: ContactState, ruleset: Ruleset, *, channel: str, address: str | None, delivery: str, missing: str
) -> Reach:
    """Whether an address takes mail or messages, whatever the contact agreed to."""
    if address is None:
        return Reach(channel, False, missing)
    bounced = state.statuses.get(delivery, Status("")).state == "bounced"
    evidence = _evidence(state, delivery, ruleset) if bounced else ""
    delivered, words = _stands(state, ruleset, delivery, why=not evidence)
    return Reach(channel, delivered == "active", f"{words}{evidence}")


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
    reason = f": {known.last_bounce.reason}" if known.last_bounce.reason else ""
    bounces = f" ({known.temporary} temporary bounce{'' if known.temporary == 1 else 's'})"
    times = bounces if known.temporary else ""
    failed = f"{known.failures} failed attempt{'s' if known.failures > 1 else ''} in a row"
    return f", {failed}, the last on {_day(known.last_bounce.at, ruleset)}{reason}{times}"


def _push(state: ContactState) -> Reach:
    devices = len(state.push_devices)
    if not devices:
        return Reach("Web push", False, "not enabled on any device")
    return Reach("Web push", True, f"enabled on {devices} device{'s' if devices > 1 else ''}")


def _day(at: datetime, ruleset: Ruleset) -> str:
    local = at.astimezone(ruleset.account.time_zone)
    return f"{local.day} {local.strftime('%B %Y')}"
