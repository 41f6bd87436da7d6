"""Consent of a contact: every act that concerned a subscription, what it changed, and the state on any day.

The acts are replayed in the order in which they happened, by the machines that decide in the fold.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from engine.domain import statuses
from engine.domain.activities import Activity, ActivityId
from engine.domain.contact import ContactState, Status
from engine.domain.rulebook import Machine, Rulebook, Ruleset

Hindrance = Literal["", "same", "undone", "superseded", "refused", "simultaneous", "unproven", "ineffective"]
"""The reason why an act changed nothing; empty if it changed something.

same: the subscription was in that state already; undone: the act was undone later; superseded: the shop's
server reported the same event; refused: the contact had refused, and a file does not lift that;
simultaneous: a refusal happened in the same millisecond; unproven: a browser alone cannot do it;
ineffective: the transitions in force do not lead there.
"""


@dataclass(frozen=True)
class ConsentAct:
    """An activity as it concerned one subscription; `machine` is the id of its status."""

    activity: Activity
    machine: str
    asked: str
    before: str
    after: str
    hindrance: Hindrance = ""
    by_rule: bool = False

    @property
    def changed(self) -> bool:
        return self.before != self.after


Moves = Mapping[tuple[ActivityId, str], str]
"""The states that were reached, by the activity that caused it and the machine, as the fold recorded them."""


def consent_machines(ruleset: Ruleset) -> list[Machine]:
    """The subscriptions: the newsletter, SMS and the topics."""
    ids = ("newsletter", "sms", *(topic.machine for topic in ruleset.topics.values()))
    return [ruleset.machines[id_] for id_ in ids if id_ in ruleset.machines]


def consent_types(ruleset: Ruleset) -> frozenset[str]:
    """The types of activity that can concern a subscription."""
    return frozenset(type_ for machine in consent_machines(ruleset) for type_ in machine.transitions)


def consent_acts(
    activities: Iterable[Activity],
    rulebook: Rulebook,
    *,
    undone: Collection[ActivityId] = (),
    moves: Moves | None = None,
) -> list[ConsentAct]:
    """The acts of one contact in the order in which they happened.

    `moves` tells which acts of browsers had the right to change something, and what rules changed.
    """
    found = sorted({activity.id: activity for activity in activities}.values(), key=lambda a: a.moment)
    replay = _Replay(rulebook, frozenset(undone), {} if moves is None else moves, _superseded(found))
    return [act for activity in found for act in replay.take(activity)]


def states_at(acts: Iterable[ConsentAct], before: datetime) -> dict[str, ConsentAct]:
    """The last act that changed each subscription before a moment, by the subscription's status."""
    return {act.machine: act for act in acts if act.changed and act.activity.happened_at < before}


def _superseded(activities: Iterable[Activity]) -> frozenset[ActivityId]:
    """Events of browsers that a trusted source reported under the same id, too."""
    trusted = (activity.counterpart for activity in activities if activity.trusted)
    return frozenset(id_ for id_ in trusted if id_ is not None)


class _Replay:
    """Moves the subscriptions of one contact, activity by activity."""

    def __init__(
        self,
        rulebook: Rulebook,
        undone: frozenset[ActivityId],
        moves: Moves,
        superseded: frozenset[ActivityId],
    ) -> None:
        self._rulebook, self._undone, self._moves, self._superseded = rulebook, undone, moves, superseded
        self._state = ContactState()

    def take(self, activity: Activity) -> list[ConsentAct]:
        """Apply an activity; return what it was to each subscription that it concerned."""
        ruleset, state = self._rulebook.at(activity.ruleset), self._state
        statuses.begin(state, ruleset)
        machines = consent_machines(ruleset)
        asked = {machine.id: _asked(activity, machine, state) for machine in machines}
        before = {machine.id: statuses.state_of(state, machine) for machine in machines}
        since = {machine.id: state.statuses[machine.id].since for machine in machines}
        hindrance = self._hindrance(activity, ruleset)
        if not hindrance:
            statuses.move(state, activity, ruleset, proven=self._is_proven(activity))
        for machine in machines:
            if asked[machine.id] is None:
                self._follow_rule(activity, machine)
        acts = []
        for machine in machines:
            to, was, now = asked[machine.id], before[machine.id], statuses.state_of(state, machine)
            if to is not None:
                at_once = since[machine.id] == activity.happened_at
                why = "" if was != now else hindrance or _why_not(activity, was, to, at_once=at_once)
                acts.append(ConsentAct(activity, machine.id, to, was, now, why))
            elif was != now:
                acts.append(ConsentAct(activity, machine.id, now, was, now, by_rule=True))
        return acts

    def _hindrance(self, activity: Activity, ruleset: Ruleset) -> Hindrance:
        if activity.id in self._undone:
            return "undone"
        if activity.id in self._superseded:
            return "superseded"
        if not activity.trusted and ruleset.catalog.needs_secret(activity.type):
            return "unproven"
        return "ineffective" if activity.discounted else ""

    def _is_proven(self, activity: Activity) -> bool:
        """Whether its source had the right to change the contact: by its weight, or as the fold found."""
        vouched = activity.trusted or activity.by_hand or activity.by_import or activity.verified is not None
        return vouched or any(cause == activity.id for cause, _ in self._moves)

    def _follow_rule(self, activity: Activity, machine: Machine) -> None:
        """Take over the state into which a rule put a subscription because of an activity."""
        to = self._moves.get((activity.id, machine.id))
        if to is not None and to in machine.states:
            now = Status(to, since=activity.happened_at, cause=activity.id)
            self._state.statuses = {**self._state.statuses, machine.id: now}


def _asked(activity: Activity, machine: Machine, state: ContactState) -> str | None:
    """The state into which an activity wants a subscription, whatever the present one."""
    moves = machine.transitions.get(activity.type, ())
    return next((m.to for m in moves if m.when.meets(activity, state, activity.happened_at)), None)


def _why_not(activity: Activity, present: str, asked: str, *, at_once: bool) -> Hindrance:
    if present == asked:
        return "same"
    if present == statuses.REFUSED and at_once:
        return "simultaneous"
    if present == statuses.REFUSED and activity.by_import:
        return "refused"
    return "ineffective" if activity.trusted else "unproven"
