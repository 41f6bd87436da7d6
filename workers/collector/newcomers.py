"""The events of a write key that would create a contact, held against the key's daily ceiling."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pymongo

from engine.db import Db
from engine.domain.activities import Activity, ActivityId
from engine.domain.identity.identities import Key
from engine.pipeline import new_contacts

MAX_KNOWN = 50_000
"""Keys of contacts that are remembered; beyond them all are looked up again."""


@dataclass(eq=False)
class _Holder:
    """A contact that there is or will be."""

    keys: set[Key] = field(default_factory=set)

    def takes(self, activity: Activity) -> bool:
        """Whether an activity that names a key of it is its own, and does not name another person."""
        if activity.stream in self.keys:
            return True
        kinds = {_kind(key) for key in self.keys}
        return all(key in self.keys or _kind(key) not in kinds for key in activity.identities.keys())


class Newcomers:
    """Tells whether a contact is there for an event, and counts those that are to be created.

    Parameters:
      db(Database): Where contacts and waiting activities are.
      within(float): Seconds after which MongoDB counts as away.
    """

    def __init__(self, db: Db, *, within: float) -> None:
        self._db = db
        self._within = within
        self._known: dict[Key, _Holder] = {}

    async def beyond(
        self, activities: Sequence[Activity], key: str, *, ceiling: int, until: datetime
    ) -> set[ActivityId]:
        """Return the activities whose contacts the key may not create in the day that ends at `until`.

        An identity that the shop's server signed is always admitted.  Raises PyMongoError.
        """
        asked = [a for a in activities if a.verified != a.stream and a.stream not in self._known]
        if not asked:
            return set()
        holders = await self._holders({name for activity in asked for name in activity.keys()})
        present = set(holders.values())
        settled = _settle(asked, holders)
        new = [holder for holder in dict.fromkeys(settled.values()) if holder not in present]
        fitting = await asyncio.to_thread(self._admit, key, len(new), ceiling, until) if new else 0
        refused = set(new[fitting:])
        self._remember({name: holder for name, holder in holders.items() if holder not in refused})
        return {id_ for id_, holder in settled.items() if holder in refused}

    async def _holders(self, keys: set[Key]) -> dict[Key, _Holder]:
        """The holder of each key that has one."""
        holders = {key: self._known[key] for key in keys if key in self._known}
        for found in await asyncio.to_thread(self._look_up, keys - holders.keys()):
            holders.update(dict.fromkeys(found, _Holder(set(found))))
        return holders

    def _remember(self, holders: Mapping[Key, _Holder]) -> None:
        if len(self._known) + len(holders) > MAX_KNOWN:
            self._known.clear()
        self._known.update(holders)

    def _look_up(self, keys: Iterable[Key]) -> list[tuple[Key, ...]]:
        with pymongo.timeout(self._within):
            return new_contacts.holders_of(self._db, keys)

    def _admit(self, key: str, wanted: int, ceiling: int, until: datetime) -> int:
        with pymongo.timeout(self._within):
            return new_contacts.admit(self._db, key, wanted=wanted, ceiling=ceiling, until=until)


def _settle(activities: Iterable[Activity], holders: dict[Key, _Holder]) -> dict[ActivityId, _Holder]:
    """Give each activity to a holder, which then has its keys, too; one is made where there is none."""
    settled = {}
    for activity in activities:
        keys = activity.keys()
        found = (holders[key] for key in keys if key in holders)
        holder = next((holder for holder in found if holder.takes(activity)), None) or _Holder()
        holder.keys.update(keys)
        settled[activity.id] = holder
        for key in keys:
            holders.setdefault(key, holder)
    return settled


def _kind(key: Key) -> str:
    return key.partition(":")[0]
