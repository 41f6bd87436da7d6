"""The rows of an export: contacts or activities in batches, from one snapshot.

All reads are of one snapshot, whatever the workers write meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bson.codec_options import CodecOptions
from pymongo.client_session import ClientSession

from engine.contacts.listing.listing import SORTS, Listing
from engine.db import Db
from engine.domain.document import Document
from engine.domain.rulebook import Ruleset
from engine.exports import row_reads
from engine.exports.activity_rows import ActivityRows
from engine.exports.column import Column
from engine.exports.exporting import Export
from engine.exports.row_reads import ROW, Batch, Order

ORDERED_UP_TO = 100_000
"""Contacts that are written in the order of the list; more come as MongoDB has them, much faster."""

PLAIN: CodecOptions[Document] = CodecOptions()
"""Times without their zone (UTC), amounts as they are stored: nothing is turned into anything."""


def batches(
    db: Db,
    wanted: Export,
    columns: Sequence[Column],
    query: Document,
    *,
    session: ClientSession,
    ordered: bool,
    ruleset: Ruleset,
) -> Iterator[Batch]:
    """The rows of an export; `query` finds the contacts."""
    order: Order = []
    if ordered:
        listed = wanted.selection.listing or Listing()
        order = SORTS[listed.sort].order(ascending=not listed.descending)
    if wanted.what == "contacts":
        yield from _contacts(db, query, order, columns, session)
    else:
        yield from ActivityRows(db, wanted, columns, session, ruleset.account).of(query, order)


def _contacts(
    db: Db, query: Document, order: Order, columns: Sequence[Column], session: ClientSession
) -> Iterator[Batch]:
    contacts, done = db.get_collection("contacts", codec_options=PLAIN), 0
    read = row_reads.streamed(contacts, query, row_reads.picked(columns) | {"_id": 0}, order, session)
    for found in row_reads.joined(row_reads.made(columns, [row[ROW] for row in rows]) for rows in read):
        done += len(found[0])
        yield Batch(done, len(found[0]), found)
