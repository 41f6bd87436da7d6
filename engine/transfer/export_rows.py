"""What an export reads: contacts or activities in batches, all as of one moment.

MongoDB picks the values out of its documents, so that nothing else travels; all reads are of
one snapshot, whatever the workers write meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from bson.codec_options import CodecOptions
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database

from engine.store.listing import SORTS, Listing
from engine.store.timelines import Wanted
from engine.transfer.export_columns import Column
from engine.transfer.exporting import Export

Document = dict[str, Any]

BATCH = 5_000
"""Rows of one batch."""

CONTACTS_AT_ONCE = 500
"""Contacts whose activities are asked for at once."""

ORDERED_UP_TO = 100_000
"""Contacts that are written in the order of the list; more come as MongoDB has them, much faster."""

PLAIN: CodecOptions[Document] = CodecOptions()
"""Times without their zone (UTC), amounts as they are stored: nothing is turned into anything."""


@dataclass(frozen=True)
class Batch:
    """Some rows, column by column, and how many contacts have been gone through by them."""

    contacts: int
    rows: int
    columns: list[Sequence[Any]]


def batches(
    db: Database[Document],
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
    pipeline: list[Document] = [{"$match": query}]
    if ordered:
        listed = wanted.selection.listing or Listing()
        order = SORTS[listed.sort].order(ascending=not listed.descending)
        pipeline.append({"$sort": dict(order)})
    if wanted.what == "contacts":
        yield from _contacts(contacts, pipeline, columns, session)
    else:
        yield from _Activities(db, wanted, columns, session, zone).of(contacts, pipeline)


def _contacts(
    collection: Collection[Document],
    pipeline: list[Document],
    columns: Sequence[Column],
    session: ClientSession,
) -> Iterator[Batch]:
    done = 0
    for rows in ahead(
        _read(collection, [*pipeline, {"$project": _picked(columns) | {"_id": 0}}], BATCH, session)
    ):
        done += len(rows)
        yield Batch(done, len(rows), _made(columns, [row[_ROW] for row in rows]))


def _read(
    collection: Collection[Document], pipeline: list[Document], size: int, session: ClientSession
) -> Generator[list[Document], None, None]:
    """What a pipeline finds, so many at a time."""
    with collection.aggregate(pipeline, session=session, batchSize=size, allowDiskUse=True) as cursor:
        while rows := list(islice(cursor, size)):
            yield rows


Item = TypeVar("Item")


def ahead(items: Generator[Item, None, None]) -> Iterator[Item]:
    """The same items, the next of which is made in a thread of its own while one is at work."""
    with ThreadPoolExecutor(1, thread_name_prefix="export") as thread:
        try:
            waiting = thread.submit(next, items, None)
            while (item := waiting.result()) is not None:
                waiting = thread.submit(next, items, None)
                yield item
        finally:
            thread.submit(items.close)


_ROW = "row"
"""Where the values of a row stand, in the order of the columns: a list is read much faster than names."""


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
        db: Database[Document],
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
        since, until = Wanted(first=wanted.first, last=wanted.last).bounds(zone)
        bounds = {"$gte": since, "$lt": until}
        at = {operator: bound for operator, bound in bounds.items() if bound is not None}
        self._more: Document = {"state": "applied"}
        if at:
            self._more["happened_at"] = at
        if wanted.types:
            self._more["type"] = {"$in": list(wanted.types)}

    def of(self, contacts: Collection[Document], pipeline: list[Document]) -> Iterator[Batch]:
        picked = {"spans": 1, "deletion.at": 1, **_picked(self._theirs)}
        done = 0
        for found in _read(contacts, [*pipeline, {"$project": picked}], CONTACTS_AT_ONCE, self._session):
            for rows in self._rows(_held(found)):
                yield Batch(done, len(rows), self._written(rows))
            done += len(found)
            yield Batch(done, 0, [])

    def _rows(self, held: Mapping[str, Sequence[Held]]) -> Iterator[list[tuple[Document, Document]]]:
        """Activities, each with whose it is."""
        pipeline: list[Document] = [
            {"$match": {"stream": {"$in": list(held)}, **self._more}},
            {"$sort": {"stream": 1, "happened_at": 1, "_id": 1}},
            {"$project": {"stream": 1, "happened_at": 1, **_picked(self._own)}},
        ]
        for rows in ahead(_read(self._activities, pipeline, BATCH, self._session)):
            owned = ((row, _owner(held[row["stream"]], row["happened_at"])) for row in rows)
            found = [(row, owner) for row, owner in owned if owner is not None]
            if found:
                yield found

    def _written(self, rows: Sequence[tuple[Document, Document]]) -> list[Sequence[Any]]:
        own = iter(_made(self._own, [activity[_ROW] for activity, _ in rows]))
        theirs = iter(_made(self._theirs, [owner[_ROW] for _, owner in rows]))
        return [next(own if column.own else theirs) for column in self._columns]


def _held(contacts: Iterable[Document]) -> dict[str, list[Held]]:
    """Which streams some contacts hold, and from when to when (as `spans.spans_of`)."""
    held: dict[str, list[Held]] = defaultdict(list)
    for contact in contacts:
        held[f"c:{contact['_id']}"].append((contact.get("deletion", {}).get("at"), None, contact))
        for span in contact.get("spans", ()):
            held[span["key"]].append((span.get("since"), span.get("until"), contact))
    return held


def _owner(held: Sequence[Held], at: datetime) -> Document | None:
    for since, until, contact in held:
        if (since is None or at >= since) and (until is None or at < until):
            return contact
    return None
