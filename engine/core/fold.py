"""The fold: what activities make of a contact.

    fold(state, placements, rulebook, until) -> Outcome

In order and at the tip it takes one step and reads no history.  From no state at all it
makes the whole contact.  Both give the same, and time is an input of both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

import msgspec

from engine.core import commerce, deliverability, scoring, statuses
from engine.core.activities import Activity, ActivityId, ContactId
from engine.core.contact import ContactState
from engine.core.people import Placement
from engine.core.profile import take_traits
from engine.core.rulebook import Rulebook, Ruleset
from engine.core.scoring import LedgerEntry
from engine.core.statuses import Moved
from engine.errors import FoldFailed

DONE_TO_THE_CONTACT = frozenset(
    {
        "email_sent", "email_delivered", "email_bounced", "email_blocked", "sms_sent", "sms_delivered",
        "sms_bounced", "push_sent", "web_content_shown", "order_refunded", "order_cancelled",
        "contact_edited", "contact_imported",
    }
)  # fmt: skip
"""What others do to a contact: it is shown, but says nothing of when the contact was seen."""


class Derived(msgspec.Struct, frozen=True):
    """An activity that the fold itself produced: its id follows from what caused it."""

    id: ActivityId
    type: str
    contact: ContactId
    happened_at: datetime
    cause: ActivityId
    properties: dict[str, str]


class Outcome(msgspec.Struct):
    """What a fold leaves: the state, and what it produced on the way.

    `next_due` (in the state) says when to look at the contact again though nothing happens.
    """

    state: ContactState
    ledger: list[LedgerEntry]
    derived: list[Derived]


def fold(
    state: ContactState | None,
    placements: Iterable[Placement],
    rulebook: Rulebook,
    *,
    contact: ContactId,
    until: datetime | None = None,
) -> Outcome:
    """Fold a contact's activities, given in the order of happening, into its state.

    `state` is consumed: use the outcome's.  Without one the fold is from the start.
    With `until`, time then goes on to that point, and whatever falls due by then takes
    effect.  Raises FoldFailed, naming the activity that could not be folded.
    """
    outcome = Outcome(state=ContactState() if state is None else state, ledger=[], derived=[])
    for placement in placements:
        try:
            _step(outcome, placement, rulebook, contact)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise FoldFailed(placement.activity.id, reason) from error
    if until is not None:
        pass_time(outcome.state, until)
    outcome.state.next_due = next_due(outcome.state)
    return outcome


def _step(outcome: Outcome, placement: Placement, rulebook: Rulebook, contact: ContactId) -> None:
    state, activity = outcome.state, placement.activity
    ruleset = rulebook.at(activity.ruleset)
    pass_time(state, activity.happened_at)
    _see(state, activity)
    statuses.begin(state, ruleset)
    take_traits(state, placement, ruleset)
    moved = _take_address(state, placement, ruleset)
    counts = _counts(activity, ruleset) and _trade(state, activity, ruleset)
    if counts:
        deliverability.take_sending(state, activity)
        deliverability.take_push(state, activity)
        moved += statuses.move(state, activity, ruleset)
        outcome.ledger.extend(scoring.score(state, activity, ruleset, contact=contact))
    outcome.derived.extend(_status_changed(move, activity, contact) for move in moved)


def pass_time(state: ContactState, until: datetime) -> None:
    """Let fall due, in order, what does so by `until`: points that expire, a cart that idles."""
    due = next_due(state)
    while due is not None and due <= until:
        scoring.expire(state, due)
        if state.cart is not None and state.cart.idle_at <= due:
            state.cart.state = "abandoned"
        state.passed = due
        due = next_due(state)


def next_due(state: ContactState) -> datetime | None:
    """When something next falls due though nothing happens; unset for never."""
    dues = [at for at, _ in state.points.expiring[:1]]
    if state.cart is not None and state.cart.state == "active":
        dues.append(state.cart.idle_at)
    return min(dues, default=None)


def _see(state: ContactState, activity: Activity) -> None:
    at = activity.happened_at
    state.activities += 1
    state.clock = activity.moment
    state.active_at = at
    if not activity.bot and activity.type not in DONE_TO_THE_CONTACT:
        state.last_seen = at


def _take_address(state: ContactState, placement: Placement, ruleset: Ruleset) -> list[Moved]:
    machines = deliverability.take_address(state, placement)
    moved = []
    for name in machines:
        if name in ruleset.machines:
            moved += statuses.restart(state, ruleset.machines[name], placement.activity)
    return moved


def _counts(activity: Activity, ruleset: Ruleset) -> bool:
    """Whether the activity has effects: some types have them with a secret key alone."""
    return activity.trusted or not ruleset.catalog.needs_secret(activity.type)


def _trade(state: ContactState, activity: Activity, ruleset: Ruleset) -> bool:
    if activity.type not in commerce.COMMERCE_ACTIVITIES:
        return True
    return commerce.trade(state, activity, ruleset.account)


def _status_changed(moved: Moved, activity: Activity, contact: ContactId) -> Derived:
    return Derived(
        id=derived_id(activity.id, f"status:{moved.machine}"),
        type="status_changed",
        contact=contact,
        happened_at=activity.happened_at,
        cause=activity.id,
        properties={"machine": moved.machine, "from": moved.from_, "to": moved.to},
    )


def derived_id(cause: ActivityId, what: str) -> ActivityId:
    """The id of what `cause` brings about: the same however often it is folded."""
    return ActivityId(hashlib.blake2b(f"{cause}\n{what}".encode(), digest_size=16).hexdigest())
