"""The machines: which state each status of a contact is in, and what moves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from engine.domain.activities import Activity, ActivityId
from engine.domain.contact import ContactState, Status
from engine.domain.rulebook import Account, Machine, Ruleset

UNTIL = "until"
"""The trigger of a transition that is taken on the end date of a status."""

ENDS = "ends"
"""The property in which an edit says until when single machines are in their states, by machine."""

THE_CONTACT = "the contact"
"""The author of a subscription or unsubscription by the contact itself."""

_SUBSCRIPTIONS = frozenset({"newsletter_subscribed", "sms_subscribed", "topic_subscribed"})

_CONSENT = _SUBSCRIPTIONS | {"newsletter_unsubscribed", "sms_unsubscribed", "topic_unsubscribed"}

EMAILS_PAUSED, EMAILS_RESUMED = "emails_paused", "emails_resumed"
"""The activities by which a contact itself gets no email for a while, and gets it again."""

_BY_CONTACT = _CONSENT | {EMAILS_PAUSED, EMAILS_RESUMED}

REFUSED = "unsubscribed"
"""The state of a subscription after a no; a newer yes of the contact, or a user with a reason, leads out."""

_HELD = frozenset({REFUSED, "blocked", "bounced", "paused"})
"""States that only a trusted source leads out of."""

_BY_THEMSELVES: Mapping[str, str] = {"email_complained": "marked a mail as spam"}
"""Default reasons for a change of status, by activity type."""


@dataclass(frozen=True)
class Moved:
    """A machine went from one state to another."""

    machine: str
    from_: str
    to: str


def by_hand(machine: Machine, present: str) -> list[str]:
    """The states into which a person may put a machine that is in one."""
    moves = machine.transitions.get("contact_edited", ())
    return list(dict.fromkeys(move.to for move in moves if present in move.sources and move.to != present))


def reachable_by_hand(machine: Machine) -> list[str]:
    """The states into which a person may put a machine at all, out of one or the other."""
    return list(dict.fromkeys(move.to for move in machine.transitions.get("contact_edited", ())))


def ends(machine: Machine, state: str) -> bool:
    """Whether a state can be given until a date: something leads out of it when that comes."""
    return any(state in transition.sources for transition in machine.transitions.get(UNTIL, ()))


def begin(state: ContactState, ruleset: Ruleset) -> None:
    """Set new machines of a contact to their initial states."""
    missing = {id_: Status(m.initial) for id_, m in ruleset.machines.items() if id_ not in state.statuses}
    if missing:
        state.statuses = {**state.statuses, **missing}


def state_of(state: ContactState, machine: Machine) -> str:
    """The state of a machine; the initial one for a contact that never moved."""
    status = state.statuses.get(machine.id)
    return machine.initial if status is None else status.state


def move(state: ContactState, activity: Activity, ruleset: Ruleset, *, proven: bool = True) -> list[Moved]:
    """Move each machine that has a fitting transition, once; say which moved.

    An activity that is not `proven` lifts no refusal, block or bounce, and subscribes as far as
    the account accepts that from browsers.
    """
    moved, by_hand = [], activity.by_hand
    machines = ruleset.machines.values() if by_hand else ruleset.moved_by.get(activity.type, ())
    for machine in machines:
        target = _target(state, activity, machine)
        if target is not None and (proven or _may_move_unproven(state, activity, machine, ruleset)):
            moved.append(enter(state, machine, target, activity, ruleset, by=author_of(activity)))
        elif by_hand:
            _end_otherwise(state, activity, machine, ruleset)
    return moved


def withheld(state: ContactState, activity: Activity, ruleset: Ruleset) -> list[str]:
    """The machines that an unproven subscription would move, were it proven: none that was refused."""
    if activity.type not in _SUBSCRIPTIONS:
        return []
    return [
        machine.id
        for machine in ruleset.moved_by.get(activity.type, ())
        if state_of(state, machine) not in _HELD and _target(state, activity, machine) is not None
    ]


def _may_move_unproven(state: ContactState, activity: Activity, machine: Machine, ruleset: Ruleset) -> bool:
    if state_of(state, machine) in _HELD:
        return False
    return activity.type not in _SUBSCRIPTIONS or ruleset.account.consent_from_browser == "accept"


def restart(state: ContactState, machine: Machine, activity: Activity, ruleset: Ruleset) -> list[Moved]:
    """Reset a machine to its initial state, as for a new address."""
    if state_of(state, machine) == machine.initial:
        return []
    return [enter(state, machine, machine.initial, activity, ruleset)]


def enter(
    state: ContactState,
    machine: Machine,
    target: str,
    activity: Activity,
    ruleset: Ruleset,
    *,
    by: str | None = None,
) -> Moved:
    """Set the state of a machine because of an activity, which may give a reason and an end."""
    reason = activity.properties.get("reason") or _BY_THEMSELVES.get(activity.type)
    return _set(
        state,
        machine,
        Status(
            state=target,
            since=activity.happened_at,
            cause=activity.id,
            by=by,
            reason=str(reason)[:500] if reason else None,
            until=_end_of(activity, machine, target, ruleset),
        ),
    )


def _end_otherwise(state: ContactState, activity: Activity, machine: Machine, ruleset: Ruleset) -> None:
    """Extend the present state when a user sets it again, such as a pause."""
    status = state.statuses.get(machine.id)
    if status is None or activity.properties.get(machine.id) != status.state:
        return
    if ends(machine, status.state):
        reason = activity.properties.get("reason")
        renewed = Status(
            state=status.state,
            since=status.since,
            cause=activity.id,
            by=author_of(activity),
            reason=str(reason)[:500] if reason else status.reason,
            until=_end_of(activity, machine, status.state, ruleset),
        )
        state.statuses = {**state.statuses, machine.id: renewed}


def _end_of(activity: Activity, machine: Machine, state: str, ruleset: Ruleset) -> datetime | None:
    """The time at which a state ends that an activity sets; unset for never."""
    if not ends(machine, state):
        return None
    own = activity.properties.get(ENDS)
    day = own.get(machine.id) if isinstance(own, Mapping) else activity.properties.get(UNTIL)
    return moment_of(day, ruleset.account)


def run_out(state: ContactState, ruleset: Ruleset, now: datetime, *, cause: ActivityId) -> list[Moved]:
    """Move each machine whose status was given until now."""
    moved = []
    for id_, status in state.statuses.items():
        if status.until is None or status.until > now:
            continue
        machine = ruleset.machines.get(id_)
        moves = [] if machine is None else machine.transitions.get(UNTIL, ())
        target = next((t.to for t in moves if status.state in t.sources), status.state)
        after = Status(target, since=now, cause=cause)
        if machine is not None and target != status.state:
            moved.append(_set(state, machine, after))
        else:
            status.until = None  # the machine has changed: nothing leads out any more
    return moved


def next_end(state: ContactState) -> datetime | None:
    """The earliest end date of a status."""
    ends = [status.until for status in state.statuses.values() if status.until is not None]
    return min(ends, default=None)


def moment_of(value: Any, account: Account) -> datetime | None:
    """Read a time; a day alone is its first moment in the account's time zone."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if not isinstance(value, datetime):
        if not isinstance(value, date):
            return None
        value = datetime(value.year, value.month, value.day)  # noqa: DTZ001  (the zone comes next)
    aware: datetime = value if value.tzinfo else value.replace(tzinfo=account.time_zone)
    return aware.astimezone(UTC)


def _target(state: ContactState, activity: Activity, machine: Machine) -> str | None:
    moves = machine.transitions.get(activity.type)
    if moves is None:
        return None
    present = state_of(state, machine)
    if present == REFUSED and state.statuses[machine.id].since == activity.happened_at:
        return None  # a yes and a no at the same time: the no holds
    for transition in moves:
        if present not in transition.sources or transition.to == present:
            continue
        if transition.when.meets(activity, state, activity.happened_at):
            return transition.to
    return None


def author_of(activity: Activity) -> str | None:
    """The author of a change of status; unset for an automatic one."""
    if activity.type in _BY_CONTACT:
        return THE_CONTACT
    author = activity.properties.get("author") if activity.by_hand or activity.by_import else None
    return author if isinstance(author, str) else None


def _set(state: ContactState, machine: Machine, status: Status) -> Moved:
    moved = Moved(machine=machine.id, from_=state_of(state, machine), to=status.state)
    state.statuses = {**state.statuses, machine.id: status}
    return moved
