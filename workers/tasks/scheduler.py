"""The scheduler: wakes lanes that have work and no worker, even if hints were lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any

import structlog
from pymongo.errors import PyMongoError

from engine.contacts.merging import duplicate_search
from engine.contacts.valuation import lifetime_refresh, nightly
from engine.db import Db, leases, orphaned_transactions
from engine.db.processes import is_gone
from engine.errors import Unavailable
from engine.exports import exporting
from engine.imports import drafts, expiry
from engine.jobs import job_lease
from engine.notices import watching
from engine.operations import pulses
from engine.pipeline import lanes, outages
from engine.privacy import files
from engine.publishing import filling
from engine.segments import agreement
from engine.shops.fetching import polling
from engine.shops.fetching.apis import ShopAccess
from workers.tasks import counting
from workers.tasks.rhythm import Every

TICK = 0.5
"""Seconds between two checks of the lanes, while some had work and no worker."""

IDLE_TICK = 1.0
"""Seconds between two checks otherwise: hints wake the workers long before."""

BEAT = 5.0
"""Seconds between two signs of life."""

SENDINGS = 10.0
"""Seconds between two looks whether a sending fails as a whole."""

MAILBOXES = 20.0
"""Seconds between two readings of the watched mailboxes."""

SHOPS = 5.0
"""Seconds between two looks which shops are to be polled."""

UPKEEP = 60.0
"""Seconds between two looks for what is to be done once a night, and for what had its time."""

log = structlog.get_logger()


def run(
    db: Db,
    wake: Callable[[Iterable[int]], None],
    *,
    clock: Callable[[], datetime],
    stop: threading.Event,
    environment: Mapping[str, str] = MappingProxyType({}),
    shop_access: ShopAccess | None = None,
    poll_every: timedelta = polling.EVERY,
) -> None:
    """Check the lanes until stopped.  Any number may run: waking a lane twice is harmless.

    `environment` has the passwords of watched mailboxes; shops are polled by `shop_access`.
    """
    beside = {
        "filler": _fill,
        "checks": _check_segments,
        "duplicates": _find_duplicates,
        "nightly": _calculate,
        "lifetime": _refresh_lifetime_values,
        "sendings": _watch_sendings,
        "upkeep": _let_go,
    }
    for name, work in beside.items():
        threading.Thread(target=work, args=(db, clock, stop), name=name, daemon=True).start()
    reading: dict[str, Any] = {"clock": clock, "stop": stop}
    threading.Thread(
        target=_read_mailboxes, args=(db, wake, environment), kwargs=reading, name="mailboxes", daemon=True
    ).start()
    if shop_access is not None:
        poll = partial(_poll_shops, db, wake, shop_access, every=poll_every, **reading)
        threading.Thread(target=poll, name="shops", daemon=True).start()
    for what in (counting.run, counting.take_censuses):
        threading.Thread(
            target=what, args=(db,), kwargs={"clock": clock, "stop": stop}, name=what.__name__, daemon=True
        ).start()
    beat, rest = Every(BEAT), TICK
    while not stop.wait(rest):
        try:
            found = _look(db, clock)
            wake(found)
            rest = TICK if found else IDLE_TICK
            if beat.is_due():
                pulses.beat(db, "scheduler", now=clock())
        except (PyMongoError, Unavailable) as error:
            log.warning("cannot look at the lanes", error=str(error))


def _look(db: Db, clock: Callable[[], datetime]) -> list[int]:
    """Release the leases of dead workers; find the lanes that have work and no worker."""
    orphaned_transactions.end(db, is_gone)  # first: what they wrote could not be freed
    leases.release_dead(db.lanes, {}, is_gone)
    leases.release_dead(db.jobs, job_lease.HELD, is_gone)
    return lanes.waiting(db, now=clock())


def _fill(db: Db, clock: Callable[[], datetime], stop: threading.Event) -> None:
    """Fill the segments of new rules; a version that a dead process left is started again."""
    while not stop.wait(IDLE_TICK):
        try:
            version = filling.claim(db, now=clock())
            if version is not None:
                changed = filling.fill(db, version)
                log.info("segments filled", version=version.number, contacts=changed)
        except (PyMongoError, Unavailable) as error:
            log.warning("cannot fill segments", error=str(error))


def _check_segments(db: Db, clock: Callable[[], datetime], stop: threading.Event) -> None:
    """Once a night, look whether all segments are what their conditions say."""
    while True:
        try:
            checked = agreement.check_nightly(db, now=clock())
            if checked is not None and checked["differences"]:
                log.error("segments are not what their conditions say", differences=checked["differences"])
        except (PyMongoError, Unavailable) as error:
            log.warning("cannot check segments", error=str(error))
        if stop.wait(UPKEEP):
            return


def _find_duplicates(db: Db, clock: Callable[[], datetime], stop: threading.Event) -> None:
    """Once a night, suggest merges of contacts that are alike."""
    while True:
        try:
            report = duplicate_search.search_nightly(db, now=clock())
            if report is not None:
                log.info(
                    "searched for duplicates", found=report.found, known=report.known,
                    skipped=report.skipped, complete=report.complete,
                )  # fmt: skip
        except (PyMongoError, Unavailable) as error:
            log.warning("cannot search for duplicates", error=str(error))
        if stop.wait(UPKEEP):
            return


def _calculate(db: Db, clock: Callable[[], datetime], stop: threading.Event) -> None:
    """Once a night, start the calculation of RFM and, once a month, of lifetime value."""
    while not stop.wait(UPKEEP):
        try:
            for job in nightly.start_due(db, now=clock()):
                log.info("calculation started", job=job)
        except (PyMongoError, Unavailable) as error:
            log.warning("cannot start the calculations of the night", error=str(error))


def _refresh_lifetime_values(db: Db, clock: Callable[[], datetime], stop: threading.Event) -> None:
    """Compute the lifetime value of contacts whose orders have changed."""
    while not stop.wait(IDLE_TICK):
        try:
            while lifetime_refresh.refresh(db, now=clock()) and not stop.is_set():
                pass
        except (PyMongoError, Unavailable) as error:
            log.warning("cannot compute lifetime values", error=str(error))


def _watch_sendings(db: Db, clock: Callable[[], datetime], stop: threading.Event) -> None:
    """Stop counting the bounces of what fails as a whole, and say so."""
    while not stop.wait(SENDINGS):
        try:
            for sending in outages.detect(db, now=clock()):
                log.error(
                    "a sending fails as a whole: its bounces do not count",
                    sending=sending.id, attempts=sending.attempts, failed=sending.failed,
                )  # fmt: skip
        except (PyMongoError, Unavailable) as error:
            log.warning("cannot look at sendings", error=str(error))


def _read_mailboxes(
    db: Db,
    wake: Callable[[Iterable[int]], None],
    environment: Mapping[str, str],
    *,
    clock: Callable[[], datetime],
    stop: threading.Event,
) -> None:
    """Read the watched mailboxes for mail that came back."""
    while True:
        try:
            found = watching.read_all(db, environment, wake, clock=clock, stopped=stop.is_set)
            if found:
                log.info("read mail that came back", messages=found)
        except (PyMongoError, Unavailable) as error:
            log.warning("cannot read the mailboxes", error=str(error))
        if stop.wait(MAILBOXES):
            return


def _poll_shops(
    db: Db,
    wake: Callable[[Iterable[int]], None],
    access: ShopAccess,
    *,
    every: timedelta,
    clock: Callable[[], datetime],
    stop: threading.Event,
) -> None:
    """Read the shops that have no webhooks."""
    while True:
        try:
            read = polling.poll_due(db, access, wake, clock=clock, every=every, stopped=stop.is_set)
            if read:
                log.info("read shops", records=read)
        except (PyMongoError, Unavailable) as error:
            log.warning("cannot read the shops", error=str(error))
        except Exception:
            log.exception("a shop cannot be read by a fault of ours")
        if stop.wait(SHOPS):
            return


def _let_go(db: Db, clock: Callable[[], datetime], stop: threading.Event) -> None:
    """Remove what had its time: files of exports and imports, refused rows, what undoing needs."""
    while not stop.wait(UPKEEP):
        try:
            removed = {
                "exports": exporting.sweep(db, now=clock()),
                "drafts": drafts.sweep(db, now=clock()),
                "jobs": expiry.expire(db, now=clock()),
                "files of who was erased": files.remove_pending(db),
            }
            if any(removed.values()):
                log.info("let go of what had its time", **removed)
        except (PyMongoError, Unavailable) as error:
            log.warning("cannot let go of what had its time", error=str(error))
