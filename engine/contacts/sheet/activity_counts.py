"""How many activities a contact has: by type, and over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Literal

import msgspec

from engine.contacts.sheet.timelines import entered_by_publishing
from engine.db import Db
from engine.domain.activities import ContactId
from engine.domain.document import Document
from engine.pipeline import activity_spans
from engine.rules import versions

COUNTED = 20_000
"""Activities that are counted, the latest; a contact with more is usually a machine."""

DAYS, WEEKS = 62, 62 * 7
"""The longest spans that a chart shows by day, and by week; a longer one it shows by month."""

Unit = Literal["day", "week", "month"]


class TypeCount(msgspec.Struct, frozen=True):
    """A type of activity, and how many there are."""

    type: str
    label: str
    icon: str
    count: int


class Counts(msgspec.Struct, frozen=True):
    """Numbers of activities: by type, the most frequent first, and by day in the account's time zone.

    `whole` is false if only the latest were counted, from the first of `days` on.
    """

    types: list[TypeCount]
    days: dict[date, dict[str, int]]
    whole: bool

    @property
    def total(self) -> int:
        return sum(type_.count for type_ in self.types)


class Period(msgspec.Struct, frozen=True):
    """A range of days, the last one included, with its number of activities."""

    first: date
    last: date
    count: int


NOTHING = Counts([], {}, whole=True)


def counts(db: Db, contact_id: ContactId) -> Counts:
    """Count the latest activities of a contact, from an index alone.

    An activity that was just received counts a moment before the timeline shows it.
    """
    contact = activity_spans.held(db, contact_id)
    if contact is None:
        return NOTHING
    ruleset = versions.current(db)
    zone = ruleset.account.time_zone
    found: Counter[tuple[str, str]] = Counter()
    for row in db.activities.aggregate(_counting(contact, str(zone))):
        found[row["_id"]["day"], row["_id"]["type"]] += row["n"]
    number = sum(found.values())
    for row in _failed(db, contact):
        found[row["happened_at"].astimezone(zone).date().isoformat(), row["type"]] -= 1
    for row in entered_by_publishing(db, contact):
        found[row["happened_at"].astimezone(zone).date().isoformat(), row["type"]] += 1
    days: dict[date, dict[str, int]] = {}
    types: Counter[str] = Counter()
    for (day, type_), count in sorted(found.items()):
        if count > 0:
            days.setdefault(date.fromisoformat(day), {})[type_] = count
            types[type_] += count
    catalog = ruleset.catalog
    return Counts(
        [TypeCount(type_, catalog.label(type_), catalog.icon(type_), n) for type_, n in types.most_common()],
        days,
        whole=number < COUNTED,
    )


def _counting(contact: Document, zone: str) -> list[Document]:
    """A covered query: it reads the index and no activity."""
    day = {"$dateToString": {"date": "$happened_at", "format": "%Y-%m-%d", "timezone": zone}}
    return [
        {"$match": activity_spans.query(contact)},
        {"$sort": {"happened_at": -1, "_id": -1}},
        {"$limit": COUNTED},
        {"$group": {"_id": {"day": day, "type": "$type"}, "n": {"$sum": 1}}},
    ]


def _failed(db: Db, contact: Document) -> Iterable[Document]:
    """The activities that failed, found by the small index over all that failed."""
    query = activity_spans.query(contact, {"state": "failed"})
    return db.activities.find(query, {"type": 1, "happened_at": 1}).hint([("failure.at", 1)])


def periods(counts: Counts, types: Iterable[str] = ()) -> tuple[Unit, list[Period]]:
    """Return the numbers of activities of some types (none: all) by period, empty periods included."""
    chosen = set(types)
    if not counts.days:
        return "day", []
    first, last = min(counts.days), max(counts.days)
    unit = _unit((last - first).days + 1)
    found: Counter[date] = Counter()
    for day, of_day in counts.days.items():
        found[_begin(day, unit)] += sum(n for type_, n in of_day.items() if not chosen or type_ in chosen)
    return unit, [
        Period(begin, _next(begin, unit) - timedelta(days=1), found[begin])
        for begin in _begins(_begin(first, unit), last, unit)
    ]


def _unit(days: int) -> Unit:
    if days <= DAYS:
        return "day"
    return "week" if days <= WEEKS else "month"


def _begins(begin: date, last: date, unit: Unit) -> Iterator[date]:
    while begin <= last:
        yield begin
        begin = _next(begin, unit)


def _begin(day: date, unit: Unit) -> date:
    if unit == "day":
        return day
    return day - timedelta(days=day.weekday()) if unit == "week" else day.replace(day=1)


def _next(begin: date, unit: Unit) -> date:
    if unit == "month":
        return (begin + timedelta(days=31)).replace(day=1)
    return begin + timedelta(days=1 if unit == "day" else 7)
