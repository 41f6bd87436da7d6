"""A person's data from every collection, known or new."""

from __future__ import annotations

from collections.abc import Iterator

from engine.db import Db
from engine.domain.activities import ContactId
from engine.domain.document import Document
from engine.errors import ContactNotFound
from engine.pipeline.groups import without_dbrefs
from engine.privacy import files, sweep
from engine.privacy.mentions import Mentions, mentions_of
from engine.privacy.person import Person, person_of

LONGEST = 1_000
"""Characters of another person's row that are exported; the rest is not about this person."""

Part = tuple[str, Iterator[Document]]
"""A collection, or what else it is, and the rows there."""


def known_of(db: Db, contact: ContactId) -> Iterator[Part]:
    """Everything, a part after the other; each is read as it is asked for.  Raises ContactNotFound."""
    person = person_of(db, contact)
    if person is None:
        raise ContactNotFound(contact, "this contact does not exist: it may have been erased already")
    mentions = mentions_of(person)
    yield "contacts", db.contacts.find({"_id": {"$in": list(person.ids)}})
    yield "activities", _activities(db, person)
    yield "ledger", db.ledger.find({"contact": {"$in": list(person.ids)}}).sort("happened_at", 1)
    for name in sweep.collections(db):
        if name not in ("contacts", "activities", "ledger"):
            yield name, _rows(db, name, person, mentions)
    yield "rows of imported files", files.rows_naming(db, person, mentions)


def _activities(db: Db, person: Person) -> Iterator[Document]:
    for query in person.queries():
        for row in db.activities.find(query).sort("happened_at", 1):
            yield without_dbrefs(row)


def _rows(db: Db, name: str, person: Person, mentions: Mentions) -> Iterator[Document]:
    for row in sweep.naming(db, name, mentions, lambda: True):
        about = name == "audit" and row.get("subject", {}).get("id") in person.ids
        if about or (sweep.is_theirs(name, row, person, mentions) and not _is_shared(row)):
            yield row
        else:
            yield {"_id": row["_id"], "named_in": _naming_fields(row, mentions)}


def _is_shared(row: Document) -> bool:
    """Whether a raw notice reports on others, too, whose addresses are not for this person."""
    return len({str(address).lower() for address in row.get("addresses", ())}) > 1


def _naming_fields(row: Document, mentions: Mentions) -> Document:
    """Of a row that is not theirs what names them."""
    return {
        field: value if len(str(value)) <= LONGEST else "(a longer text names them)"
        for field, value in row.items()
        if field != "_id" and mentions.are_in(value)
    }
