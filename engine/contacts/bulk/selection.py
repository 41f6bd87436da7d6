"""The contacts that a bulk change or an export is about: chosen one by one, or all of a list."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from pymongo.errors import ExecutionTimeout

from engine.contacts.listing import listing
from engine.contacts.listing.listing import Listing
from engine.db import Db
from engine.db.contact_codec import LIVING
from engine.db.regex_query import regex_errors
from engine.domain.activities import ContactId
from engine.domain.document import Document
from engine.rules import versions

PATIENCE_MS = 3_000
"""How long a user waits for the number of contacts that a change is about."""


@dataclass(frozen=True)
class Selection:
    """Contacts by their ids, or all contacts of a list `but` some."""

    ids: tuple[ContactId, ...] = ()
    listing: Listing | None = None
    but: tuple[ContactId, ...] = ()

    def matching(self, db: Db) -> Document:
        """Return the query that matches the contacts.  Raises InvalidFilter."""
        if self.listing is None:
            return {"_id": {"$in": list(self.ids)}, **LIVING}
        whole = listing.matching(db, self.listing)
        return {"$and": [whole, {"_id": {"$nin": list(self.but)}}]} if self.but else whole

    def encode(self) -> str:
        """Return the selection as text: its conditions may have keys that MongoDB does not accept."""
        listed = None if self.listing is None else asdict(self.listing)
        return json.dumps({"ids": self.ids, "listing": listed, "but": self.but})

    @classmethod
    def decode(cls, text: str) -> Selection:
        """Read a selection from its text."""
        found = json.loads(text)
        listed = None if found["listing"] is None else Listing(**found["listing"])
        return cls(tuple(found["ids"]), listed, tuple(found.get("but", ())))

    def count(self, db: Db) -> int | None:
        """Return how many contacts are selected; None if counting takes too long.  Raises InvalidFilter."""
        with regex_errors():
            try:
                return db.contacts.count_documents(self.matching(db), maxTimeMS=PATIENCE_MS)
            except ExecutionTimeout:
                return None

    def count_by_state(self, db: Db, machine: str) -> Mapping[str, int] | None:
        """Return how many selected contacts are in each state of a machine; None if it takes too long."""
        initial = versions.current(db).machines[machine].initial
        return self._count_by(db, {"$ifNull": [f"$statuses.{machine}.state", initial]})

    def count_in_segment(self, db: Db, segment: str) -> int | None:
        """Return how many selected contacts are in a segment; None if it takes too long."""
        inside = {"$cond": [{"$gt": [f"$segments.{segment}", None]}, "in", "out"]}
        found = self._count_by(db, inside)
        return None if found is None else found.get("in", 0)

    def _count_by(self, db: Db, by: Document) -> Mapping[str, int] | None:
        pipeline: Sequence[Document] = [
            {"$match": self.matching(db)},
            {"$group": {"_id": by, "n": {"$sum": 1}}},
        ]
        with regex_errors():
            try:
                found = list(db.contacts.aggregate(pipeline, maxTimeMS=PATIENCE_MS))
            except ExecutionTimeout:
                return None
        return {row["_id"]: row["n"] for row in found}
