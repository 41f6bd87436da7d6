"""The list of contacts: searched, filtered, sorted, page by page.

A `Listing` is a value that fits into an address, so a list can be shared, saved as a view,
counted, exported or changed in bulk, and is the same list everywhere.  A page begins at a
place in the order and costs the same wherever that is: nothing is skipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pymongo.errors import ExecutionTimeout

from engine.contacts import contact_lookup
from engine.contacts.contact_rows import ROW_FIELDS, ContactRow, row_from
from engine.contacts.listing import inactive_order, where_parts
from engine.contacts.listing.where_parts import Part
from engine.db import Db, keyset
from engine.db.connection import utc_now
from engine.db.contact_codec import LIVING
from engine.db.keyset import Cursor, Position, Sort
from engine.db.regex_query import regex_errors
from engine.domain.activities import ContactId
from engine.domain.conditions import Tree
from engine.domain.document import Document
from engine.errors import Invalid, InvalidRules
from engine.rules import versions
from engine.rules.conditions import index_query
from engine.rules.conditions.filter_reader import qualified, read_filters
from engine.rules.conditions.vocabulary import Vocabulary

COUNT_UP_TO = 1_000
"""A list with more contacts than this says "over 1,000": counting on would be slow."""

COUNT_TIMEOUT_MS = 400
"""The longest time a page waits for its count; after it, the page shows a lower bound: "over 50"."""

SORTS: dict[str, Sort] = {
    sort.id: sort
    for sort in (
        Sort("active_at", "Last activity", "active_at"),
        Sort("name", "Name", "sort_name", blanks_last=True),
        Sort("points", "Points", "points.total"),
        Sort("orders", "Orders", "commerce.orders"),
        Sort("spent", "Spent", "commerce.spent"),
        Sort("last_order", "Last order", "commerce.last_order_at", blanks_last=True),
        Sort("rfm", "RFM code", "rfm.code", blanks_last=True),
        Sort("clv", "Lifetime value", "clv.value", blanks_last=True),
        Sort("last_seen", "Last seen", "last_seen", blanks_last=True),
        Sort("first_seen", "First seen", "first_seen", blanks_last=True),
    )
}
"""The sort orders of a list."""

DEFAULT_SORT = "active_at"


class InvalidFilter(Invalid):
    """A filter with a field, an operator or a value that does not exist, or that cannot be used here."""


@dataclass(frozen=True)
class Listing:
    """Which contacts, and in which order.

    Parameters:
      where: Conditions by field, all of which must hold, in the language of the rules with
        `contact.` left out: `{"newsletter": "subscribed", "points": {"gte": 20}}`.
      search: What an email, number, external id, tracker or name begins with.
      sort: A key of SORTS.
      descending: Whether the largest comes first.
    """

    where: Mapping[str, Any] = field(default_factory=dict)
    search: str = ""
    sort: str = DEFAULT_SORT
    descending: bool = True

    @property
    def parts(self) -> list[Part]:
        """The conditions one by one, as chips show them."""
        return list(where_parts.parts_of(self.where))

    def with_parts(self, parts: Iterable[Part]) -> Listing:
        """The same list under these conditions and no others."""
        return replace(self, where=where_parts.joined(parts))

    def also(self, where: Mapping[str, Any]) -> Listing:
        """The same list under more conditions."""
        return self.with_parts([*where_parts.parts_of(where), *self.parts])

    def without(self, part: Part) -> Listing:
        """The same list without one of its conditions."""
        return self.with_parts(other for other in self.parts if other != part)

    def in_address(self) -> dict[str, str]:
        """The parameters of an address that shows this list; nothing for what is usual."""
        parameters = {
            "q": self.search.strip(),
            "where": where_parts.compact(self.where) if self.where else "",
        }
        if (self.sort, self.descending) != (DEFAULT_SORT, True):
            parameters["sort"] = self.order
        return {name: value for name, value in parameters.items() if value}

    @property
    def order(self) -> str:
        """The order in one word: `-points`, the most first."""
        return f"-{self.sort}" if self.descending else self.sort

    @classmethod
    def from_address(cls, parameters: Mapping[str, str]) -> Listing:
        """Read a list out of an address; what makes no sense there is left out."""
        order = parameters.get("sort", f"-{DEFAULT_SORT}")
        name = order.removeprefix("-")
        known = name in SORTS
        return cls(
            where=where_parts.read_where(parameters.get("where", "")),
            search=parameters.get("q", "").strip(),
            sort=name if known else DEFAULT_SORT,
            descending=order.startswith("-") if known else True,
        )

    def as_condition(self) -> Document:
        """The conditions as the `when` of a dynamic segment; raise InvalidFilter if there is none such."""
        if self.search.strip():
            raise InvalidFilter("a search cannot be part of a segment: clear the search")
        if not self.where:
            raise InvalidFilter("a segment needs at least one filter")
        return qualified(self.where)


@dataclass(frozen=True)
class Total:
    """The number of contacts; if not `exact`, an estimate or a lower bound."""

    count: int
    exact: bool


@dataclass(frozen=True)
class ContactPage:
    """A page of a list, and the places where its neighbours begin."""

    rows: list[ContactRow]
    next: Cursor | None
    previous: Cursor | None
    total: Total


def page(db: Db, listing: Listing, *, after: Cursor | None = None, limit: int = 50) -> ContactPage:
    """A page of a list.  Raises InvalidFilter and RegexTooComplex.

    A cursor of another order, or one that was tampered with, is the beginning.
    """
    selection, order = _select(db, listing), listing.order
    place = keyset.read_cursor(after, order)
    backwards = place is not None and place.backwards
    found = _read_from(db, selection, place, backwards=backwards, limit=limit + 1)
    more = len(found) > limit
    found = found[:limit]
    if backwards:
        found.reverse()
    has_next, has_previous = (True, more) if backwards else (more, place is not None)
    stored = SORTS[listing.sort].stored
    return ContactPage(
        rows=[row_from(document) for document in found],
        next=keyset.cursor_after(found[-1], order, stored) if found and has_next else None,
        previous=keyset.cursor_before(found[0], order, stored) if found and has_previous else None,
        total=_total(db, selection.query, at_least=len(found)),
    )


def neighbours(db: Db, listing: Listing, contact: ContactId) -> tuple[ContactId | None, ContactId | None]:
    """The contacts before and after one in a list, whether or not it is (still) in it itself."""
    sort = SORTS[listing.sort]
    document = db.contacts.find_one({"_id": contact}, [sort.stored])
    if document is None:
        return None, None
    selection, place = _select(db, listing), keyset.position_of(document, sort.stored)
    before = _read_from(db, selection, place, backwards=True, limit=1, fields=[sort.stored])
    after = _read_from(db, selection, place, backwards=False, limit=1, fields=[sort.stored])
    return tuple(ContactId(found[0]["_id"]) if found else None for found in (before, after))  # type: ignore[return-value]


def walk(db: Db, listing: Listing, *, limit: int = 0) -> Iterator[ContactRow]:
    """All contacts of a list, in its order; a `limit` of 0 is none.

    Raises InvalidFilter, and RegexTooComplex on the way.
    """
    sort, query = SORTS[listing.sort], matching(db, listing)
    order = sort.order(ascending=not listing.descending)
    return _rows(db.contacts.find(query, ROW_FIELDS).sort(order).limit(limit))


def _rows(found: Iterable[Document]) -> Iterator[ContactRow]:
    with regex_errors():
        yield from map(row_from, found)


def matching(db: Db, listing: Listing) -> Document:
    """The query that the contacts of a list meet.  Raises InvalidFilter for what is not declared."""
    return _select(db, listing).query


@dataclass(frozen=True)
class _Selection:
    """A list as a MongoDB query, at one moment."""

    listing: Listing
    tree: Tree | None
    query: Document
    now: datetime


def _select(db: Db, listing: Listing) -> _Selection:
    tree, now = tree_of(db, listing), utc_now()
    met = {} if tree is None else index_query.query(tree, now=now)
    query = _both(LIVING, _both(met, contact_lookup.starting_with(db, listing.search)))
    return _Selection(listing, tree, query, now)


def without_unknown(db: Db, listing: Listing) -> tuple[Listing, list[str]]:
    """The list without conditions that are not declared (any more), and what is wrong with each."""
    words = Vocabulary.of(versions.current(db))
    kept, wrong = [], []
    for part in listing.parts:
        try:
            read_filters(part, words)
            kept.append(part)
        except InvalidRules as error:
            wrong.append(_messages(error))
    return listing.with_parts(kept), wrong


def tree_of(db: Db, listing: Listing) -> Tree | None:
    """The conditions of a list as a tree; unset for none.  Raises InvalidFilter."""
    if not listing.where:
        return None
    try:
        return read_filters(listing.where, Vocabulary.of(versions.current(db)))
    except InvalidRules as error:
        raise InvalidFilter(_messages(error)) from None


def _messages(error: InvalidRules) -> str:
    return "; ".join(problem.message for problem in error.problems)


def _read_from(
    db: Db,
    selection: _Selection,
    place: Position | None,
    *,
    backwards: bool,
    limit: int,
    fields: list[str] | None = None,
) -> list[Document]:
    """Contacts from a place on, in the order of the list or against it."""
    sort = SORTS[selection.listing.sort]
    found: list[Document] = []
    ascending = selection.listing.descending is backwards
    for range_ in _ranges(selection, place, ascending=ascending, backwards=backwards):
        rows = db.contacts.find(_both(selection.query, range_), fields or [*ROW_FIELDS, sort.stored])
        with regex_errors():
            found += list(rows.sort(sort.order(ascending=ascending)).limit(limit - len(found)))
        if len(found) >= limit:
            break
    return found


def _ranges(
    selection: _Selection, place: Position | None, *, ascending: bool, backwards: bool
) -> Iterator[Document]:
    """The rows after a position, as a sequence of queries that an index answers in order."""
    sort = SORTS[selection.listing.sort]
    cuts = inactive_order.WHOLE
    if sort.stored == "active_at":
        cuts = inactive_order.cuts(selection.tree, ascending=ascending, now=selection.now)
    for cut in cuts:
        for range_ in sort.ranges(place, ascending=ascending, backwards=backwards):
            yield _both(cut, range_)


def _both(one: Document, other: Document) -> Document:
    return {"$and": [one, other]} if one and other else one or other


def _total(db: Db, query: Document, *, at_least: int) -> Total:
    if query == LIVING:
        count = db.contacts.estimated_document_count() - db.contacts.count_documents({"deleted": True})
        return Total(count, exact=count <= COUNT_UP_TO)
    # By whichever index leads to the most: that of the filter, or that of the ids where none does.
    counting: list[Document] = [
        {"$match": _both(_ANY_CONTACT, query)},
        {"$limit": COUNT_UP_TO + 1},
        {"$count": "n"},
    ]
    try:
        with regex_errors():
            found = list(db.contacts.aggregate(counting, maxTimeMS=COUNT_TIMEOUT_MS))
    except ExecutionTimeout:
        return Total(at_least, exact=False)
    count = found[0]["n"] if found else 0
    return Total(min(count, COUNT_UP_TO), exact=count <= COUNT_UP_TO)


_ANY_CONTACT: Document = {"_id": {"$gte": ""}}
"""Matches every contact, and an index answers it."""
