"""`pages`: server time of what a page asks, against the bare driver returning the same rows.

Each figure is the median of several askings, in milliseconds, on a small crowd and on the
full one; `growth` is the second against the first.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from engine.contacts.contact_rows import ROW_FIELDS
from engine.contacts.listing import listing
from engine.contacts.listing.listing import SORTS, Listing
from engine.contacts.sheet import activity_counts, sheets, timelines
from engine.contacts.sheet.timelines import TimelineFilter
from engine.db import Db
from engine.db.connection import utc_now
from engine.domain.activities import ContactId
from engine.domain.document import Document
from engine.rules import versions
from engine.rules.conditions.filter_reader import read_filters
from engine.rules.conditions.vocabulary import Vocabulary
from tests.bench.crowd import make_crowd
from tests.bench.measure import Result, Size, servers

Work = Callable[[], object]

SIZES: dict[Size, tuple[int, int]] = {"small": (1_000, 5_000), "full": (10_000, 1_000_000)}
"""Contacts of the small crowd and of the full one; five activities each."""

ROUNDS = 7
PAGE = 50


@dataclass(frozen=True)
class Asked:
    """A question as a page asks it, and as somebody would by hand."""

    name: str
    ours: Work
    bare: Work


def bench_pages(size: Size) -> list[Result]:
    """Ask everything of both crowds."""
    few, many = SIZES[size]
    with servers(cache_gb=0.25 if size == "small" else 4.0) as running:
        figures = []
        for count in (few, many):
            db = running.database(f"crowd_{count}")
            make_crowd(db, count)
            figures.append({asked.name: (_ms(asked.ours), _ms(asked.bare)) for asked in _questions(db)})
    before, after = figures
    return [
        Result(
            f"pages: {name}",
            size,
            ours,
            bare,
            "ms; the limit is the bare driver returning the same rows",
            {"contacts": many, "growth": round(ours / before[name][0], 2)},
        )
        for name, (ours, bare) in after.items()
    ]


def _ms(work: Work) -> float:
    work()
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1_000)
    return median(times)


def _questions(db: Db) -> list[Asked]:
    asked = [_page(db, f"sorted by {sort}", Listing(sort=sort), {}) for sort in SORTS]
    asked += [_page(db, name, Listing(where=where), bare) for name, where, bare in _filters()]
    middle = db.contacts.find_one({}, sort=[("points.total", 1), ("_id", 1)], skip=900)
    assert middle is not None
    key = str(middle["keys"][0])
    return [
        *asked,
        _reading(db),
        _page(db, "a search", Listing(search="person12"), {"keys": {"$gte": "e:person12", "$lt": "e:person13"}}),
        _page(db, "a search that many meet", Listing(search="ana"), {"names": {"$gte": "ana", "$lt": "anb"}}),
        _deep(db),
        _neighbours(db, middle["_id"]),
        Asked(
            "a sheet",
            lambda: sheets.sheet(db, middle["_id"], now=utc_now()),
            lambda: db.contacts.find_one({"_id": middle["_id"]}),
        ),
        *_timelines(db, "a timeline", middle["_id"], key),
        *_timelines(db, "a timeline of very many", *_busiest(db)),
    ]  # fmt: skip


BUSY = 20_000
"""Activities of the one contact that has very many."""


def _busiest(db: Db) -> tuple[ContactId, str]:
    """A contact that did as much as a machine, made for it."""
    contact = db.contacts.find_one({}, sort=[("points.total", -1), ("_id", 1)])
    assert contact is not None
    key, now = str(contact["keys"][0]), utc_now()
    kinds = ("page_visited", "product_visited", "searched", "email_sent")
    db.activities.insert_many(
        {
            "_id": f"busy-{number}", "type": kinds[number % 4], "stream": key, "lane": 0, "state": "applied",
            "happened_at": now - timedelta(minutes=17 * number), "received_at": now,
            "properties": {"product_id": f"p{number}", "name": f"Trail shoe {number}", "price": 89.5},
        }
        for number in range(BUSY)
    )  # fmt: skip
    return contact["_id"], key


def _timelines(db: Db, name: str, contact: ContactId, key: str) -> list[Asked]:
    """The questions of the Activity tab, against the bare driver on the one stream."""
    month = utc_now() - timedelta(days=30)

    def asked(what: str, wanted: TimelineFilter, bare: Document) -> Asked:
        return Asked(
            f"{name}{what}",
            lambda: timelines.timeline(db, contact, where=wanted),
            lambda: list(
                db.activities.find({"stream": key, **bare})
                .sort([("happened_at", -1), ("_id", -1)])
                .limit(PAGE)
            ),
        )

    rare = re.compile("shoe 4999", re.IGNORECASE)
    return [
        asked("", TimelineFilter(), {}),
        asked(
            ", two types",
            TimelineFilter(types=("searched", "email_sent")),
            {"type": {"$in": ["searched", "email_sent"]}},
        ),
        asked(", a month", TimelineFilter(first=month.date()), {"happened_at": {"$gte": month}}),
        asked(", searched", TimelineFilter(text="shoe 4999"), {"properties.name": rare}),
        Asked(
            f"{name}, counted",
            lambda: activity_counts.counts(db, contact),
            lambda: list(db.activities.aggregate([{"$match": {"stream": key}}, {"$sortByCount": "$type"}])),
        ),
    ]


def _filters() -> list[tuple[str, Document, Document]]:
    """Each filter, and the query that somebody would write by hand."""
    month = utc_now() - timedelta(days=30)
    inside = {"segments.vip": {"$exists": True}}
    return [
        ("identified", {"identified": True}, {"identified": True}),
        ("in a segment", {"segments": "vip"}, inside),
        ("not in a segment", {"not": {"segments": "vip"}}, {"segments.vip": {"$exists": False}}),
        ("points", {"points": {"gte": 150}}, {"points.total": {"$gte": 150}}),
        ("seen lately", {"last_seen": {"within": "30d"}}, {"last_seen": {"$gt": month}}),
        ("not seen lately", {"not": {"last_seen": {"within": "30d"}}}, {"last_seen": {"$lte": month}}),
        ("has no email", {"email": {"exists": False}}, {"mail.address": None}),
        ("newsletter", {"newsletter": "subscribed"}, {"statuses.newsletter.state": "subscribed"}),
        ("blocked, rare", {"email_status": "blocked"}, {"facets.statuses.email_status": "blocked"}),
        ("paused, nobody", {"email_status": "paused"}, {"facets.statuses.email_status": "paused"}),
        ("orders", {"orders": {"gte": 3}}, {"commerce.orders": {"$gte": 3}}),
        ("spent", {"spent": {"gte": 200}}, {"commerce.spent": {"$gte": 200}}),
        ("cart", {"cart": "none"}, {"facets.cart": "none"}),
        ("custom field", {"custom.city": "Madrid"}, {"custom.city": "Madrid"}),
        (
            "three at once",
            {"newsletter": "subscribed", "custom.city": "Lyon", "points": {"gte": 50}},
            {"statuses.newsletter.state": "subscribed", "custom.city": "Lyon", "points.total": {"$gte": 50}},
        ),
    ]


def _reading(db: Db) -> Asked:
    """All filters read into trees, held against what an address needs of them: JSON and back."""
    chosen = [where for _, where, _ in _filters()]
    words = Vocabulary.of(versions.current(db))
    return Asked(
        "filters read",
        lambda: [read_filters(where, words) for where in chosen],
        lambda: [json.loads(json.dumps(where)) for where in chosen],
    )


def _page(db: Db, name: str, wanted: Listing, by_hand: Document) -> Asked:
    order = SORTS[wanted.sort].order(ascending=not wanted.descending)

    def bare() -> object:
        return list(db.contacts.find(by_hand, ROW_FIELDS).sort(order).limit(PAGE))

    return Asked(name, lambda: listing.page(db, wanted), bare)


def _deep(db: Db) -> Asked:
    """A page in the middle of the list, by its key."""
    wanted = Listing()
    seen = utc_now() - timedelta(days=100)
    cursor = listing.page(db, Listing(where={"last_seen": {"before": seen.isoformat()}})).next

    def bare() -> object:
        found = db.contacts.find({"active_at": {"$lt": seen}}, ROW_FIELDS)
        return list(found.sort([("active_at", -1), ("_id", -1)]).limit(PAGE))

    return Asked("a deep page", lambda: listing.page(db, wanted, after=cursor), bare)


def _neighbours(db: Db, contact: ContactId) -> Asked:
    wanted = Listing(where={"newsletter": "subscribed"}, sort="points")
    row = db.contacts.find_one({"_id": contact}, ["points.total"]) or {}
    points = row["points"]["total"]

    def bare() -> object:
        return [
            db.contacts.find_one(
                {"facets.statuses.newsletter": "subscribed", "points.total": {than: points}},
                ["_id"],
                sort=[("points.total", way), ("_id", way)],
            )
            for than, way in (("$gte", 1), ("$lte", -1))
        ]

    return Asked("neighbours", lambda: listing.neighbours(db, wanted, contact), bare)
