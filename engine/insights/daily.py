"""Daily figures: orders and revenue, first orders, changes of status, bounces.

Beside them, what was sold (`daily_lines`) and the failures of sent messages (`daily_failures`).

A day is computed whole, from what is there, and written over what was: done twice it is the
same, and nothing is ever added to a sum.  Every commit that changes the figures of a day leaves
a mark of it in the same transaction; a mark goes once the day has been computed after it.
So late activities are counted, also after a crash.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from bson.decimal128 import Decimal128

from engine.db import Db
from engine.domain.bounces import EVIDENCE, kind_of
from engine.domain.daily_figures import COUNTED_TYPES, STATUS_CHANGED, hour_of
from engine.domain.document import Document
from engine.insights import claims, daily_failures, daily_lines
from engine.rules import versions

Clock = Callable[[], datetime]

PORTION = 31
"""Days that are computed at once."""

MARKS = 500
"""Marks that are looked at together."""

SHAPE = 3
"""What a day holds; when it grows, all days are computed again."""

HOUR = timedelta(hours=1)

_WORK = "daily"
_ZONE = "daily_zone"


@dataclass(frozen=True)
class Sales:
    """Orders of one currency; an unset `currency` is the account's.

    `amount` is what was paid and not given back; that of `unclear` orders is unreadable.  Cancelled
    orders are no orders.
    """

    currency: str | None
    orders: int
    amount: Decimal
    refunded: Decimal
    cancelled: int
    unclear: int = 0


@dataclass(frozen=True)
class FirstOrders:
    """The first orders of new customers in one currency: one for each customer.

    They are in `Sales`, too.
    """

    currency: str | None
    orders: int
    amount: Decimal


@dataclass(frozen=True)
class Day:
    """A day's figures.

    `counted` are activities by type and, for bounces, kind (see `engine.domain.bounces`); `moved` are
    changes of status by machine and state reached, `left` by machine and state left.
    """

    day: date
    sales: Sequence[Sales] = ()
    counted: dict[tuple[str, str], int] = field(default_factory=dict)
    moved: dict[tuple[str, str], int] = field(default_factory=dict)
    left: dict[tuple[str, str], int] = field(default_factory=dict)
    first_orders: Sequence[FirstOrders] = ()


@dataclass(frozen=True)
class StoredDays:
    """The requested days, in order and without a gap, and their freshness.

    `stale` are those still to be computed; `at` is unset until all have been, once.
    """

    days: list[Day]
    at: datetime | None
    stale: frozenset[date]


def stored_days(db: Db, first: date, last: date) -> StoredDays:
    """Read the stored days: one small row per day."""
    zone = str(versions.current(db).account.time_zone)
    query = {"_id": {"$gte": first.isoformat(), "$lte": last.isoformat()}, "zone": zone}
    found = {row["_id"]: _day_of(row) for row in db.daily.find(query)}
    marked = {day for mark in db.stale_hours.find().limit(MARKS) for day in _days(mark["hours"], zone)}
    state = db.installation.find_one({"_id": _ZONE}) or {}
    current = state.get("zone") == zone
    return StoredDays(
        days=[found.get(day.isoformat(), Day(day)) for day in days_between(first, last)],
        at=state.get("at") if current else None,
        stale=frozenset(day for day in marked if first <= day <= last),
    )


def days_between(first: date, last: date) -> Iterator[date]:
    """Every day from the first to the last, both included."""
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def mark(db: Db, moments: Iterable[datetime], *, id_: str) -> None:
    """Mark the hours of some moments for a recount."""
    hours = sorted({hour_of(at) for at in moments})
    db.stale_hours.update_one({"_id": id_}, {"$set": {"hours": hours}}, upsert=True)


def any_marked(db: Db) -> bool:
    """Whether a day is to be computed again."""
    return db.stale_hours.find_one({}, {"_id": 1}) is not None


def refresh(db: Db, *, clock: Clock) -> int:
    """Compute days that are marked; return how many.  One process does it at a time.

    After a change of the account's time zone, and at the very first, these are all days.
    """
    number = claims.claim(db, _WORK, now=clock())
    if number is None:
        return 0
    account = versions.current(db).account
    zone = str(account.time_zone)
    _begin_zone(db, zone, now=clock())
    began = clock()
    marks = list(db.stale_hours.find().sort("_id", 1).limit(MARKS))
    days = sorted({day for mark in marks for day in _days(mark["hours"], zone)})
    for run in _runs(days):
        if not claims.renew(db, _WORK, number, now=clock()):
            return 0
        _compute(db, run[0], run[-1], zone=zone, number=number, now=clock())
        begins, ends = bounds(run[0], run[-1], account.time_zone)
        daily_lines.compute(db, begins, ends, run, number=number, account=account)
        daily_failures.compute(db, begins, ends, run, number=number, zone=account.time_zone)
    db.stale_hours.delete_many({"_id": {"$in": [mark["_id"] for mark in marks]}})
    if len(marks) < MARKS:  # what was committed before is in all of it
        db.installation.update_one({"_id": _ZONE, "zone": zone}, {"$set": {"at": began}})
    claims.release(db, _WORK, number)
    return len(days)


def _begin_zone(db: Db, zone: str, *, now: datetime) -> None:
    """Mark all of the past, unless it was divided into days of this zone before, with the present figures."""
    state = db.installation.find_one({"_id": _ZONE})
    if state is not None and state["zone"] == zone and state.get("shape") == SHAPE:
        return
    first = min(_earliest(db), default=now)
    days = int((now - first) / (24 * HOUR)) + 2
    # Each day's mark is an hour of it: twelve apart, so that no day of any zone is left out.
    mark(db, (first + 12 * HOUR * step for step in range(2 * days)), id_="all")
    db.installation.replace_one({"_id": _ZONE}, {"zone": zone, "shape": SHAPE, "at": None}, upsert=True)


def _earliest(db: Db) -> Iterator[datetime]:
    counted = db.activities.find({"type": {"$in": list(COUNTED_TYPES)}}, {"happened_at": 1})
    yield from (row["happened_at"] for row in counted.sort("happened_at", 1).limit(1))
    placed = {"commerce.book.placed_at": {"$exists": True}}
    first = db.contacts.find(placed, {"commerce.book.placed_at": 1}).sort("commerce.book.placed_at", 1)
    for row in first.limit(1):
        yield from (order["placed_at"] for order in row["commerce"]["book"] if "placed_at" in order)


def _days(hours: Iterable[datetime], zone: str) -> Iterator[date]:
    """The days that an hour has a part in: two where a zone is not whole hours away."""
    place = ZoneInfo(zone)
    for hour in hours:
        yield hour.astimezone(place).date()
        yield (hour + HOUR - timedelta(milliseconds=1)).astimezone(place).date()


def _runs(days: Sequence[date]) -> Iterator[list[date]]:
    """Days that follow each other, a portion at a time."""
    run: list[date] = []
    for day in days:
        if run and (day - run[-1] > timedelta(days=1) or len(run) == PORTION):
            yield run
            run = []
        run.append(day)
    if run:
        yield run


def bounds(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The start of the first day and the end of the last one."""
    after = last + timedelta(days=1)
    return datetime.combine(first, time(), zone), datetime.combine(after, time(), zone)


def _compute(db: Db, first: date, last: date, *, zone: str, number: int, now: datetime) -> None:
    begins, ends = bounds(first, last, ZoneInfo(zone))
    rows: dict[str, Document] = {
        day.isoformat(): {"zone": zone, "number": number, "at": now, "sales": [], "counted": [], "moved": []}
        for day in days_between(first, last)
    }
    for sale in db.contacts.aggregate(_sales(begins, ends, zone)):
        rows[sale["_id"].pop("day")]["sales"].append({**sale.pop("_id"), **sale})
    for found in db.activities.aggregate(_happenings(begins, ends, zone)):
        group = found.pop("_id")
        kind = "moved" if group["type"] == STATUS_CHANGED else "counted"
        rows[group.pop("day")][kind].append({**group, "n": found["n"]})
    for (day, type_, kind), n in _bounces(db, begins, ends, zone).items():
        rows[day]["counted"].append({"type": type_, "bounce": kind, "n": n})
    for day, row in rows.items():
        claims.write(db.daily, day, row)


def _bounces(db: Db, begins: datetime, ends: datetime, zone: str) -> Counter[tuple[str, str, str]]:
    """The bounces by day, type and kind, as statuses count them: by their codes and words, too."""
    place, found = ZoneInfo(zone), Counter[tuple[str, str, str]]()
    types = _counted(besides=[type_ for type_ in COUNTED_TYPES if type_ not in _BOUNCED])
    query = {"happened_at": {"$gte": begins, "$lt": ends}, "type": types, "state": "applied"}
    fields = ["type", "happened_at", *(f"properties.{name}" for name in ("bounce", *EVIDENCE))]
    for row in db.activities.find(query, fields):
        day = row["happened_at"].astimezone(place).date().isoformat()
        found[(day, row["type"], kind_of(row.get("properties", {})))] += 1
    return found


_BOUNCED = ["email_bounced", "sms_bounced"]


def _counted(*, besides: list[str]) -> Document:
    """Matches counted types but some, in the words of the partial index, which no others find."""
    return {"$in": list(COUNTED_TYPES), "$nin": besides}


def _sales(begins: datetime, ends: datetime, zone: str) -> list[Document]:
    """Orders by day and currency, from the books of the contacts."""
    placed = {"$gte": begins, "$lt": ends}
    amount = {"$ifNull": ["$order.amount", Decimal128("0")]}
    refunded = {"$ifNull": ["$order.refunded", Decimal128("0")]}
    counts = {"$ne": ["$order.cancelled", True]}
    unclear = {"$and": [counts, {"$lte": ["$order.amount", None]}]}
    first = {"$and": [counts, {"$eq": ["$place", "$first"]}]}
    paid = {"$subtract": [amount, refunded]}
    return [
        {"$match": {"commerce.book": {"$elemMatch": {"placed_at": placed}}}},
        {"$project": {"order": "$commerce.book", "first": _first_order()}},
        {"$unwind": {"path": "$order", "includeArrayIndex": "place"}},
        {"$match": {"order.placed_at": placed}},
        {
            "$group": {
                "_id": {"day": local_day("$order.placed_at", zone), "currency": "$order.currency"},
                "orders": {"$sum": {"$cond": [counts, 1, 0]}},
                "amount": {"$sum": {"$cond": [counts, paid, Decimal128("0")]}},
                "refunded": {"$sum": {"$cond": [counts, refunded, Decimal128("0")]}},
                "cancelled": {"$sum": {"$cond": [counts, 0, 1]}},
                "unclear": {"$sum": {"$cond": [unclear, 1, 0]}},
                "first_orders": {"$sum": {"$cond": [first, 1, 0]}},
                "first_amount": {"$sum": {"$cond": [first, paid, Decimal128("0")]}},
            }
        },
        {"$sort": {"_id.currency": 1}},
    ]


def _first_order() -> Document:
    """The place in the book of the contact's first order that counts."""
    counted = {"$cond": [{"$eq": ["$$this.cancelled", True]}, None, {"$ifNull": ["$$this.placed_at", None]}]}
    times = {"$map": {"input": "$commerce.book", "in": counted}}
    return {"$toLong": {"$indexOfArray": [times, "$commerce.first_order_at"]}}


def _happenings(begins: datetime, ends: datetime, zone: str) -> list[Document]:
    """The activities counted by day, but bounces."""
    of_moves = {"$eq": ["$type", STATUS_CHANGED]}
    return [
        {
            "$match": {
                "happened_at": {"$gte": begins, "$lt": ends},
                "type": _counted(besides=_BOUNCED),
                "state": "applied",
                # A sender may call something of its own by our name.
                "$or": [{"derived": True}, {"type": {"$ne": STATUS_CHANGED}}],
            }
        },
        {
            "$group": {
                "_id": {
                    "day": local_day("$happened_at", zone),
                    "type": "$type",
                    "machine": {"$cond": [of_moves, "$properties.machine", "$$REMOVE"]},
                    "from": {"$cond": [of_moves, "$properties.from", "$$REMOVE"]},
                    "to": {"$cond": [of_moves, "$properties.to", "$$REMOVE"]},
                },
                "n": {"$sum": 1},
            }
        },
        {"$sort": {"_id": 1}},
    ]


def local_day(at: str, zone: str) -> Document:
    """The day of a field with a time, for an aggregation."""
    return {"$dateToString": {"date": at, "format": "%Y-%m-%d", "timezone": zone}}


def _day_of(row: Document) -> Day:
    counted: dict[tuple[str, str], int] = {}
    moved: dict[tuple[str, str], int] = {}
    left: dict[tuple[str, str], int] = {}
    for found in row["counted"]:
        counted[(found["type"], found.get("bounce", ""))] = found["n"]
    for found in row["moved"]:
        reached, gone = (found["machine"], found["to"]), (found["machine"], found["from"])
        moved[reached] = moved.get(reached, 0) + found["n"]
        left[gone] = left.get(gone, 0) + found["n"]
    return Day(
        date.fromisoformat(row["_id"]),
        [_sales_of(found) for found in row["sales"]],
        counted,
        moved,
        left,
        [
            FirstOrders(found.get("currency"), found["first_orders"], found["first_amount"])
            for found in row["sales"]
            if found.get("first_orders")
        ],
    )


def _sales_of(found: Document) -> Sales:
    return Sales(
        found.get("currency"),
        found["orders"],
        found["amount"],
        found["refunded"],
        found["cancelled"],
        found.get("unclear", 0),
    )
