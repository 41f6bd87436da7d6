"""The effects of a rule besides points."""

from __future__ import annotations

from engine.domain import segments, statuses
from engine.domain.activities import Activity
from engine.domain.contact import ContactState
from engine.domain.rulebook import AddToSegment, Effect, MoveStatus, RemoveFromSegment, Ruleset, SetField
from engine.domain.segments import Crossed
from engine.domain.statuses import Moved


def apply(state: ContactState, effect: Effect, event: Activity, ruleset: Ruleset) -> Crossed | Moved | None:
    """Change the state as an effect says; return what others may want to hear of.

    Nothing is changed, and nothing returned, where the contact already is as it should
    be, where the machine has no such transition, or where the contact refused: no rule lifts that.
    """
    if isinstance(effect, AddToSegment | RemoveFromSegment):
        return _cross(state, effect, event)
    if isinstance(effect, MoveStatus):
        return _move(state, effect, event, ruleset)
    if isinstance(effect, SetField):
        _set(state, effect)
    return None


def _cross(state: ContactState, effect: AddToSegment | RemoveFromSegment, event: Activity) -> Crossed | None:
    enters = isinstance(effect, AddToSegment)
    if (effect.segment in state.segments) == enters:
        return None
    return segments.cross(state, effect.segment, event.happened_at, enters=enters)


def _move(state: ContactState, effect: MoveStatus, event: Activity, ruleset: Ruleset) -> Moved | None:
    machine = ruleset.machines.get(effect.machine)
    if machine is None:
        return None
    present = statuses.state_of(state, machine)
    if present == statuses.REFUSED or not machine.leads(present, effect.to):
        return None
    return statuses.enter(state, machine, effect.to, event, ruleset)


def _set(state: ContactState, effect: SetField) -> None:
    others = {name: value for name, value in state.custom.items() if name != effect.field}
    state.custom = others if effect.value is None else {**others, effect.field: effect.value}
    state.weak = [name for name in state.weak if name != f"custom.{effect.field}"]
