"""The machines: which state each status of a contact is in, and what moves it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.activities import Activity
from engine.core.contact import ContactState, Status
from engine.core.rulebook import Machine, Ruleset


@dataclass(frozen=True)
class Moved:
    """A machine went from one state to another."""

    machine: str
    from_: str
    to: str


def begin(state: ContactState, ruleset: Ruleset) -> None:
    """Put machines that a contact has not met yet into their initial states."""
    missing = {id_: Status(m.initial) for id_, m in ruleset.machines.items() if id_ not in state.statuses}
    if missing:
        state.statuses = {**state.statuses, **missing}


def state_of(state: ContactState, machine: Machine) -> str:
    """Where a machine stands; a contact that nothing has moved is in its initial state."""
    status = state.statuses.get(machine.id)
    return machine.initial if status is None else status.state


def move(state: ContactState, activity: Activity, ruleset: Ruleset) -> list[Moved]:
    """Move each machine that has a fitting transition, once; say which moved."""
    moved = []
    for machine in ruleset.machines.values():
        target = _target(state, activity, machine)
        if target is not None:
            moved.append(_enter(state, machine, target, activity))
    return moved


def restart(state: ContactState, machine: Machine, activity: Activity) -> list[Moved]:
    """Put a machine back to its initial state, as for a new address."""
    if state_of(state, machine) == machine.initial:
        return []
    return [_enter(state, machine, machine.initial, activity)]


def _target(state: ContactState, activity: Activity, machine: Machine) -> str | None:
    present = state_of(state, machine)
    for transition in machine.transitions.get(activity.type, ()):
        if present in transition.sources and transition.to != present and transition.when(activity, state):
            return transition.to
    return None


def _enter(state: ContactState, machine: Machine, target: str, activity: Activity) -> Moved:
    moved = Moved(machine=machine.id, from_=state_of(state, machine), to=target)
    reason = activity.properties.get("reason")
    entered = Status(
        state=target,
        since=activity.happened_at,
        cause=activity.id,
        reason=str(reason)[:500] if reason else None,
    )
    state.statuses = {**state.statuses, machine.id: entered}
    return moved
