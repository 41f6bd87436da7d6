"""Which activities are a contact's: the streams that it holds, each for as long as it was its own.

Single activities that a user moved to another contact are that one's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.db import Db
from engine.domain.activities import ContactId, derived_stream
from engine.domain.document import Document
from engine.domain.identity.identities import Key

HELD = {"spans": 1, "segments": 1, "deletion": 1, "undone": 1, "split_off": 1, "taken_over": 1}
"""The fields of a contact's document by which its activities are found."""


@dataclass(frozen=True)
class Span:
    """A stream from a time (included) to another (not included); unset for no bound."""

    stream: Key
    since: datetime | None = None
    until: datetime | None = None

    def cut(self, since: datetime | None, until: datetime | None) -> Span:
        """The part of it that lies within other bounds."""
        later = max((at for at in (self.since, since) if at is not None), default=None)
        sooner = min((at for at in (self.until, until) if at is not None), default=None)
        return Span(self.stream, later, sooner)

    def covers(self, row: Mapping[str, Any]) -> bool:
        """Whether an activity lies in it."""
        at = row["happened_at"]
        return (
            row["stream"] == self.stream
            and (self.since is None or at >= self.since)
            and (self.until is None or at < self.until)
        )

    def query(self, more: Mapping[str, Any]) -> Document:
        """The activities in it that meet more."""
        bounds = {"$gte": self.since, "$lt": self.until}
        limits = {operator: at for operator, at in bounds.items() if at is not None}
        return {"stream": self.stream, **more, **({"happened_at": limits} if limits else {})}


def held(db: Db, contact: ContactId) -> Document | None:
    """The spans in a contact's document; None if there is no such contact."""
    return db.contacts.find_one({"_id": contact}, HELD)


def spans_of(contact: Document) -> Iterator[Span]:
    """The spans of a contact, given as its document; derived activities come first."""
    deletion = contact.get("deletion")
    yield Span(derived_stream(contact["_id"]), since=None if deletion is None else deletion["at"])
    for span in contact.get("spans", ()):
        yield Span(span["key"], span.get("since"), span.get("until"))


def is_of(contact: Document, row: Mapping[str, Any]) -> bool:
    """Whether an activity is a contact's."""
    if row["_id"] in contact.get("taken_over", ()):
        return True
    return row["_id"] not in contact.get("split_off", ()) and any(s.covers(row) for s in spans_of(contact))


def query(
    contact: Document,
    more: Mapping[str, Any] | None = None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Document:
    """The activities of a contact that meet `more`, within bounds.

    All that is asked stands in each branch: then MongoDB reads each stream in the order of
    its index and merges them, where with anything beside the `$or` it would read and sort
    all that the contact ever did.
    """
    asked = dict(more or {})
    left = {"_id": {"$nin": contact["split_off"]}} if contact.get("split_off") else {}
    branches = [span.cut(since, until).query({**left, **asked}) for span in spans_of(contact)]
    if contact.get("taken_over"):
        bounds = {"$gte": since, "$lt": until}
        limits = {operator: at for operator, at in bounds.items() if at is not None}
        moved = {"_id": {"$in": contact["taken_over"]}, **asked}
        branches.append(moved | ({"happened_at": limits} if limits else {}))
    return {"$or": branches}
