"""The stored suggestions: which are open, and their decisions.

A suggestion is open until it is accepted (then the fold removes it) or dismissed (then it is kept, so
that the pair is never suggested again).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.db import Db
from engine.db.contact_codec import LIVING
from engine.domain.activities import ActivityId, ContactId
from engine.domain.document import Document

OPEN: Document = {"dismissed_at": None, "accepted_by": None}
"""Matches suggestions that nobody has decided."""

NIGHTLY = "nightly"
"""`found_by` of suggestions that the nightly search found, which no fold makes or removes."""


def pair_id(one: ContactId, other: ContactId) -> str:
    """Return the id of the suggestion to merge two contacts, in whichever order they are given."""
    return ":".join(sorted((one, other)))


def living_among(db: Db, contacts: Iterable[ContactId]) -> set[ContactId]:
    """Return those of some contacts that exist and are not deleted."""
    found = db.contacts.find({"_id": {"$in": list(contacts)}, **LIVING}, {"_id": 1})
    return {ContactId(row["_id"]) for row in found}


def accepted(db: Db, id_: str, activity: ActivityId) -> None:
    """Mark a suggestion as accepted by an activity, which takes effect soon."""
    db.suggestions.update_one({"_id": id_}, {"$set": {"accepted_by": activity}})


def kept_with_merge(row: Document) -> Document:
    """Return the parts of a suggestion that a merge keeps, to suggest it again if the merge is undone."""
    kept = {name: row.get(name) for name in ("reason", "found_by", "evidence", "cause", "at")}
    return {"id": row["_id"], **{name: value for name, value in kept.items() if value is not None}}


def reopen_accepted(db: Db, activity: ActivityId, suggestion: Any) -> None:
    """Suggest a merge again that was accepted by an activity and then undone."""
    if not isinstance(suggestion, dict) or "id" not in suggestion:
        return
    db.suggestions.update_one({"accepted_by": activity}, {"$unset": {"accepted_by": ""}})
    if suggestion.get("found_by") == NIGHTLY:
        row = {name: value for name, value in suggestion.items() if name != "id"}
        row["contacts"] = str(suggestion["id"]).split(":")
        db.suggestions.update_one({"_id": suggestion["id"]}, {"$setOnInsert": row}, upsert=True)
