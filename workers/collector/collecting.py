"""From a request to its answer: read, authenticate, translate, keep, and only then say so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Protocol

import pymongo
import structlog
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from pymongo.errors import PyMongoError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from engine.accounts import keys
from engine.accounts.client_address import client_address
from engine.accounts.keys import KeyRecord
from engine.accounts.origins import is_allowed
from engine.accounts.scopes import Scope
from engine.db import Db
from engine.domain.activities import Activity
from engine.domain.rulebook import Ruleset
from engine.errors import Unavailable
from engine.pipeline import inbox, new_contacts, refused_events
from engine.pipeline.refused_events import RefusedEvent
from engine.rules import versions
from engine.shops.sealing import Sealer
from engine.tracking.translate import Sender
from workers.collector import answers
from workers.collector.arrival_tally import ArrivalTally
from workers.collector.auth import CACHED_FOR, KeyRing, token_of
from workers.collector.bodies import Envelope, decoded, envelope_of, read_received
from workers.collector.browser_libraries import LibraryDoor
from workers.collector.cached import Cached
from workers.collector.errors import (
    AddressRateLimited,
    InvalidRequest,
    OriginNotAllowed,
    RateLimited,
    ScopeMissing,
    SecretKeyInBrowser,
    UnknownCall,
    UnknownWriteKey,
)
from workers.collector.group_commit import GroupCommit
from workers.collector.intake import CALLS, Call, Refused, key_inside, take
from workers.collector.limits import AddressLimit, RateLimit
from workers.collector.metrics import Metrics
from workers.collector.newcomers import Newcomers
from workers.collector.reachability import ReachabilityDoor
from workers.collector.shops.door import ShopDoor
from workers.collector.webhooks.receiving import NoticeDoor

RULESET_CACHED_FOR = 0.9
"""Seconds after which a newly published ruleset is noticed here."""

MONGODB_WITHIN = 10.0
"""Seconds after which MongoDB counts as away though its connection stands."""

SAMPLE = 10
"""Refusals by limits of a key that are stored at once, and then one a minute: a flood fills no disk."""

log = structlog.get_logger()


class LaneNotifier(Protocol):
    """Notifies the workers that lanes have work."""

    def wake(self, lanes: Iterable[int]) -> None: ...


class Collector:
    """Takes requests apart, keeps their activities and wakes their lanes.

    Parameters:
      db(Database): Where activities are received.
      waker(LaneNotifier): Is called with the lanes that have work; its failures change no response.
      limit(RateLimit): What each key may send.
      proxies(int): Our own proxies before the collector.
      environment(Mapping): Has the secrets of sending services that the rules name.
      sealer(callable): Opens the secrets of connected shops.  Raises Misconfigured.
      clock(callable): The present, aware, in whole milliseconds.
    """

    def __init__(
        self,
        db: Db,
        waker: LaneNotifier,
        *,
        limit: RateLimit,
        proxies: int,
        environment: Mapping[str, str],
        sealer: Callable[[], Sealer],
        clock: Callable[[], datetime],
    ) -> None:
        self._db = db
        self._waker = waker
        self._limit = limit
        self._proxies = proxies
        self._warned = False
        self._addresses = AddressLimit()
        self._newcomers = Newcomers(db, within=MONGODB_WITHIN)
        self._arrivals = ArrivalTally(db, clock=clock)
        self._samples = RateLimit(per_second=1 / 60, burst=SAMPLE)
        self._clock = clock
        self.keys = KeyRing(db, clock=clock)
        self._ruleset: Cached[Ruleset] = Cached(lambda: versions.current(db), seconds=RULESET_CACHED_FOR)
        self._identity_secrets: Cached[tuple[str, ...]] = Cached(
            lambda: keys.identity_secrets(db), seconds=CACHED_FOR
        )
        self.reachability = ReachabilityDoor(
            db, self.keys, limit, within=MONGODB_WITHIN, environment=environment, clock=clock
        )
        self._commit = GroupCommit(self._keep)
        self.metrics = Metrics(waiting=lambda: self._commit.waiting)
        self.libraries = LibraryDoor(self.keys)
        self.shops = ShopDoor(
            db, self._ruleset.get, self._commit.keep, self._arrivals, self.metrics, sealer=sealer, clock=clock
        )
        self.notices = NoticeDoor(
            db, self._ruleset.get, self._commit.keep, self.metrics, shops=self.shops,
            environment=environment, clock=clock,
        )  # fmt: skip

    async def ruleset(self) -> Ruleset:
        """The rules in force.  Raises PyMongoError."""
        return await self._ruleset.get()

    async def keep(self, activities: Sequence[Activity]) -> None:
        """Return once activities are durable.  Raises Unavailable."""
        await self._commit.keep(activities)
        self.metrics.kept.inc(len(activities))

    async def receive(self, request: Request) -> Response:
        """Any call of the API.  Raises those of `workers.collector.errors`, Unavailable and PyMongoError."""
        call = CALLS.get(request.path_params["call"])
        if call is None:
            raise UnknownCall(f"no such call; there are {', '.join(CALLS)}")
        received = await read_received(request)
        # The key first: who has none gets nothing unzipped or parsed.
        sent = token_of(request.headers.get("authorization", ""))
        named = await self._find(sent) if sent else None
        body = decoded(request, received)
        received_at = self._clock()
        envelope = Envelope(batch=[body]) if call.kind else envelope_of(body)  # type: ignore[list-item]
        if not envelope.batch:
            raise InvalidRequest("batch", "is empty; send at least one event")
        key = named or await self._key_of(request, envelope)
        secrets = () if key.trusted else await self._identity_secrets.get()
        sender = _sender(request, key, secrets)
        await self._check_origin(request, envelope, key, sender, received_at=received_at)
        self._check_rates(request, key, len(envelope.batch))
        return await self._receive(envelope, call, key, sender, received_at=received_at)

    async def _check_origin(
        self, request: Request, envelope: Envelope, key: KeyRecord, sender: Sender, *, received_at: datetime
    ) -> None:
        """Raise OriginNotAllowed for a page that the key does not name; without an Origin it is no page."""
        origin = request.headers.get("origin")
        if origin is None or not key.limits.origins or is_allowed(origin, key.limits.origins):
            return
        error = OriginNotAllowed(origin)
        self._arrivals.count(key.id, refused=len(envelope.batch))
        refused = Refused(0, error.field, str(error), bytes(envelope.batch[0]))
        await self._store([], [refused], sender, received_at)
        raise error

    def _check_rates(self, request: Request, key: KeyRecord, events: int) -> None:
        """Take the events from what the address and the key may send; raise RateLimited."""
        try:
            self._take_from_address(request, key, events)
            if wait := self._limit.wait_for(key.id, events):
                raise RateLimited(wait)
        except RateLimited:
            self.metrics.limited.inc(events)
            self._arrivals.count(key.id, refused=events)
            raise

    def _take_from_address(self, request: Request, key: KeyRecord, events: int) -> None:
        rate = key.limits.address_rate
        if rate is None or request.client is None:
            return
        forwarded = request.headers.getlist("x-forwarded-for")
        address = client_address(request.client.host, forwarded, proxies=self._proxies)
        wait = self._addresses.wait_for(key.id, address, events, rate=rate) if address is not None else 0.0
        if forwarded and (address is None or wait):
            self._warn_of_proxy()
        if wait:
            raise AddressRateLimited(wait)

    def _warn_of_proxy(self) -> None:
        """Log once that requests seem to come through a proxy that the settings do not count."""
        if not self._proxies and not self._warned:
            self._warned = True
            log.warning("X-Forwarded-For is ignored: behind proxies set SHEETS_COLLECTOR_TRUSTED_PROXIES")

    async def _receive(
        self, envelope: Envelope, call: Call, key: KeyRecord, sender: Sender, *, received_at: datetime
    ) -> Response:
        ruleset = await self._ruleset.get()
        taken = take(envelope, call, sender, ruleset, received_at=received_at)
        if key.limits.new_contacts is not None:
            until = new_contacts.end_of_day(received_at, ruleset.account.time_zone)
            beyond = await self._newcomers.beyond(
                taken.activities, key.id, ceiling=key.limits.new_contacts, until=until
            )
            taken.turn_away(beyond, envelope, wait=(until - received_at).total_seconds())
        await self.keep(taken.activities)
        refused = len(taken.refused) + len(taken.turned_away)
        self._arrivals.count(key.id, accepted=[one.id for one in taken.activities], refused=refused)
        self.metrics.refused.inc(len(taken.refused))
        self.metrics.beyond_ceiling.inc(len(taken.turned_away))
        self.metrics.without_consent.inc(taken.withheld)
        await self._store(taken.refused, taken.turned_away, sender, received_at)
        return answers.answer_to(taken)

    async def _store(
        self, refused: Sequence[Refused], limited: Sequence[Refused], sender: Sender, received_at: datetime
    ) -> None:
        """Store refusals for users to see; of those by a limit of the key a sample."""
        sample = [refusal for refusal in limited if not self._samples.wait_for(sender.key, 1)]
        events = [refusal.to_keep(sender, received_at=received_at) for refusal in (*refused, *sample)]
        if events:
            await asyncio.to_thread(self._keep_refused, events)

    async def _key_of(self, request: Request, envelope: Envelope) -> KeyRecord:
        """The key in the body, else a write key in the address: a beacon's.

        Raises UnknownWriteKey, SecretKeyInBrowser and ScopeMissing.
        """
        inside = key_inside(envelope)
        key = await self._find(inside or request.query_params.get("writeKey"))
        if key.trusted and not inside:
            raise SecretKeyInBrowser
        return key

    async def _find(self, token: str | None) -> KeyRecord:
        """The key of a token, which may send events.  Raises UnknownWriteKey and ScopeMissing."""
        key = await self.keys.find(token) if token else None
        if key is None:
            self._arrivals.count_unknown(token)
            raise UnknownWriteKey
        if key.trusted and Scope.EVENTS not in key.scopes:
            raise ScopeMissing(Scope.EVENTS)
        return key

    def _keep(self, activities: Sequence[Activity]) -> None:
        """Keep activities durably and wake their lanes; raise Unavailable.  Runs in a thread."""
        try:
            with pymongo.timeout(MONGODB_WITHIN):
                receipt = inbox.receive(self._db, activities)
        except PyMongoError as error:
            raise Unavailable(f"MongoDB did not confirm: {error}") from error
        try:
            self._waker.wake(receipt.lanes)
        except Exception as error:  # noqa: BLE001  only a hint: the scheduler finds the lanes
            log.warning("lanes not woken", lanes=sorted(receipt.lanes), error=str(error))

    def _keep_refused(self, events: Sequence[RefusedEvent]) -> None:
        """Store refusals; the response reports them in any case."""
        try:
            with pymongo.timeout(MONGODB_WITHIN):
                refused_events.refuse(self._db, events)
        except (PyMongoError, Unavailable) as error:
            log.warning("refusals not kept", refused=len(events), error=str(error)[:300])

    async def health(self, _request: Request) -> Response:
        """`/healthz`: whether activities could be received now."""
        try:
            await asyncio.to_thread(self._ping)
        except PyMongoError as error:
            return JSONResponse({"ok": False, "mongodb": str(error)[:200]}, status_code=503)
        return JSONResponse({"ok": True})

    def _ping(self) -> None:
        with pymongo.timeout(MONGODB_WITHIN):
            self._db.command("ping")

    async def report(self, _request: Request) -> Response:
        """`/metrics`: counters of this process."""
        return Response(self.metrics.as_text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        """While the process serves; at its end what is waiting is kept first."""
        tasks = [
            asyncio.create_task(self.notices.keep_running_again()),
            asyncio.create_task(self._arrivals.keep_writing()),
        ]
        yield
        for task in tasks:
            task.cancel()
        await self._commit.close()
        await self._arrivals.write()


def _sender(request: Request, key: KeyRecord, secrets: tuple[str, ...]) -> Sender:
    headers = request.headers
    return Sender(
        key=key.id,
        trusted=key.trusted,
        identity_secrets=secrets,
        user_agent=headers.get("user-agent", ""),
        prefetching="prefetch" in headers.get("sec-purpose", headers.get("purpose", "")).lower(),
    )
