"""Identity decisions: activities by which a user merges contacts, undoes a merge or splits a contact."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from engine.db import Db
from engine.domain.activities import IMPORT, UNDOES, ActivityId
from engine.domain.document import Document
from engine.domain.identity.identities import Identities, Key
from engine.domain.identity.merge_decisions import DECISIONS

MAX_UNDOS = 20
"""Undos of undos that are followed to the decision that they are about."""


@dataclass(frozen=True)
class Decision:
    """An identity decision: its type, the stream that it is stored in, and the other keys it is about."""

    id: ActivityId
    type: str
    stream: Key
    also: tuple[Key, ...]


def decision(db: Db, undone: ActivityId) -> Decision | None:
    """Return the identity decision that undoing an activity is about; None for any other activity.

    An edit that undid a decision leads to that decision: an undo names the same contacts as it.
    """
    for _ in range(MAX_UNDOS):
        row = db.activities.find_one({"_id": undone}, ["type", "stream", "also", f"properties.{UNDOES}"])
        if row is None:
            return None
        if row["type"] in DECISIONS:
            return Decision(ActivityId(row["_id"]), row["type"], row["stream"], tuple(row.get("also", ())))
        earlier = row.get("properties", {}).get(UNDOES)
        if not isinstance(earlier, str):
            return None
        undone = ActivityId(earlier)
    return None


def can_be_split_off(row: Document) -> bool:
    """Return whether an activity, given as its document, is something that a visitor did.

    That may have been another person; changes by hand, imports and consequences are the contact's own.
    """
    if row.get("derived") or row.get("source") == IMPORT:
        return False
    identities = msgspec.convert(row.get("identities") or {}, Identities)
    return row.get("tracker") is not None or identities.claim(row["stream"])
