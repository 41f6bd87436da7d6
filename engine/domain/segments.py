"""Segment membership: since when, and when time alone will change it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from engine.domain.activities import Activity
from engine.domain.conditions import Track
from engine.domain.contact import ContactState
from engine.domain.rulebook import Ruleset

ADD_TO, REMOVE_FROM = "add_to", "remove_from"
"""The properties of an edit that name static segments."""


SEGMENT_ENTERED, SEGMENT_LEFT = "segment_entered", "segment_left"
"""The activities that crossings leave behind."""


class Crossed(msgspec.Struct, frozen=True):
    """A contact entered a segment, or left it; `since` is when one that left had entered it.

    `silent` when publishing the condition caused it: it triggers no rule then.
    """

    segment: str
    entered: bool
    silent: bool = False
    since: datetime | None = None


def evaluate(state: ContactState, ruleset: Ruleset, now: datetime, *, silent: bool = False) -> list[Crossed]:
    """Evaluate every dynamic segment, in order; return the entered and left ones.

    Who was deleted is in none.
    """
    if state.deleted:
        return []
    crossed = []
    for segment in ruleset.dynamic:
        if segment.condition is None:
            continue
        inside = segment.condition.meets(None, state, now)
        if inside != (segment.id in state.segments):
            crossed.append(cross(state, segment.id, now, enters=inside, silent=silent))
    return crossed


def redeclare(state: ContactState, ruleset: Ruleset, before: Ruleset, now: datetime) -> list[Crossed]:
    """Leave and enter the segments that are declared no longer, or again, as `ruleset` replaces `before`.

    Segments that are no longer declared are left.  Of a static one no condition can tell
    who was in it, so that is kept, for when it is declared again.
    """
    gone = [id_ for id_ in state.segments if id_ not in ruleset.segments]
    crossed = [cross(state, id_, now, enters=False, silent=True) for id_ in gone]
    back = [id_ for id_ in state.put_away if _is_static(ruleset, id_)]
    crossed += [cross(state, id_, now, enters=True, silent=True) for id_ in back]
    away = {*state.put_away, *(id_ for id_ in gone if _is_static(before, id_))}
    state.put_away = sorted(away - ruleset.segments.keys())
    return crossed


def _is_static(ruleset: Ruleset, segment: str) -> bool:
    found = ruleset.segments.get(segment)
    return found is not None and not found.dynamic


def cross(state: ContactState, segment: str, now: datetime, *, enters: bool, silent: bool = False) -> Crossed:
    """Add a contact to a segment, or remove it."""
    if enters:
        state.segments = dict(sorted({**state.segments, segment: now}.items()))
        return Crossed(segment, enters, silent)
    since = state.segments.get(segment)
    state.segments = {id_: since for id_, since in state.segments.items() if id_ != segment}
    return Crossed(segment, enters, silent, since)


def edit(state: ContactState, activity: Activity, ruleset: Ruleset) -> list[Crossed]:
    """Add the contact to static segments, or remove it, as an edit requests."""
    crossed = []
    for name, enters in ((ADD_TO, True), (REMOVE_FROM, False)):
        named = activity.properties.get(name)
        for id_ in named if isinstance(named, list) else ():
            segment = ruleset.segments.get(id_)
            if segment is not None and not segment.dynamic and (id_ in state.segments) != enters:
                crossed.append(cross(state, id_, activity.happened_at, enters=enters))
    return crossed


def next_change(state: ContactState, ruleset: Ruleset, now: datetime) -> datetime | None:
    """The next time at which a segment may change without an activity: a window closes or opens."""
    earliest = None
    for segment in () if state.deleted else ruleset.timed:
        if segment.condition is not None and segment.condition.next_change is not None:
            at = segment.condition.next_change(state, now)
            if at is not None and (earliest is None or at < earliest):
                earliest = at
    return earliest


def record_occurrence(state: ContactState, activity: Activity, tracks: Iterable[Track]) -> None:
    """Record an activity in the `tracks` of its type, the newest first."""
    for track in tracks:
        if track.meets is None or track.meets(activity, state, activity.happened_at):
            times = state.did.get(track.id, [])
            state.did = {**state.did, track.id: [activity.happened_at, *times][: track.cap]}
