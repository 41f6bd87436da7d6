"""`merge`: identification of visitors with a past, a hot contact, and a backfill beside live events."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import chain

from msgspec import structs

from engine.db import Db
from engine.db.connection import utc_now
from engine.domain.activities import Activity, ActivityId
from engine.domain.identity.identities import Identities, stream_of
from engine.pipeline import inbox
from engine.pipeline.batch import BATCH
from tests.bench.measure import Result, Size, chunks, servers
from tests.bench.pipeline import Herd
from tests.bench.traffic import START

SIZES: dict[Size, tuple[int, int, int, int]] = {
    "small": (40, 50, 1_000, 2_000),
    "full": (1_000, 200, 10_000, 100_000),
}
"""Visitors, activities of each, events of the hot contact, events of the backfill."""

LIVE_WITHIN = 2.0
"""Seconds within which 95 of 100 live events are to be applied beside a backfill (issue on identity)."""


def bench_merge(size: Size) -> list[Result]:
    """Merges against plain activities; one hot contact against many; live events beside a backfill."""
    visitors, past, hot, backfill = SIZES[size]
    with servers(cache_gb=0.25 if size == "small" else 4.0) as running:
        db = running.database("merge")
        running.announce("merge")
        with Herd(running, 1):
            _apply(db, _visits(visitors, past))
            _apply(
                db, (_made(f"k{n}", "identified", -1, email=_email(n), trusted=True) for n in range(visitors))
            )
            plain = _rate(db, _visits(visitors, past, name="other"), visitors * past)
            claims = (
                _made(f"c{n}", "identified", 9_000, tracker=f"t{n}", email=_email(n)) for n in range(visitors)
            )
            merges = _rate(db, claims, visitors)
            one = _rate(db, (_made(f"h{n}", "page_visited", n, tracker="hot") for n in range(hot)), hot)
            spread = _rate(db, _visits(max(1, hot // 100), 100, name="spread"), hot)
            delays = _delays(db, backfill)
        if db.merges.count_documents({"kind": "merged"}) < visitors:
            raise RuntimeError("not every visitor merged: there is nothing to measure")
    p95 = statistics.quantiles(delays, n=20)[-1]
    return [
        Result("merge", size, merges * past, plain, "activities of merged visitors/s, against plain ones",
               {"merges_per_s": round(merges, 1), "past": past}),
        Result("merge_hot", size, one, spread, "activities/s of one contact, against many contacts", {"activities": hot}),
        Result("merge_backfill", size, p95, LIVE_WITHIN, "95th percentile of seconds until a live event is applied, "
               "beside a backfill with late claims", {"backfill": backfill, "median": round(statistics.median(delays), 3)}),
    ]  # fmt: skip


def _email(number: int) -> str:
    return f"known{number}@example.com"


def _visits(visitors: int, past: int, *, name: str = "t") -> Iterator[Activity]:
    for minute in range(past):
        for number in range(visitors):
            yield _made(f"{name}-{number}-{minute}", "product_visited", minute, tracker=f"{name}{number}")


def _made(
    id_: str,
    type_: str,
    minute: float,
    *,
    tracker: str | None = None,
    email: str | None = None,
    trusted: bool = False,
) -> Activity:
    identities = Identities(email=email)
    return Activity(
        id=ActivityId(id_), type=type_, stream=stream_of(tracker, identities),
        happened_at=START + timedelta(minutes=minute), received_at=utc_now(), tracker=tracker, identities=identities,
        properties={"product_id": "p"} if type_ == "product_visited" else {}, trusted=trusted,
    )  # fmt: skip


def _rate(db: Db, activities: Iterator[Activity], count: int) -> float:
    began = time.perf_counter()
    _apply(db, activities)
    return count / (time.perf_counter() - began)


def _apply(db: Db, activities: Iterator[Activity]) -> None:
    for chunk in chunks(activities, BATCH):
        inbox.receive(db, chunk)
    while db.activities.find_one({"state": "received", "lane": {"$gte": 0}}, {"_id": 1}) is not None:
        time.sleep(0.01)


def _delays(db: Db, backfill: int) -> list[float]:
    """Send a backfill as fast as it is taken, whose claims come last, and live events of other visitors meanwhile.

    The live events go through the same lanes, one after the other, whatever waits there.
    """
    people = max(1, backfill // 20)
    visits = (
        _made(f"b{n}", "product_visited", -50_000 + n % 20, tracker=f"old{n % people}")
        for n in range(backfill)
    )
    claims = (
        _made(f"bc{n}", "identified", -60_000, tracker=f"old{n}", email=f"old{n}@example.com")
        for n in range(people)
    )
    sender = threading.Thread(target=_apply, args=(db, chain(visits, claims)))
    sender.start()
    delays = []
    while sender.is_alive() or not delays:
        began, number = time.perf_counter(), len(delays)
        live = _made(f"live{number}", "page_visited", 0, tracker=f"live{number % 97}")
        inbox.receive(db, [structs.replace(live, happened_at=live.received_at)])
        while db.activities.find_one({"_id": f"live{number}", "state": "applied"}, {"_id": 1}) is None:
            time.sleep(0.005)
        delays.append(time.perf_counter() - began)
        time.sleep(0.1)
    sender.join()
    return delays if len(delays) > 1 else delays * 2
