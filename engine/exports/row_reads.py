"""Rows from MongoDB, in batches, column by column.

MongoDB picks the values out of its documents, so that nothing else travels, and sends them on
without being asked for more, so that it finds the next while these are written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from pymongo import CursorType
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from engine.domain.document import Document
from engine.exports.column import Column

Order = Sequence[tuple[str, int]]

Values = list[Sequence[Any]]
"""Rows, column by column."""

READ = 200
"""Rows that are read at once.  Of thousands Python's garbage collector would go through each again
and again, which takes longer than to read them."""

READS = 25
"""Reads of one batch: what is done to a column is done to many values at once."""

ROW = "row"
"""The field with a row's values in column order: a list is read much faster than names."""


@dataclass(frozen=True)
class Batch:
    """A batch of rows by column, and the number of contacts read so far."""

    contacts: int
    rows: int
    columns: Values


def streamed(
    collection: Collection[Document], query: Document, picked: Document, order: Order, session: ClientSession
) -> Iterator[list[Document]]:
    """The results of a query in batches, as MongoDB streams them."""
    with collection.find(
        query, picked, sort=order, session=session, batch_size=READ, allow_disk_use=True,
        cursor_type=CursorType.EXHAUST,
    ) as cursor:  # fmt: skip
        while rows := list(islice(cursor, READ)):
            yield rows


def joined(reads: Iterator[Values]) -> Iterator[Values]:
    """Several reads as one, column by column."""
    while some := list(islice(reads, READS)):
        yield [list(chain.from_iterable(values)) for values in zip(*some, strict=True)]


def picked(columns: Iterable[Column]) -> Document:
    return {ROW: [column.found for column in columns]}


def made(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> Values:
    """Rows as columns, each value as the file has it."""
    return [
        values if column.made is None else list(map(column.made, values))
        for column, values in zip(columns, zip(*rows, strict=True), strict=True)
    ]
