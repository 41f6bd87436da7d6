"""A contact's timeline: its activities, those of the contacts that were merged into it included."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import msgspec

from engine.contacts.sheet.timeline_rows import RowBuilder, RowMask, TimelineRow, search_text, unmasked
from engine.db import Db
from engine.domain.activities import ActivityId, ContactId, derived_stream
from engine.domain.document import Document
from engine.pipeline import activity_spans
from engine.rules import versions

SCANNED = 5_000
"""Activities that one search reads; its page then says that there are more."""


BATCH = 1_000
"""Activities of one batch from MongoDB, so that a search that found enough reads no further."""


class TimelineFilter(msgspec.Struct, frozen=True):
    """The activities that a timeline shows.

    Parameters:
      types: Only these types; none for all.
      first: From this day on, in the account's time zone.
      last: Up to this day, included.
      text: Words that its row must contain; case and accents do not matter.
    """

    types: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None
    text: str = ""

    def __bool__(self) -> bool:
        return bool(self.types or self.first or self.last or self.text.strip())

    def bounds(self, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
        """Return the days as moments: the first inclusive, the last exclusive."""
        since = None if self.first is None else datetime.combine(self.first, time(), zone)
        until = (
            None
            if self.last is None or self.last == date.max
            else datetime.combine(self.last + timedelta(days=1), time(), zone)
        )
        return since, until


EVERYTHING = TimelineFilter()


class TimelinePage(msgspec.Struct, frozen=True):
    """A page of the timeline, the latest rows first; `next` is the cursor of the next page.

    Of a search, `scanned` is how many activities it read, and `reached` how far back: with `next` it
    can go on.
    """

    rows: list[TimelineRow]
    next: str | None
    scanned: int | None = None
    reached: datetime | None = None


def timeline(
    db: Db,
    contact_id: ContactId,
    *,
    where: TimelineFilter = EVERYTHING,
    before: str | None = None,
    limit: int = 50,
    scan: int = SCANNED,
    mask: RowMask = unmasked,
) -> TimelinePage:
    """Return a contact's activities, the latest first.

    A search reads at most `scan` of them, and looks in rows after the `mask`: it reveals nothing that
    is masked.
    """
    contact = activity_spans.held(db, contact_id)
    if contact is None:
        return TimelinePage([], None)
    place, ruleset = _place(before), versions.current(db)
    builder = RowBuilder(db, contact, ruleset, mask)
    documents = _documents(db, contact, where, place, ruleset.account.time_zone)
    if where.text.strip():
        return _search(documents, where.text, builder, limit=limit, scan=scan)
    rows = list(islice(documents(limit + 1), limit + 1))
    return TimelinePage(builder.rows(rows[:limit]), _after(rows[limit - 1]) if len(rows) > limit else None)


Documents = Callable[[int], Iterator[Document]]
"""Yields activities, the latest first; the argument is how many are needed."""


def _documents(
    db: Db, contact: Document, where: TimelineFilter, place: Place | None, zone: ZoneInfo
) -> Documents:
    since, until = where.bounds(zone)
    more: Document = {"state": "applied"}
    if where.types:
        more["type"] = {"$in": list(where.types)}
    if place is not None:
        until = min(until or place[0] + _RESOLUTION, place[0] + _RESOLUTION)
        more["$nor"] = [{"happened_at": place[0], "_id": {"$gte": place[1]}}]
    query = activity_spans.query(contact, more, since=since, until=until)
    computed = [
        row
        for row in entered_by_publishing(db, contact)
        if (not where.types or row["type"] in where.types)
        and (since is None or row["happened_at"] >= since)
        and (until is None or row["happened_at"] < until)
        and (place is None or _moment(row) < place)
    ]

    def read(number: int) -> Iterator[Document]:
        stored = (
            db.activities.find(query).sort([("happened_at", -1), ("_id", -1)]).limit(number).batch_size(BATCH)
        )
        return _merged(stored, computed)

    return read


_RESOLUTION = timedelta(milliseconds=1)
"""The resolution of times."""


def _merged(stored: Iterable[Document], computed: list[Document]) -> Iterator[Document]:
    """Merge both, the latest first; the second are few."""
    waiting = sorted(computed, key=_moment)
    for row in stored:
        while waiting and _moment(waiting[-1]) > _moment(row):
            yield waiting.pop()
        yield row
    yield from reversed(waiting)


# Search


def _search(documents: Documents, text: str, builder: RowBuilder, *, limit: int, scan: int) -> TimelinePage:
    """Find at most `limit` rows among the next `scan` activities."""
    words = search_text(text).split()
    found: list[Document] = []
    scanned, last, more = 0, None, False
    for row in documents(scan + 1):
        if scanned == scan or len(found) == limit:
            more = True
            break
        scanned, last = scanned + 1, row
        searched = builder.searchable(row)
        if all(word in searched for word in words):
            found.append(row)
    reached = None if last is None else last["happened_at"]
    next_ = _after(last) if more and last is not None else None
    return TimelinePage(builder.rows(found), next_, scanned=scanned, reached=reached)


def entered_by_publishing(db: Db, contact: Document) -> list[Document]:
    """Return the segments that a contact entered because rules were published, as activities.

    They are not stored: the contact holds since when it is in a segment, and the `segment_left` of one
    that it left does.  `contact` is its document, of which the id and segments are needed.
    """
    published = set(versions.rulebook(db).boundaries)
    if not published:
        return []
    since_of = list(contact.get("segments", {}).items())
    stream = derived_stream(contact["_id"])
    for row in db.activities.find({"stream": stream, "type": "segment_left"}, {"properties": 1}):
        since_of.append((row["properties"]["segment"], row["properties"].get("since")))
    return [
        {
            "_id": f"{contact['_id']}@{since.isoformat()}:segment_entered:{segment}",
            "type": "segment_entered",
            "stream": stream,
            "happened_at": since,
            "received_at": since,
            "derived": True,
            "properties": {"segment": segment},
        }
        for segment, since in since_of
        if since in published
    ]


# Cursors

Place = tuple[datetime, ActivityId]


def _moment(row: Document) -> Place:
    return row["happened_at"], row["_id"]


def _after(row: Document) -> str:
    return f"{row['happened_at'].isoformat()}~{row['_id']}"


def _place(before: str | None) -> Place | None:
    match = re.fullmatch(r"([^~]+)~(.+)", before or "", re.DOTALL)
    if match is None:
        return None
    try:
        at = datetime.fromisoformat(match[1])
    except ValueError:
        return None
    return None if at.tzinfo is None else (at, ActivityId(match[2]))
