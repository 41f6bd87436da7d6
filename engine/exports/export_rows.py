"""The rows of an export: contacts or activities in batches, from one snapshot.

MongoDB picks the values out of its documents, so that nothing else travels, and sends them on
without being asked for more, so that it finds the next while these are written.  All reads are
of one snapshot, whatever the workers write meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import Any
from zoneinfo import ZoneInfo

from bson.codec_options import CodecOptions
from pymongo import CursorType
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from engine.contacts.listing.listing import SORTS, Listing
from engine.contacts.sheet.timelines import TimelineFilter
from engine.db import Db
from engine.domain.activities import derived_stream
from engine.domain.document import Document
from engine.exports.export_columns import Column
from engine.exports.exporting import Export

Order = Sequence[tuple[str, int]]

READ = 200
"""Rows that are read at once.  Of thousands Python's garbage collector would go through each again
and again, which takes longer than to read them."""

READS = 25
"""Reads of one batch: what is done to a column is done to many values at once."""

CONTACTS_AT_ONCE = 500
"""Contacts whose activities are asked for at once."""

ORDERED_UP_TO = 100_000
"""Contacts that are written in the order of the list; more come as MongoDB has them, much faster."""

PLAIN: CodecOptions[Document] = CodecOptions()
"""Times without their zone (UTC), amounts as they are stored: nothing is turned into anything."""


@dataclass(frozen=True)
class Batch:
    """A batch of rows by column, and the number of contacts read so far."""

    contacts: int
    rows: int
    columns: list[Sequence[Any]]


def batches(
    db: Db,
    wanted: Export,
    columns: Sequence[Column],
    query: Document,
    *,
    session: ClientSession,
    ordered: bool,
    zone: ZoneInfo,
) -> Iterator[Batch]:
    """The rows of an export; `query` finds the contacts."""
    contacts = db.get_collection("contacts", codec_options=PLAIN)
    order: Order = []
    if ordered:
        listed = wanted.selection.listing or Listing()
        order = SORTS[listed.sort].order(ascending=not listed.descending)
    if wanted.what == "contacts":
        yield from _contacts(contacts, query, order, columns, session)
    else:
        yield from _Activities(db, wanted, columns, session, zone).of(contacts, query, order)


def _contacts(
    collection: Collection[Document],
    query: Document,
    order: Order,
    columns: Sequence[Column],
    session: ClientSession,
) -> Iterator[Batch]:
    done = 0
    read = _streamed(collection, query, _picked(columns) | {"_id": 0}, order, session)
    for found in _joined(_made(columns, [row[_ROW] for row in rows]) for rows in read):
        done += len(found[0])
        yield Batch(done, len(found[0]), found)


def _streamed(
    collection: Collection[Document], query: Document, picked: Document, order: Order, session: ClientSession
) -> Iterator[list[Document]]:
    """The results of a query in batches, as MongoDB streams them."""
    with collection.find(
        query, picked, sort=order, session=session, batch_size=READ, allow_disk_use=True,
        cursor_type=CursorType.EXHAUST,
    ) as cursor:  # fmt: skip
        while rows := list(islice(cursor, READ)):
            yield rows


def _joined(reads: Iterator[list[Sequence[Any]]]) -> Iterator[list[Sequence[Any]]]:
    """Several reads as one, column by column."""
    while some := list(islice(reads, READS)):
        yield [list(chain.from_iterable(values)) for values in zip(*some, strict=True)]


_ROW = "row"
"""The field with a row's values in column order: a list is read much faster than names."""


def _picked(columns: Iterable[Column]) -> Document:
    return {_ROW: [column.found for column in columns]}


def _made(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> list[Sequence[Any]]:
    """Rows as columns, each value as the file has it."""
    return [
        values if column.made is None else list(map(column.made, values))
        for column, values in zip(columns, zip(*rows, strict=True), strict=True)
    ]


# Activities

Held = tuple[datetime | None, datetime | None, Document]
"""From when to when a stream is whose."""


class _Activities:
    """The activities of contacts, some contacts at a time, each contact's streams in their order."""

    def __init__(
        self,
        db: Db,
        wanted: Export,
        columns: Sequence[Column],
        session: ClientSession,
        zone: ZoneInfo,
    ) -> None:
        self._activities = db.get_collection("activities", codec_options=PLAIN)
        self._session = session
        self._columns = columns
        self._own = [column for column in columns if column.own]
        self._theirs = [column for column in columns if not column.own]
        since, until = TimelineFilter(first=wanted.first, last=wanted.last).bounds(zone)
        bounds = {"$gte": since, "$lt": until}
        at = {operator: bound for operator, bound in bounds.items() if bound is not None}
        self._more: Document = {"state": "applied"}
        if at:
            self._more["happened_at"] = at
        if wanted.types:
            self._more["type"] = {"$in": list(wanted.types)}

    def of(self, contacts: Collection[Document], query: Document, order: Order) -> Iterator[Batch]:
        done = 0
        for found in self._some(contacts, query, order):
            rows_of_some = chain(self._rows(_held(found)), self._taken_over(found))
            for columns in _joined(self._written(rows) for rows in rows_of_some):
                yield Batch(done, len(columns[0]), columns)
            done += len(found)
            yield Batch(done, 0, [])

    def _some(
        self, contacts: Collection[Document], query: Document, order: Order
    ) -> Iterator[list[Document]]:
        picked = {
            "spans": 1, "deletion.at": 1, "split_off": 1, "taken_over": 1, **_picked(self._theirs),
        }  # fmt: skip
        with contacts.find(
            query, picked, sort=order, session=self._session, batch_size=CONTACTS_AT_ONCE, allow_disk_use=True
        ) as cursor:
            while found := list(islice(cursor, CONTACTS_AT_ONCE)):
                yield found

    def _rows(self, held: Mapping[str, Sequence[Held]]) -> Iterator[list[tuple[Document, Document]]]:
        """Activities, each with whose it is."""
        query = {"stream": {"$in": list(held)}, **self._more}
        picked = {"stream": 1, "happened_at": 1, **_picked(self._own)}
        order = [("stream", 1), ("happened_at", 1), ("_id", 1)]
        for rows in _streamed(self._activities, query, picked, order, self._session):
            owned = ((row, _owner(held[row["stream"]], row)) for row in rows)
            found = [(row, owner) for row, owner in owned if owner is not None]
            if found:
                yield found

    def _taken_over(self, contacts: Sequence[Document]) -> Iterator[list[tuple[Document, Document]]]:
        """Activities that users moved to some contacts, each with whose it is now."""
        owners = {id_: contact for contact in contacts for id_ in contact.get("taken_over", ())}
        if not owners:
            return
        query = {"_id": {"$in": list(owners)}, **self._more}
        picked = {"stream": 1, "happened_at": 1, **_picked(self._own)}
        for rows in _streamed(self._activities, query, picked, [("_id", 1)], self._session):
            yield [(row, owners[row["_id"]]) for row in rows]

    def _written(self, rows: Sequence[tuple[Document, Document]]) -> list[Sequence[Any]]:
        own = iter(_made(self._own, [activity[_ROW] for activity, _ in rows]))
        theirs = iter(_made(self._theirs, [owner[_ROW] for _, owner in rows]))
        return [next(own if column.own else theirs) for column in self._columns]


def _held(contacts: Iterable[Document]) -> dict[str, list[Held]]:
    """Which streams some contacts hold, and from when to when (as `activity_spans.spans_of`)."""
    held: dict[str, list[Held]] = defaultdict(list)
    for contact in contacts:
        held[derived_stream(contact["_id"])].append((contact.get("deletion", {}).get("at"), None, contact))
        for span in contact.get("spans", ()):
            held[span["key"]].append((span.get("since"), span.get("until"), contact))
    return held


def _owner(held: Sequence[Held], row: Document) -> Document | None:
    at = row["happened_at"]
    for since, until, contact in held:
        if (since is None or at >= since) and (until is None or at < until):
            return None if row["_id"] in contact.get("split_off", ()) else contact
    return None
