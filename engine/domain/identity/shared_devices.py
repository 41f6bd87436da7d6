"""Shared devices: trackers that too many people claim within a day link nobody to anybody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import timedelta

from engine.domain.activities import Activity
from engine.domain.identity.identities import IdentityKind, Key, is_tracker, key_kind
from engine.domain.identity.people import RecentClaim, Tracker

SHARED_OVER = 5
"""A tracker claimed by more different people than this within SHARED_WITHIN is shared."""

SHARED_WITHIN = timedelta(hours=24)


def different_people(claims: Iterable[Collection[Key]], links: Mapping[Key, Key] | None = None) -> int:
    """Count the people behind claims who are certainly not one.

    Claims that share an external id are one person's, however it spells its email; so are keys
    that `links` lead to one name.  Of the rest, different values of one kind are different
    people.  An email and a customer number may be the same person's, as a later claim can show,
    so they are not counted as two.
    """
    known = links or {}
    named = [{key: known.get(key, key) for key in keys} for keys in claims]
    numbers = {
        name: number for names in named for number in _numbers(names.values()) for name in names.values()
    }
    people: dict[IdentityKind, set[Key]] = defaultdict(set)
    for names in named:
        own = next(_numbers(names.values()), None)
        for key, name in names.items():
            people[key_kind(key)].add(own or numbers.get(name, name))
    return max(map(len, people.values()), default=0)


def _numbers(names: Iterable[Key]) -> Iterator[Key]:
    return (name for name in names if key_kind(name) is IdentityKind.EXTERNAL_ID)


def linked_keys(history: Iterable[Activity]) -> dict[Key, Key]:
    """The identities that a trusted source gave to one contact, each by one name of the contact."""
    parents: dict[Key, Key] = {}

    def find(key: Key) -> Key:
        while (parent := parents.get(key, key)) != key:
            key = parent
        return key

    for activity in history:
        if activity.trusted and activity.identities:
            keys = [key for key in activity.keys() if not is_tracker(key) and key not in activity.also]
            for key in keys[1:]:
                parents[find(key)] = find(keys[0])
    return {key: find(key) for key in parents}


def shared_trackers(
    activities: Iterable[Activity],
    trackers: Iterable[Tracker] = (),
    *,
    links: Mapping[Key, Key] | None = None,
) -> set[str]:
    """Find the shared devices among claims that are given in the order of happening.

    `trackers` are those that were claimed before, with their recent claims.
    """
    shared: set[str] = set()
    recent = {tracker.id: tracker.recent for tracker in trackers}
    for activity in activities:
        tracker = activity.tracker
        if tracker is None or tracker in shared or not activity.identities:
            continue
        recent[tracker] = with_claim(recent.get(tracker, []), activity)
        if different_people((claim.keys for claim in recent[tracker]), links) > SHARED_OVER:
            shared.add(tracker)
    return shared


def with_claim(recent: Iterable[RecentClaim], activity: Activity) -> list[RecentClaim]:
    """The claims on a tracker within SHARED_WITHIN, with that of an activity as the latest."""
    keys, horizon = activity.identities.keys(), activity.happened_at - SHARED_WITHIN
    others = (claim for claim in recent if claim.at > horizon and claim.keys != keys)
    return [*others, RecentClaim(keys=keys, at=activity.happened_at)]
