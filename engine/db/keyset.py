"""Keyset paging: positions in a sorted list, and the ranges before and after them.

The order is total: contacts with equal values, or none, are ordered by their ids.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import bson
from bson.errors import InvalidBSON
from pymongo.collection import Collection

from engine.db.codecs import CODEC
from engine.domain.document import Document

Cursor = str
"""A position in the list, opaque and safe in an address."""


@dataclass(frozen=True)
class Position:
    """The position of a contact: its value of the sort field, and its id."""

    value: Any
    id: str
    backwards: bool = False


@dataclass(frozen=True)
class Sort:
    """An order of the list, by the field `stored` of the contact's document.

    Contacts without a value count as the least, or with `blanks_last` come last whichever
    way it is sorted.
    """

    id: str
    label: str
    stored: str
    blanks_last: bool = False

    def order(self, *, ascending: bool) -> list[tuple[str, int]]:
        """The order as MongoDB takes it; an index has it in one of the two directions."""
        way = 1 if ascending else -1
        return [(self.stored, way), ("_id", way)]

    def ranges(self, position: Position | None, *, ascending: bool, backwards: bool) -> Iterator[Document]:
        """The rows after a position, as a sequence of queries, each a range of the index.

        `ascending` is the way that values go; `backwards` says that it is against the
        order of the list.
        """
        blanks_first = backwards if self.blanks_last else ascending
        if position is None:
            yield from self._all(blanks_first=blanks_first, ascending=ascending)
            return
        than = "$gt" if ascending else "$lt"
        yield {self.stored: position.value, "_id": {than: position.id}}
        if position.value is not None:
            yield {self.stored: {than: position.value}}
        if blanks_first is (position.value is None):
            yield self._valued if position.value is None else self._blank

    def _all(self, *, blanks_first: bool, ascending: bool) -> Iterator[Document]:
        if blanks_first is ascending:
            yield {}
        else:
            yield from (self._blank, self._valued) if blanks_first else (self._valued, self._blank)

    @property
    def _blank(self) -> Document:
        return {self.stored: None}

    @property
    def _valued(self) -> Document:
        return {self.stored: {"$ne": None}}


def position_of(document: Document, stored: str) -> Position:
    """The position of a contact."""
    value: Any = document
    for step in stored.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return Position(value, document["_id"])


def cursor_after(document: Document, order: str, stored: str) -> Cursor:
    """The position right behind a contact."""
    return _cursor("after", order, position_of(document, stored))


def cursor_before(document: Document, order: str, stored: str) -> Cursor:
    """The position right before a contact, to go back from."""
    return _cursor("before", order, position_of(document, stored))


def read_cursor(cursor: Cursor | None, order: str) -> Position | None:
    """Read a position back; unset for one of another order, or that was tampered with."""
    if not cursor:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        payload = bson.decode(base64.urlsafe_b64decode(padded), CODEC)
    except (ValueError, InvalidBSON):
        return None
    if payload.get("order") != order or not isinstance(payload.get("id"), str):
        return None
    if isinstance(payload.get("value"), dict | list):
        return None
    return Position(payload.get("value"), payload["id"], backwards=payload.get("side") == "before")


def latest_after(
    collection: Collection[Document], query: Document, order: Sort, after: Cursor | None, *, limit: int
) -> Iterator[Document]:
    """The rows of a query behind a position, the largest values first, `limit` at most."""
    for bounds in order.ranges(read_cursor(after, order.id), ascending=False, backwards=False):
        found = collection.find({"$and": [query, bounds]}).sort(order.order(ascending=False)).limit(limit)
        for row in found:
            yield row
            limit -= 1
        if limit <= 0:
            return


def _cursor(side: str, order: str, position: Position) -> Cursor:
    payload = bson.encode(
        {"side": side, "order": order, "value": position.value, "id": position.id}, codec_options=CODEC
    )
    return base64.urlsafe_b64encode(payload).decode().rstrip("=")
