"""What users decide about merges by hand: join two contacts, undo a merge, split one.

Decisions are activities, so they can be undone, are folded again with the rest of history, and
hold whatever arrives late.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from engine.domain.activities import Activity, ActivityId, ContactId
from engine.domain.identity.identities import Key, tracker_key
from engine.domain.identity.people import Person, contact_id_of

JOINED = "contacts_joined"
"""The contact of `also` becomes the contact of the stream."""

MERGE_UNDONE = "merge_undone"
"""The merge of contact `loser` into `winner` by activity `cause` is void, and the two stay apart."""

TRACKER_SPLIT = "tracker_split"
"""Property `tracker`, with all it did as this contact's, becomes a contact of its own."""

ACTIVITIES_SPLIT = "activities_split"
"""Property `activities`, a list of ids, becomes a contact of its own."""

DECISIONS = frozenset({JOINED, MERGE_UNDONE, TRACKER_SPLIT, ACTIVITIES_SPLIT})


def is_decision(activity: Activity) -> bool:
    """Whether a user decides on a merge by this."""
    return activity.type in DECISIONS and activity.by_hand


_SPLIT = "split:"


def split_key(decision: ActivityId) -> Key:
    """The key of the contact that a split creates: a tracker that no browser has."""
    return tracker_key(f"{_SPLIT}{decision}")


def is_of_undone_split(stream: Key, person: Person, namespace: bytes) -> bool:
    """Whether a stream is that of a part of a person whose split was undone."""
    return stream.startswith(tracker_key(_SPLIT)) and contact_id_of(stream, namespace) not in person.ids()


@dataclass(frozen=True)
class _Undone:
    """An undone merge: its contacts, and the activity that caused it."""

    loser: ContactId
    winner: ContactId
    cause: ActivityId


class Separations:
    """The pairs of contacts that users keep apart.

    Parameters:
      history(Iterable): Every activity of the contacts in question.
      undone(Collection): Activities that users have undone.
      namespace(bytes): The secret that contact ids are keyed with.
    """

    def __init__(
        self, history: Iterable[Activity] = (), undone: Collection[ActivityId] = (), namespace: bytes = b""
    ) -> None:
        self._namespace = namespace
        self._undone = [
            _Undone(
                loser=ContactId(str(activity.properties.get("loser", ""))),
                winner=ContactId(str(activity.properties.get("winner", ""))),
                cause=ActivityId(str(activity.properties.get("cause", ""))),
            )
            for activity in history
            if activity.type == MERGE_UNDONE and activity.by_hand and activity.id not in undone
        ]
        self._split: list[tuple[ContactId, ContactId]] = []

    def __bool__(self) -> bool:
        return bool(self._undone or self._split)

    def keep_apart(self, one: ContactId, other: ContactId) -> None:
        """Let no claim merge these two from now on."""
        self._split.append((one, other))

    def hold(self, one: Person, other: Person, activity: Activity) -> bool:
        """Whether the two stay apart though `activity` says that they are one.

        A user who joins two contacts overrides earlier decisions; the undoing of just this join holds.
        """
        if activity.type != JOINED or not activity.by_hand:
            return self.are_apart(one, other)
        return any(undone.cause == activity.id for undone in self._undone)

    def are_apart(self, one: Person, other: Person) -> bool:
        """Whether a user keeps two contacts apart, so that they are suggested no more."""
        found = [(undone.loser, undone.winner) for undone in self._undone] + self._split
        return any(self._are(pair, one, other) or self._are(pair, other, one) for pair in found)

    def _are(self, pair: tuple[ContactId, ContactId], one: Person, other: Person) -> bool:
        return self._is(pair[0], one) and self._is(pair[1], other)

    def _is(self, contact: ContactId, person: Person) -> bool:
        """Whether a person has or had an id, or was the first to hold the key that the id follows from."""
        if contact in person.ids():
            return True
        return any(contact_id_of(key, self._namespace) == contact for key in person.first_keys())
