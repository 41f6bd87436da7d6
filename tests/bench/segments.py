"""`segments`: ten new segments over all contacts, against three bare `update_many` in the same run.

The raw side gets a copy of the contacts with the same indexes, and three filters as
somebody would write them by hand; it sets one key each, as we do.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from engine.db import Db, contact_codec
from engine.db.connection import utc_now
from engine.domain.activities import ActivityId, ContactId
from engine.domain.contact import Commerce, ContactState, Points, Status
from engine.domain.folding.component import Contact
from engine.domain.identity.people import Person
from engine.publishing import filling, publishing
from tests.bench.measure import Result, Size, servers
from tests.bench.traffic import START

SIZES: dict[Size, int] = {"small": 5_000, "full": 1_000_000}

CONDITIONS = (
    "{contact.points: {gte: 40}}",
    "{contact.points: {gte: 80}, contact.orders: 0}",
    "{contact.orders: {gte: 3}}",
    "{contact.spent: {gte: 200}}",
    "{contact.newsletter: subscribed, contact.email_status: active}",
    "{contact.last_seen: {within: 7d}}",
    "{contact.first_name: {starts_with: A}}",
    "{any: [{contact.custom.city: Madrid}, {contact.custom.city: Lisboa}]}",
    "{not: {contact.segments: bench-2}, contact.points: {lt: 10}}",
    "{all: [{contact.segments: {has_any: [bench-0, bench-3]}}, {contact.last_seen: {within: 30d}}]}",
)

BY_HAND = (
    {"points.total": {"$gte": 40}},
    {"commerce.orders": {"$gte": 3}},
    {"statuses.newsletter.state": "subscribed", "statuses.email_status.state": "active"},
)


def bench_segments(size: Size) -> list[Result]:
    """Publish, fill, and compare."""
    count = SIZES[size]
    with servers(cache_gb=0.25 if size == "small" else 4.0) as running:
        db, raw = running.database("segments"), running.database("segments_raw")
        for collection in (db.contacts, raw.contacts):
            for rows in _batches(count):
                collection.insert_many(rows, ordered=False)
        ours = _fill(db)
        theirs = _by_hand(raw)
    unit = "contacts/s, ten new segments filled; the limit is three bare update_many"
    return [
        Result(
            "segments",
            size,
            count / ours,
            count / theirs,
            unit,
            {"contacts": count, "seconds": round(ours, 1)},
        )
    ]


def _fill(db: Db) -> float:
    entries = "".join(
        f"  - {{id: bench-{n}, name: B{n}, when: {when}}}\n" for n, when in enumerate(CONDITIONS)
    )
    shipped = publishing.completed(db, {})["segments.yaml"]
    head, tests = shipped.split("\ntests:")
    texts = publishing.completed(db, {"segments.yaml": f"{head}\n{entries}\ntests:{tests}"})
    version = publishing.publish(db, texts, by="bench", message="ten segments", now=utc_now())
    began = time.perf_counter()
    filling.fill(db, version)
    return time.perf_counter() - began


def _by_hand(raw: Db) -> float:
    now = utc_now()
    began = time.perf_counter()
    for number, query in enumerate(BY_HAND):
        raw.contacts.update_many(query, {"$set": {f"segments.bench-{number}": now}})
    return time.perf_counter() - began


def _batches(count: int, size: int = 5_000) -> Iterator[list[dict[str, Any]]]:
    source = random.Random(1)
    for first in range(0, count, size):
        yield [_document(number, source) for number in range(first, min(first + size, count))]


def _document(number: int, source: random.Random) -> dict[str, Any]:
    seen = START - timedelta(days=source.expovariate(1 / 40))
    orders = int(source.expovariate(1.2))
    state = ContactState(
        first_name=source.choice(("Ana", "Anaïs", "Eva", "Iñigo", "João")),
        custom={"city": source.choice(("Madrid", "Lisboa", "Lyon", "Torino"))},
        points=Points(total=int(source.expovariate(1 / 30)), changed_at=seen),
        statuses={
            "newsletter": Status(source.choice(("subscribed", "not_subscribed", "unsubscribed"))),
            "email_status": Status(source.choice(("active", "active", "active", "bounced"))),
        },
        commerce=Commerce(orders=orders, spent=Decimal(orders * 60)),
        first_seen=seen,
        last_seen=seen,
        active_at=seen,
        activities=12,
        clock=(seen, 1, ActivityId(f"a{number}")),
    )
    person = Person(id=ContactId(f"{source.getrandbits(96):024x}"), first_seen=seen)
    contact = Contact(person, state)
    document = contact_codec.encode(contact, component=person.id, linked=False, lanes=16, now=seen)
    return {**document, "v": 1, "keys": [f"t:bench-{number}"]}
