"""The activities that decisions by hand about identities come to: a merge, its undo, and splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.contacts.editing.edit_activities import by_hand, own_stream
from engine.domain.activities import Activity, ActivityId, ContactId
from engine.domain.document import Document
from engine.domain.identity.identities import Key, tracker_key
from engine.domain.identity.merge_decisions import ACTIVITIES_SPLIT, JOINED, MERGE_UNDONE, TRACKER_SPLIT


@dataclass(frozen=True)
class Decided:
    """A decision of a user: the id of its activity, author, reason, time and ruleset version."""

    id: ActivityId
    author: str
    reason: str
    now: datetime
    version: int

    def activity(
        self, type_: str, row: Document, *, also: Sequence[Key] = (), properties: Document | None = None
    ) -> Activity:
        """Return the activity of a decision on a contact, given as its document.  Raises InvalidEdit."""
        return by_hand(
            type_,
            own_stream(row),
            version=self.version,
            id_=self.id,
            now=self.now,
            properties={"author": self.author, "reason": self.reason.strip(), **(properties or {})},
            also=also,
        )


def joined(decided: Decided, survivor: Document, other: Document, suggestion: Document) -> Activity:
    """Return the activity that merges `other` into `survivor`; `suggestion` is the one that it accepts."""
    return decided.activity(
        JOINED,
        survivor,
        also=[own_stream(other)],
        properties={"suggestion": suggestion},
    )


def merge_undone(decided: Decided, survivor: Document, record: Document, loser_key: Key | None) -> Activity:
    """Return the activity that undoes a recorded merge; the loser leads to `survivor` now."""
    properties = {"loser": record["_id"], "winner": winner_of(record), "cause": record["cause"]}
    also = [] if loser_key is None else [loser_key]
    return decided.activity(MERGE_UNDONE, survivor, also=also, properties=properties)


def tracker_split(decided: Decided, row: Document, tracker: str) -> Activity:
    """Return the activity that makes a tracker, with all it did, a contact of its own."""
    return decided.activity(TRACKER_SPLIT, row, also=[tracker_key(tracker)], properties={"tracker": tracker})


def activities_split(decided: Decided, row: Document, activities: Sequence[ActivityId]) -> Activity:
    """Return the activity that makes some activities a contact of their own."""
    return decided.activity(ACTIVITIES_SPLIT, row, properties={"activities": list(activities)})


def winner_of(record: Document) -> ContactId:
    """Return the contact that the loser of a recorded merge became then; it may have merged on since."""
    sides = record.get("had", ())
    return ContactId(sides[1]["_id"] if len(sides) > 1 else record["into"])
