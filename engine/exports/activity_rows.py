"""The rows of an export of activities: those of a contact together, in the order in which they happened.

An activity is of the contact on whose timeline it shows.  Some contacts are read at a time, and their
activities sorted here; if they have very many, MongoDB sorts those of each contact, so that memory stays
flat.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, islice

from pymongo.client_session import ClientSession

from engine.contacts.sheet.timelines import TimelineFilter
from engine.db import Db
from engine.domain.activities import derived_stream
from engine.domain.document import Document
from engine.domain.rulebook import Account
from engine.exports import row_facts, row_reads
from engine.exports.column import Column
from engine.exports.exporting import Export
from engine.exports.row_facts import ContactFacts, RowFacts
from engine.exports.row_reads import ROW, Batch, Order, Values
from engine.pipeline import activity_spans

CONTACTS_AT_ONCE = 250
"""Contacts whose activities are asked for at once."""

SORTED_AT_ONCE = 10_000
"""Activities that are held and sorted here, of all these contacts."""

Held = tuple[datetime | None, datetime | None, Document]
"""From when to when a stream is whose."""


Row = tuple[Document, Document, RowFacts | None]
"""An activity, whose it is, and its facts if a column shows them."""


class ActivityRows:
    """The activities of contacts, one row each."""

    def __init__(
        self,
        db: Db,
        wanted: Export,
        columns: Sequence[Column],
        session: ClientSession,
        account: Account,
    ) -> None:
        self._db, self._session, self._columns, self._account = db, session, columns, account
        self._own = [column for column in columns if column.of == "activity"]
        self._theirs = [column for column in columns if column.of == "contact"]
        self._derived = [column for column in columns if column.of == "row"]
        self._since, self._until = TimelineFilter(first=wanted.first, last=wanted.last).bounds(
            account.time_zone
        )
        self._more: Document = {"state": "applied"}
        if wanted.types:
            self._more["type"] = {"$in": list(wanted.types)}

    def of(self, query: Document, order: Order) -> Iterator[Batch]:
        """Yield the activities of the contacts that a query finds."""
        done = 0
        for contacts in self._contacts(query, order):
            for columns in row_reads.joined(map(self._values, _in_reads(self._rows(contacts)))):
                yield Batch(done, len(columns[0]), columns)
            done += len(contacts)
            yield Batch(done, 0, [])

    def _contacts(self, query: Document, order: Order) -> Iterator[list[Document]]:
        picked = {**activity_spans.HELD, **row_reads.picked(self._theirs)}
        if self._derived:
            picked["commerce.book"] = 1
        with self._db.contacts.find(
            query, picked, sort=order, session=self._session, batch_size=CONTACTS_AT_ONCE, allow_disk_use=True
        ) as cursor:
            while found := list(islice(cursor, CONTACTS_AT_ONCE)):
                yield found

    def _rows(self, contacts: Sequence[Document]) -> Iterator[Row]:
        """The activities of some contacts, those of each in their order."""
        rows = list(islice(self._unsorted(contacts), SORTED_AT_ONCE + 1))
        if len(rows) > SORTED_AT_ONCE:
            for contact in contacts:
                yield from self._with_facts(contact, chain.from_iterable(self._sorted(contact)))
            return
        by_contact: dict[str, list[Document]] = defaultdict(list)
        for row, owner in rows:
            by_contact[owner["_id"]].append(row)
        for contact in contacts:
            found = sorted(by_contact[contact["_id"]], key=lambda row: (row["happened_at"], row["_id"]))
            yield from self._with_facts(contact, found)

    def _sorted(self, contact: Document) -> Iterator[list[Document]]:
        """A contact's activities, as MongoDB sorts them."""
        query = activity_spans.query(contact, self._more, since=self._since, until=self._until)
        order = [("happened_at", 1), ("_id", 1)]
        return row_reads.streamed(self._db.activities, query, self._picked(), order, self._session)

    def _unsorted(self, contacts: Sequence[Document]) -> Iterator[tuple[Document, Document]]:
        """The activities of some contacts, each with whose it is."""
        held = _held(contacts)
        moved = {id_: contact for contact in contacts for id_ in contact.get("taken_over", ())}
        query = {"stream": {"$in": list(held)}, **self._more, **self._bounds()}
        for row in chain.from_iterable(self._streamed(query)):
            owner = _owner(held[row["stream"]], row)
            if owner is not None and moved.get(row["_id"]) is not owner:
                yield row, owner
        if moved:
            query = {"_id": {"$in": list(moved)}, **self._more, **self._bounds()}
            for row in chain.from_iterable(self._streamed(query)):
                yield row, moved[row["_id"]]

    def _streamed(self, query: Document) -> Iterator[list[Document]]:
        return row_reads.streamed(self._db.activities, query, self._picked(), [], self._session)

    def _picked(self) -> Document:
        picked = {"stream": 1, "happened_at": 1, **row_reads.picked(self._own)}
        return picked | row_facts.PICKED if self._derived else picked

    def _bounds(self) -> Document:
        bounds = {"$gte": self._since, "$lt": self._until}
        at = {operator: bound for operator, bound in bounds.items() if bound is not None}
        return {"happened_at": at} if at else {}

    def _with_facts(self, contact: Document, rows: Iterable[Document]) -> Iterator[Row]:
        facts = ContactFacts(contact, self._account) if self._derived else None
        for row in rows:
            yield row, contact, None if facts is None else facts.of(row)

    def _values(self, rows: Sequence[Row]) -> Values:
        """Rows as columns."""
        each = len(self._derived)
        found = {
            "activity": iter(row_reads.made(self._own, [row[ROW] for row, _, _ in rows])),
            "contact": iter(row_reads.made(self._theirs, [contact[ROW] for _, contact, _ in rows])),
            "row": iter(row_reads.made(self._derived, [[facts] * each for _, _, facts in rows])),
        }
        return [next(found[column.of]) for column in self._columns]


def _in_reads(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while some := list(islice(rows, row_reads.READ)):
        yield some


def _held(contacts: Iterable[Document]) -> Mapping[str, Sequence[Held]]:
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
