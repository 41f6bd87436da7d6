"""Polls: shops without webhooks are asked from time to time for what changed.

Each stream is read from the time of the last change that was seen, less an overlap, to its end; only then
that time moves on, at most to when the stream was begun.  The place within a stream is stored after the
page is durable.  So a poll that is killed is taken up where it was, what is read twice counts once by the
ids of the activities, and nothing is skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from engine.db import Db
from engine.errors import Misconfigured, NotFound
from engine.rules import versions
from engine.shops import shops
from engine.shops.fetching.apis import ShopAccess
from engine.shops.fetching.pages import ShopApi, pages
from engine.shops.fetching.poll_state import is_polled
from engine.shops.fetching.problems import ShopUnavailable
from engine.shops.fetching.storing import store
from engine.shops.shops import Shop, ShopRecord

EVERY = timedelta(minutes=5)
"""From one poll of a shop to the next, unless the settings say otherwise."""

LONGEST_PAUSE = timedelta(hours=1)
"""Between two polls of a shop that cannot be read."""

CLAIMED_FOR = timedelta(minutes=3)
"""A scheduler that reads a shop renews its claim with each page; this long after it another may read it."""

BEFORE_CONNECTING = timedelta(days=1)
"""How far before a shop was connected its first poll reaches: what is older the first fetch brings."""

Wake = Callable[[Iterable[int]], None]
Clock = Callable[[], datetime]

log = structlog.get_logger()


@dataclass(frozen=True)
class Polled:
    """The result of a poll: records that were read, activities that are new, and the problem if any."""

    records: int = 0
    new: int = 0
    unclear: int = 0
    problem: str = ""


def poll_due(
    db: Db,
    access: ShopAccess,
    wake: Wake,
    *,
    clock: Clock,
    every: timedelta = EVERY,
    stopped: Callable[[], bool] = lambda: False,
) -> int:
    """Poll every shop that is due; return how many records were read.

    A shop that cannot be read is recorded, and does not keep the others waiting.  Raises PyMongoError and
    Unavailable for our own database.
    """
    read = 0
    for shop in shops.all_shops(db):
        if stopped():
            break
        if is_polled(shop) and _claim(db, shop.id, clock(), only_due=True):
            now = shops.find(db, shop.id)  # another scheduler may have moved its cursor before the claim
            done = _poll(db, now, access, wake, clock=clock, every=every, stopped=stopped)
            read += done.records
            if done.problem:
                log.warning("a shop cannot be read", shop=shop.id, error=done.problem)
    return read


def poll_now(
    db: Db, shop: ShopRecord, access: ShopAccess, wake: Wake, *, clock: Clock, every: timedelta = EVERY
) -> Polled | None:
    """Poll one shop, due or not; None while another process does."""
    if not _claim(db, shop.id, clock(), only_due=False):
        return None
    return _poll(db, shops.find(db, shop.id), access, wake, clock=clock, every=every)


def _poll(
    db: Db,
    shop: ShopRecord,
    access: ShopAccess,
    wake: Wake,
    *,
    clock: Clock,
    every: timedelta,
    stopped: Callable[[], bool] = lambda: False,
) -> Polled:
    """Read a claimed shop, and record how it went."""
    done = Polled()
    try:
        api = access.open(db, shop)
        for stream in _from(api.streams, shop.cursor.get("stream", "")):
            done = _read(db, shop, api, stream, done, wake, clock=clock, stopped=stopped)
            if stopped():
                break
    except ShopUnavailable as error:
        return _failed(db, shop, done, error, clock(), every=every, wait=error.wait)
    except (Misconfigured, NotFound) as error:  # ShopRefuses among them
        shops.set_cursor(db, shop.id, {"stream": ""})  # what can be read of it is read the next time
        return _failed(db, shop, done, error, clock(), every=every)
    now = clock()
    if done.new:
        shops.record_accepted(db, shop.id, topic="poll", at=now)
    shops.record_poll(db, shop.id, at=now)
    if not stopped():
        over = {"stream": "", "succeeded_at": now, "next_at": now + every, "failures": 0}
        shops.set_cursor(db, shop.id, over)
    shops.set_cursor(db, shop.id, {"claimed_until": None})
    return done


def _after(streams: Sequence[str], stream: str) -> str:
    return next(iter(streams[streams.index(stream) + 1 :]), "")


def _from(streams: Sequence[str], interrupted: str) -> Sequence[str]:
    """The streams to read: of a poll that was interrupted from that one on."""
    return streams[streams.index(interrupted) :] if interrupted in streams else streams


def _read(
    db: Db,
    shop: ShopRecord,
    api: ShopApi,
    stream: str,
    done: Polled,
    wake: Wake,
    *,
    clock: Clock,
    stopped: Callable[[], bool],
) -> Polled:
    """Read one stream from where it is to its end."""
    at: Mapping[str, Any] = shop.cursor.get(f"poll_{stream}", {})
    since: datetime = at.get("since") or shop.created_at - BEFORE_CONNECTING
    latest: datetime = at.get("latest") or since
    began: datetime = at.get("began") or clock()
    for page in pages(api, stream, at.get("place", ""), since=since - api.overlap):
        stored = store(db, shop, page.items, versions.current(db), now=clock())
        if stored.lanes:
            wake(stored.lanes)
        # What changes behind the place while later pages are read, over hours if the shop fails in between,
        # is read by the next poll; and a date to come must not end all polls.
        latest = max(latest, min(page.latest or latest, began))
        # What is stored is durable: only now the place moves.
        if page.is_last:
            moved: dict[str, Any] = {
                f"poll_{stream}": {"since": latest},
                "stream": _after(api.streams, stream),
            }
        else:
            place = {"since": since, "latest": latest, "place": page.place, "began": began}
            moved = {f"poll_{stream}": place, "stream": stream}
        shops.set_cursor(db, shop.id, {**moved, "claimed_until": clock() + CLAIMED_FOR})
        done = Polled(done.records + page.records, done.new + stored.new, done.unclear + stored.unclear)
        if stopped():
            break
    return done


def _failed(
    db: Db,
    shop: ShopRecord,
    done: Polled,
    error: Exception,
    now: datetime,
    *,
    every: timedelta,
    wait: float | None = None,
) -> Polled:
    """Record why a poll failed, and put the next one off, longer each time."""
    failures = shop.cursor.get("failures", 0) + 1
    pause = max(next_pause(every, failures), timedelta(seconds=wait or 0))
    shops.record_poll(db, shop.id, at=now, problem=str(error))
    shops.set_cursor(db, shop.id, {"next_at": now + pause, "failures": failures, "claimed_until": None})
    return Polled(done.records, done.new, done.unclear, str(error))


def next_pause(every: timedelta, failures: int) -> timedelta:
    """The time to the next poll after so many failures in a row: it doubles, up to LONGEST_PAUSE."""
    longest = max(LONGEST_PAUSE, every)
    doublings: int = 2 ** min(failures - 1, 10)
    return min(every * doublings, longest)


def _claim(db: Db, id_: str, now: datetime, *, only_due: bool) -> bool:
    """Whether this process reads the shop now; two that do read the same, once."""
    free: list[dict[str, Any]] = [{"cursor.claimed_until": None}, {"cursor.claimed_until": {"$lte": now}}]
    query: dict[str, Any] = {"_id": id_, "removed_at": None, "$or": free}
    if only_due:
        query["cursor.next_at"] = {"$not": {"$gt": now}}
    found = Shop.on(db, __raw__=query)
    return bool(found.update_one(__raw__={"$set": {"cursor.claimed_until": now + CLAIMED_FOR}}))
