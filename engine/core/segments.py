"""Segments: who is in which, since when, and when time alone will change that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from engine.core.activities import Activity
from engine.core.conditions import Track
from engine.core.contact import ContactState
from engine.core.rulebook import Ruleset, Segment


@dataclass(frozen=True)
class Crossed:
    """A contact entered a segment, or left it.

    `silent` when it came about by publishing the condition: entry rules do not run then.
    """

    segment: str
    entered: bool
    silent: bool = False


def sort_in(state: ContactState, ruleset: Ruleset, now: datetime) -> list[Crossed]:
    """Look at every dynamic segment, in order, and say which the contact entered and left."""
    crossed = []
    for segment in ruleset.dynamic:
        if segment.condition is None or (segment.since is not None and now < segment.since):
            continue
        inside = segment.condition.meets(None, state, now)
        if inside != (segment.id in state.segments):
            crossed.append(cross(state, segment.id, now, enters=inside, silent=segment.since == now))
    return crossed


def cross(state: ContactState, segment: str, now: datetime, *, enters: bool, silent: bool = False) -> Crossed:
    """Put a contact into a segment, or take it out."""
    others = {id_: since for id_, since in state.segments.items() if id_ != segment}
    state.segments = dict(sorted({**others, segment: now}.items())) if enters else others
    return Crossed(segment, enters, silent)


def next_change(state: ContactState, ruleset: Ruleset, now: datetime) -> datetime | None:
    """When a segment may next change though nothing happens: a window closes, or one begins."""
    ahead = [s.since for s in ruleset.dynamic if s.since is not None and s.since > now]
    for segment in ruleset.timed:
        if segment.condition is not None and segment.condition.next_change is not None:
            at = segment.condition.next_change(state, now)
            if at is not None:
                ahead.append(at)
    return min(ahead, default=None)


def forget_gone(state: ContactState, segments: dict[str, Segment]) -> None:
    """Leave segments that are no longer declared."""
    if any(id_ not in segments for id_ in state.segments):
        state.segments = {id_: since for id_, since in state.segments.items() if id_ in segments}


def remember(state: ContactState, activity: Activity, tracks: Iterable[Track]) -> None:
    """Note an activity in every track that asks for its kind, the newest first."""
    for track in tracks:
        if activity.type not in track.activities:
            continue
        if track.meets is None or track.meets(activity, state, activity.happened_at):
            times = state.did.get(track.id, [])
            state.did = {**state.did, track.id: [activity.happened_at, *times][: track.cap]}
