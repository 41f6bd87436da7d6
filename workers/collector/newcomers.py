"""The events of a write key that would create a contact, held against the key's daily ceiling."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import pymongo

from engine.db import Db
from engine.domain.activities import Activity, ActivityId
from engine.domain.identity.identities import IdentityKind, Key, key_kind, tracker_key
from engine.domain.identity.people import Person, Tracker
from engine.domain.identity.resolver import becomes
from engine.pipeline import holders, new_contacts

MAX_REMEMBERED = 100_000
"""Streams that have a contact, and names that browsers gave: beyond them all are forgotten."""


class Newcomers:
    """Tells whether a contact is there for an event, and counts those that are to be created.

    Parameters:
      db(Database): Where contacts and waiting activities are.
      within(float): Seconds after which MongoDB counts as away.
    """

    def __init__(self, db: Db, *, within: float) -> None:
        self._db = db
        self._within = within
        self._known: set[Key] = set()
        self._named: set[tuple[Key, IdentityKind]] = set()
        """The kinds of identities that a tracker or a signed identity named: the workers may be behind."""

    async def beyond(
        self, activities: Sequence[Activity], key: str, *, ceiling: int, until: datetime
    ) -> set[ActivityId]:
        """Return the activities whose contacts the key may not create in the day that ends at `until`.

        An identity that the shop's server signed is always admitted.  Raises PyMongoError.
        """
        asked = [a for a in activities if a.verified != a.stream and a.stream not in self._known]
        refused: set[ActivityId] = set()
        if asked:
            found = await asyncio.to_thread(self._look_up, {name for a in asked for name in a.keys()})
            placed, new = self._place(asked, found)
            fitting = await asyncio.to_thread(self._admit, key, len(new), ceiling, until) if new else 0
            without_room = {id(person) for person in new[fitting:]}
            refused = {id_ for id_, person in placed.items() if id(person) in without_room}
        self._remember(activity for activity in activities if activity.id not in refused)
        return refused

    def _place(
        self, activities: Iterable[Activity], found: Iterable[Person]
    ) -> tuple[dict[ActivityId, Person], list[Person]]:
        """Find the contact of each activity, as the fold will; return those that are to be created, too."""
        by_key = {name: person for person in found for name in person.keys()}
        placed: dict[ActivityId, Person] = {}
        new: list[Person] = []
        for activity in activities:
            person = by_key.get(activity.stream)
            if person is None:
                person = self._named_by(activity, by_key)
            if person is None:
                person = holders.provisional(activity.keys())
                new.append(person)
            placed[activity.id] = person
            for name in person.keys():
                by_key.setdefault(name, person)
        return placed, new

    def _named_by(self, activity: Activity, by_key: dict[Key, Person]) -> Person | None:
        """The contact that gets its identities by an activity; unset if none does."""
        for name in _proofs(activity) if activity.identities else ():
            waiting = holders.provisional([name]) if name in self._known else None
            person = by_key.get(name, waiting)
            if person is None or not becomes(person, activity) or _is_shared(person, activity):
                continue
            lacked = {key_kind(key): key for key in activity.identities.keys() if key not in person.keys()}
            if self._named.isdisjoint((name, kind) for kind in lacked):
                person.identities.update(lacked)
                return person
        return None

    def _remember(self, admitted: Iterable[Activity]) -> None:
        if len(self._known) + len(self._named) > MAX_REMEMBERED:
            self._known.clear()
            self._named.clear()
        for activity in admitted:
            self._known.add(activity.stream)
            kinds = [key_kind(key) for key in activity.identities.keys()]
            self._named.update((name, kind) for name in _proofs(activity) for kind in kinds)

    def _look_up(self, keys: Iterable[Key]) -> list[Person]:
        with pymongo.timeout(self._within):
            return holders.holders_of(self._db, keys)

    def _admit(self, key: str, wanted: int, ceiling: int, until: datetime) -> int:
        with pymongo.timeout(self._within):
            return new_contacts.admit(self._db, key, wanted=wanted, ceiling=ceiling, until=until)


def _proofs(activity: Activity) -> Iterator[Key]:
    """What may give a browser the right to add identities to a contact."""
    if activity.verified is not None:
        yield activity.verified
    if activity.tracker is not None:
        yield tracker_key(activity.tracker)


def _is_shared(person: Person, activity: Activity) -> bool:
    tracker: Tracker | None = person.tracker(activity.tracker)
    return tracker is not None and tracker.shared
