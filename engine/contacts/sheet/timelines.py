"""A contact's timeline: its activities, and those of all who became this contact."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from pymongo.database import Database

from engine.contacts.sheet.timeline_rows import Shown, Teller, TimelineRow, plain_words, whole
from engine.domain.activities import ActivityId, ContactId, derived_stream
from engine.pipeline import activity_spans
from engine.rules import rulesets

Document = dict[str, Any]

SCANNED = 5_000
"""Activities that a search looks at before it asks whether to go on."""


BATCH = 1_000
"""Activities that come at once, so that a search that has found enough reads no further."""


class Wanted(msgspec.Struct, frozen=True):
    """What is wanted of a timeline.

    Parameters:
      types: Only these types; none for all.
      first: From this day on, in the account's time zone.
      last: Up to this day, included.
      text: Words that stand in what is shown of an activity; case and accents do not matter.
    """

    types: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None
    text: str = ""

    def __bool__(self) -> bool:
        return bool(self.types or self.first or self.last or self.text.strip())

    def bounds(self, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
        """The days as times: the first included, the last not."""
        since = None if self.first is None else datetime.combine(self.first, time(), zone)
        until = (
            None
            if self.last is None or self.last == date.max
            else datetime.combine(self.last + timedelta(days=1), time(), zone)
        )
        return since, until


EVERYTHING = Wanted()


class TimelinePage(msgspec.Struct, frozen=True):
    """Some rows of the timeline, the newest first; `next` continues it.

    After a search `scanned` is how many activities were looked at, and `reached` how far
    back: if there is more, the search can be gone on with.
    """

    rows: list[TimelineRow]
    next: str | None
    scanned: int | None = None
    reached: datetime | None = None


def timeline(
    db: Database[Document],
    contact_id: ContactId,
    *,
    wanted: Wanted = EVERYTHING,
    before: str | None = None,
    limit: int = 50,
    scan: int = SCANNED,
    shown: Shown = whole,
) -> TimelinePage:
    """A contact's activities, the newest first, and those of all who became this contact.

    A search reads at most `scan` of them, and finds what is `shown`: nobody learns by it
    what they may not see.
    """
    contact = activity_spans.held(db, contact_id)
    if contact is None:
        return TimelinePage([], None)
    place, ruleset = _place(before), rulesets.current(db)
    told = Teller(db, contact, ruleset, shown)
    documents = _documents(db, contact, wanted, place, ruleset.account.time_zone)
    if wanted.text.strip():
        return _searched(documents, wanted.text, told, limit=limit, scan=scan)
    rows = list(islice(documents(limit + 1), limit + 1))
    return TimelinePage(told.rows(rows[:limit]), _after(rows[limit - 1]) if len(rows) > limit else None)


Documents = Callable[[int], Iterator[Document]]
"""Gives activities, the newest first, reading so many at first."""


def _documents(
    db: Database[Document], contact: Document, wanted: Wanted, place: Place | None, zone: ZoneInfo
) -> Documents:
    since, until = wanted.bounds(zone)
    more: Document = {"state": "applied"}
    if wanted.types:
        more["type"] = {"$in": list(wanted.types)}
    if place is not None:
        until = min(until or place[0] + _A_MOMENT, place[0] + _A_MOMENT)
        more["$nor"] = [{"happened_at": place[0], "_id": {"$gte": place[1]}}]
    query = activity_spans.query(contact, more, since=since, until=until)
    untold = [
        row
        for row in enterings_by_publishing(db, contact)
        if (not wanted.types or row["type"] in wanted.types)
        and (since is None or row["happened_at"] >= since)
        and (until is None or row["happened_at"] < until)
        and (place is None or _moment(row) < place)
    ]

    def read(number: int) -> Iterator[Document]:
        stored = (
            db.activities.find(query).sort([("happened_at", -1), ("_id", -1)]).limit(number).batch_size(BATCH)
        )
        return _merged(stored, untold)

    return read


_A_MOMENT = timedelta(milliseconds=1)
"""The least that two times differ by."""


def _merged(stored: Iterable[Document], untold: list[Document]) -> Iterator[Document]:
    """Both, the newest first; the second are few."""
    waiting = sorted(untold, key=_moment)
    for row in stored:
        while waiting and _moment(waiting[-1]) > _moment(row):
            yield waiting.pop()
        yield row
    yield from reversed(waiting)


# Search


def _searched(documents: Documents, text: str, told: Teller, *, limit: int, scan: int) -> TimelinePage:
    """What is found among the next `scan` activities, `limit` of it at most."""
    words = plain_words(text).split()
    found: list[Document] = []
    scanned, last, more = 0, None, False
    for row in documents(scan + 1):
        if scanned == scan or len(found) == limit:
            more = True
            break
        scanned, last = scanned + 1, row
        said = told.words(row)
        if all(word in said for word in words):
            found.append(row)
    reached = None if last is None else last["happened_at"]
    next_ = _after(last) if more and last is not None else None
    return TimelinePage(told.rows(found), next_, scanned=scanned, reached=reached)


def enterings_by_publishing(db: Database[Document], contact: Document) -> list[Document]:
    """Segments that a contact entered because they were published, as rows of the timeline.

    They are not stored as such: the contact says since when it is in a segment, and where
    it left one, the note of that does.  `contact` is its document: id and segments are needed.
    """
    published = set(rulesets.rulebook(db).boundaries)
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


# Places

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
