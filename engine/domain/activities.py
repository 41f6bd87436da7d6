"""Activities: everything that happens to a contact, and their order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

import msgspec

from engine.domain.identities import Identities, Key, tracker_key
from engine.domain.preload_types import preload

ActivityId = NewType("ActivityId", str)
ContactId = NewType("ContactId", str)
RuleId = NewType("RuleId", str)
DELETED = "contact_deleted"
"""The edit by which a person deletes a contact: what came before it is forgotten."""

IMPORT = "import"
"""The source of activities from imported files: no API key has this id, so no sender can claim it."""

UNDOES = "undoes"
"""The property of an edit that names the activity it undoes."""

DERIVED_STREAM = "c:"
"""The prefix of the streams of activities that the fold itself adds to a contact."""

Moment = tuple[datetime, int, ActivityId]
"""The position of an activity in the order of happening.  At equal times a claim comes
before what is not one (so that a tracker changes hands at a whole millisecond), and the
id settles the rest."""


class ActivityState(StrEnum):
    """The processing state of an activity."""

    RECEIVED = "received"
    APPLIED = "applied"
    FAILED = "failed"


class Activity(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that happened.

    `happened_at` and `received_at` are aware datetimes in UTC, whole milliseconds.
    `stream` is fixed when the activity is received (see `identities.stream_of`) and
    never changes: whose activity it is follows from who holds the stream at that time.
    `trusted` is true if it came with a secret key.  A bounce is `discounted` when its whole
    sending is in doubt: it is shown and has no effect.  `ruleset` is the version in force
    when it was received.
    """

    id: ActivityId
    type: str
    stream: Key
    happened_at: datetime
    received_at: datetime
    tracker: str | None = None
    identities: Identities = Identities()
    properties: dict[str, Any] = {}
    traits: dict[str, Any] = {}
    context: dict[str, Any] = {}
    trusted: bool = False
    bot: bool = False
    clamped: bool = False
    discounted: bool = False
    ruleset: int = 1
    source: str = ""

    @property
    def moment(self) -> Moment:
        return (self.happened_at, 0 if self.is_claim else 1, self.id)

    @property
    def is_claim(self) -> bool:
        """Whether this says that its tracker, or its several identities, are one person's."""
        return bool(self.identities)

    @property
    def by_hand(self) -> bool:
        """Whether a person did this to a contact: its stream alone says to which."""
        return self.tracker is None and not self.identities.claim(self.stream)

    @property
    def by_import(self) -> bool:
        """Whether a file that a person imported says this of a contact."""
        return self.source == IMPORT and self.tracker is None

    @property
    def undoes(self) -> ActivityId | None:
        """The activity that this manual edit undoes."""
        undone = self.properties.get(UNDOES)
        return ActivityId(undone) if isinstance(undone, str) and self.by_hand else None

    @property
    def deletes(self) -> bool:
        """Whether a person deleted the contact by this."""
        return self.type == DELETED and self.by_hand

    def keys(self) -> list[Key]:
        """Every key named here, identities first."""
        keys = self.identities.keys()
        if self.tracker is not None:
            keys.append(tracker_key(self.tracker))
        if self.stream not in keys:
            keys.append(self.stream)
        return keys


def derived_stream(contact: ContactId) -> Key:
    """The stream of the activities that the fold itself adds to a contact."""
    return Key(DERIVED_STREAM + contact)


def undone_activities(history: Iterable[Activity]) -> set[ActivityId]:
    """The undone activities: an undo counts unless a later one undoes it."""
    taking = sorted((activity for activity in history if activity.undoes), key=lambda a: a.moment)
    undone: set[ActivityId] = set()
    for activity in reversed(taking):
        if activity.undoes is not None and activity.id not in undone:
            undone.add(activity.undoes)
    return undone


preload(Activity)
