"""What a fold yields: the state of a contact, and the records that follow from its history."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import msgspec

from engine.domain.activities import Activity, ActivityId, ContactId, derived_stream
from engine.domain.contact import ContactState
from engine.domain.scoring import LedgerEntry


class Derived(msgspec.Struct, frozen=True):
    """An activity that the fold itself produced: its id follows from what caused it."""

    id: ActivityId
    type: str
    contact: ContactId
    happened_at: datetime
    cause: ActivityId
    properties: dict[str, str | datetime]

    def as_activity(self, version: int) -> Activity:
        """The activity for rules of a version to react to."""
        return Activity(
            id=self.id,
            type=self.type,
            stream=derived_stream(self.contact),
            happened_at=self.happened_at,
            received_at=self.happened_at,
            properties=dict(self.properties),
            trusted=True,
            ruleset=version,
        )


class Call(msgspec.Struct, frozen=True):
    """A webhook to be called, once: its id says what for.

    `root` is the activity (or the passing of time) that all of it follows from.
    """

    id: str
    webhook: str
    rule: str
    contact: ContactId
    root: ActivityId
    happened_at: datetime
    activity: dict[str, Any]


class Outcome(msgspec.Struct):
    """The result of a fold: the state, and the records it produced.

    `next_due` (in the state) says when to look at the contact again though nothing happens.
    """

    state: ContactState
    ledger: list[LedgerEntry]
    derived: list[Derived]
    calls: list[Call]


def derived_id(cause: str, what: str) -> ActivityId:
    """The id of what `cause` brings about: the same however often it is folded."""
    return ActivityId(hashlib.blake2b(f"{cause}\n{what}".encode(), digest_size=16).hexdigest())
