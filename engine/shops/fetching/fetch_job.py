"""The job that fetches the past orders and customers of a shop, page by page.

A step stores one page.  The ids of what it stores follow from the shop's records, so a worker that is
killed between storing a page and recording the place has its page fetched again, and nothing counts twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from datetime import datetime
from functools import partial
from typing import TypeVar

from engine.accounts.permissions import Permission
from engine.db import Db
from engine.db.connection import utc_now
from engine.errors import Aborted, Misconfigured
from engine.jobs import job_lease, jobs
from engine.jobs.jobs import Job, Step
from engine.jobs.kinds import JobKind, Work, register
from engine.jobs.runner import in_a_thread
from engine.pipeline.activity_steps import ActivitySteps
from engine.rules import versions
from engine.shops import shops
from engine.shops.fetching.apis import ShopAccess
from engine.shops.fetching.pages import Page, repeats
from engine.shops.fetching.problems import ShopUnavailable
from engine.shops.fetching.storing import store
from engine.shops.shops import ShopRecord

KIND = "shop_fetch"

PAUSES = (2.0, 10.0, 30.0, 60.0)
"""Seconds before each further try of a page, unless the shop asks for a longer wait."""

HEARTBEAT = 5.0
"""Seconds between two renewals of the lease while the shop is waited for."""

Found = TypeVar("Found")


class FetchInterrupted(Aborted):
    """A shop that could not be read for a while: the fetch can be resumed where it is."""


class FetchStopped(Aborted):
    """The job was stopped while the shop was waited for."""


def equip(access: ShopAccess) -> None:
    """Let this process do such jobs: without access to shops it only knows of them."""
    _register(partial(_FetchShop, access))


def request(db: Db, shop: ShopRecord, *, by: str, by_name: str, now: datetime) -> Job:
    """Have the past of a shop fetched; one that is under way is returned as it is."""
    for job in jobs.wanting(db, KIND, "shop", shop.id):
        if job.under_way:
            return job
    id_ = f"fetch-{shop.id}-{now:%Y%m%d%H%M%S%f}"
    title = f"Past orders and customers of {shop.name}"
    job = Job(id_, KIND, title, by, by_name, now, wanted={"shop": shop.id})
    jobs.add(db, job)
    return job


class _FetchShop(ActivitySteps):
    """Fetches a shop, one page a step.  The cursor is `STREAM PLACE`."""

    def __init__(self, access: ShopAccess, db: Db, job: Job) -> None:
        super().__init__(db, job)
        self._shop = shops.find(db, job.wanted["shop"])
        self._api = access.open(db, self._shop)

    def total(self) -> int:
        """Count the records of all streams, about."""
        try:
            return sum(self._patiently(partial(self._api.count, stream)) for stream in self._api.streams)
        except FetchStopped:
            return 0

    def step(self, cursor: str, *, now: datetime) -> Step | None:
        """Store the next page; None when all streams are read, or the job was stopped."""
        streams = list(self._api.streams)
        stream, _, place = (cursor or f"{streams[0]} ").partition(" ")
        if stream not in streams:
            return self.end(cursor)
        try:
            page: Page = self._patiently(partial(self._api.page, stream, place))
        except FetchStopped:
            return None
        if not page.is_last and page.place == place:
            raise repeats(stream)
        stored = store(self.db, self._shop, page.items, versions.current(self.db), now=now)
        shops.record_accepted(self.db, self._shop.id, topic=f"first fetch: {stream}", at=now, deliveries=0)
        following = f"{stream} {page.place}" if not page.is_last else _after(streams, stream)
        refused = min(stored.unclear, page.records)
        return Step(following, page.records, refused=refused, lanes=stored.lanes)

    def _patiently(self, ask: Callable[[], Found]) -> Found:
        """What the shop answers; while it cannot be read, it is asked again some times.

        Raises FetchInterrupted, FetchStopped, and ShopRefuses.
        """
        for pause in (*PAUSES, None):
            try:
                return self._while_renewing(in_a_thread(ask))
            except ShopUnavailable as error:
                if pause is None:
                    reason = f"{error}; resume the fetch under Jobs when the shop answers again"
                    raise FetchInterrupted(reason) from None
                self._wait(max(pause, error.wait or 0.0))
        raise AssertionError("the last pause is none")

    def _while_renewing(self, future: Future[Found]) -> Found:
        while True:
            try:
                return future.result(timeout=HEARTBEAT)
            except NotYet:
                if future.done():  # it is the shop's own
                    raise
                self._renew()

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, HEARTBEAT))
            self._renew()

    def _renew(self) -> None:
        if not job_lease.keep(self.db, self.job.id, now=utc_now()):
            raise FetchStopped("the job was stopped")


def _after(streams: list[str], stream: str) -> str:
    """The cursor at the beginning of the next stream; beyond the last one, of none."""
    following = streams[streams.index(stream) + 1 :]
    return f"{following[0]} " if following else "end "


def _unequipped(_db: Db, _job: Job) -> Work:
    raise Misconfigured("this process has no access to shops: it was not passed any when it began")


def _register(work: Callable[[Db, Job], Work]) -> None:
    register(
        JobKind(
            id=KIND, work=work, permission=Permission.MANAGE_KEYS, acts=("", "stopped the fetch of a shop")
        )
    )


_register(_unequipped)
