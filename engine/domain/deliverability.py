"""The deliverability of an address or a number, from the results of sent messages.

Deliverability belongs to the address: a new address resets the count.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.domain.activities import Activity
from engine.domain.bounce_messages.reasons import reason_in
from engine.domain.bounces import attempt_of, kind_of
from engine.domain.conditions import Compare
from engine.domain.contact import Bounce, ContactState, Deliverability, PushEndpoint
from engine.domain.identity.people import Placement
from engine.domain.rulebook import Machine
from engine.domain.statuses import Moved

MAIL = "email_status"
MOBILE = "mobile_status"

DELIVERED_TO = {MAIL: "email", MOBILE: "mobile_phone"}
"""The field without which a machine's state says nothing: there is nothing to deliver to."""

FAILURES_OF = {MAIL: "email.failures", MOBILE: "mobile.failures"}
"""The field that counts the failures in a row of a machine's address."""

_SIGNS_OF_LIFE = {
    "email_delivered": MAIL, "email_opened": MAIL, "email_clicked": MAIL,
    "sms_delivered": MOBILE, "sms_clicked": MOBILE,
}  # fmt: skip
_BOUNCES = {"email_bounced": MAIL, "sms_bounced": MOBILE}

BOUNCE_OF = {machine: type_ for type_, machine in _BOUNCES.items()}
"""The activity by which each machine's address fails."""

UNDELIVERABLE = frozenset({"bounced", "blocked"})
"""States in which nothing is sent for good; they are left by hand only with a reason."""

MAX_RUN = 50
"""Attempts of one run of failures that are remembered; what counts is the first few."""


def update_address(state: ContactState, placement: Placement) -> list[str]:
    """Store the contact's present email and number; return the machines to reset.

    A first address is no change: there was nothing that could have bounced.
    """
    restarted = []
    for machine, address in ((MAIL, placement.email), (MOBILE, placement.phone)):
        known = _of(state, machine)
        if address is None or address == known.address:
            continue
        if known.address is not None:
            restarted.append(machine)
            known = Deliverability()
        known.address = address
        _store(state, machine, known)
    return restarted


def apply_delivery(state: ContactState, activity: Activity) -> None:
    """Apply a bounce or a sign of life to the run of failures of its address.

    Only a trusted source knows what became of a message.
    """
    machine = _BOUNCES.get(activity.type) or _SIGNS_OF_LIFE.get(activity.type)
    if machine is None or not activity.trusted:
        return
    known = _of(state, machine)
    if not _is_about(known, activity, machine):
        return
    if activity.type in _SIGNS_OF_LIFE:
        if not activity.bot:
            known.failing = []
        return
    _take_bounce(known, activity)


def _take_bounce(known: Deliverability, activity: Activity) -> None:
    kind = kind_of(activity.properties)
    if kind == "inconclusive":
        return  # shown, not counted
    attempt = attempt_of(activity.properties, activity.id)
    if attempt not in known.failing and len(known.failing) < MAX_RUN:
        known.failing = [*known.failing, attempt]
    if kind == "temporary":
        known.temporary += 1
    cause = reason_in(activity.properties)
    known.last_bounce = Bounce(
        at=activity.happened_at,
        kind=kind,
        code=_text(activity, "code"),
        reason=_text(activity, "reason") or _text(activity, "diagnostic"),
        cause=None if cause == "other" else cause,
    )


def failures_to_bounce(machine: Machine) -> int | None:
    """The failures in a row from which on a bounce makes an address bounced; unset if the rules name none."""
    counts = [
        leaf.operand
        for type_, of in _BOUNCES.items()
        if of == machine.id
        for transition in machine.transitions.get(type_, ())
        if transition.to == "bounced"
        for leaf in [transition.when.tree]
        if isinstance(leaf, Compare) and leaf.operator == "gte" and leaf.path.name == FAILURES_OF[of]
    ]
    return min(counts, default=None)


def is_inconclusive(activity: Activity) -> bool:
    """Whether this is a failure that says nothing about the address or number."""
    return activity.type in _BOUNCES and kind_of(activity.properties) == "inconclusive"


def apply_push(state: ContactState, activity: Activity) -> None:
    """Record a device on which web push was enabled or disabled.

    A subscription that is gone may be named by its endpoint alone, as a push service reports it.
    """
    if activity.type not in ("push_subscribed", "push_unsubscribed"):
        return
    endpoint = _endpoint(activity)
    device = _text(activity, "device_id") or endpoint or activity.tracker or "unnamed"
    gone = {device} | {known.device for known in state.push_endpoints if known.endpoint == endpoint}
    if activity.type == "push_subscribed":
        gone = {device}  # with a new endpoint instead of its old one
    state.push_devices = [known for known in state.push_devices if known not in gone]
    state.push_endpoints = [known for known in state.push_endpoints if known.device not in gone]
    if activity.type == "push_subscribed":
        state.push_devices.append(device)
        if endpoint is not None:
            state.push_endpoints.append(PushEndpoint(endpoint, device, activity.happened_at))


def _endpoint(activity: Activity) -> str | None:
    value = activity.properties.get("endpoint")
    return value[:MAX_ENDPOINT] if isinstance(value, str) and value else None


MAX_ENDPOINT = 2_000
"""Characters of an endpoint by which it is known."""


def reset_failures(state: ContactState, activity: Activity, moved: Iterable[Moved]) -> None:
    """Reset the run of failures when a user lifts a bounce or a block; pausing and blocking keep it."""
    if activity.type != "contact_edited":
        return
    for move in moved:
        if move.machine in (MAIL, MOBILE) and move.from_ in UNDELIVERABLE and move.to not in UNDELIVERABLE:
            _of(state, move.machine).failing = []


def _is_about(known: Deliverability, activity: Activity, machine: str) -> bool:
    """Whether the activity is about the present address and not a former one."""
    named = activity.identities.email if machine == MAIL else activity.identities.phone
    return named is None or known.address is None or named == known.address


def _of(state: ContactState, machine: str) -> Deliverability:
    return state.mail if machine == MAIL else state.mobile


def _store(state: ContactState, machine: str, known: Deliverability) -> None:
    if machine == MAIL:
        state.mail = known
    else:
        state.mobile = known


def _text(activity: Activity, name: str) -> str | None:
    value = activity.properties.get(name)
    return None if value in (None, "") else str(value)[:500]
