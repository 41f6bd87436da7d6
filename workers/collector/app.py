"""The collector: the Segment HTTP tracking API.  What it acknowledges is durable."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import structlog
from pymongo.database import Database
from pymongo.errors import PyMongoError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from engine.core.activities import Activity
from engine.core.rulebook import Ruleset
from engine.errors import InvalidActivity, InvalidIdentity, Unavailable
from engine.store import inbox, rulesets
from engine.store.connection import utc_now
from engine.store.inbox import RefusedEvent
from engine.store.keys import KeyRecord
from workers.collector.bodies import BadBody, Envelope, envelope_of, event_of, read_body
from workers.collector.keys import KeyRing, RateLimit, token_of
from workers.collector.times import moment
from workers.collector.translate import KINDS, Sender, translate

RETRY_AFTER = "5"
"""Seconds after which a sender may try again while MongoDB is away."""

RULESET_CACHED_FOR = 1.0
"""Seconds after which a newly published ruleset is noticed here."""

SNIPPET = Path(__file__).with_name("snippet.js")

log = structlog.get_logger()


class Waking(Protocol):
    """Whoever tells the workers that lanes have work."""

    def wake(self, lanes: Iterable[int]) -> None: ...


@dataclass
class Refused:
    """An event that was not taken, by its position in the batch."""

    index: int
    field: str
    message: str
    raw: bytes = b""

    def as_json(self) -> dict[str, Any]:
        return {"index": self.index, "field": self.field, "message": self.message}


@dataclass
class Taken:
    """The events of one request, sorted into what can be kept and what cannot."""

    activities: list[Activity] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


class Collector:
    """Takes requests apart, keeps their activities and wakes their lanes.

    Parameters:
      db(Database): Where activities are received.
      waker(Waking): Is told of lanes with work; it must neither fail nor wait.
      limit(RateLimit): What each key may send.
    """

    def __init__(
        self,
        db: Database[dict[str, Any]],
        waker: Waking,
        *,
        limit: RateLimit,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._db = db
        self._waker = waker
        self._limit = limit
        self._clock = clock
        self._keys = KeyRing(db, clock=clock)
        self._ruleset: tuple[float, Ruleset] | None = None

    async def batch(self, request: Request) -> Response:
        """`/v1/batch` and `/v1/import`: the good events are kept and the bad ones listed."""
        envelope = envelope_of(await read_body(request))
        return await run_in_threadpool(self._receive, request, envelope, None)

    async def single(self, request: Request) -> Response:
        """`/v1/track` and its like: one event, whose kind is the path's."""
        body = await read_body(request)
        envelope = Envelope(batch=[body])  # type: ignore[list-item]
        return await run_in_threadpool(self._receive, request, envelope, request.url.path.rsplit("/", 1)[-1])

    def _receive(self, request: Request, envelope: Envelope, kind: str | None) -> Response:
        key = self._key_of(request, envelope)
        if key is None:
            return _refusal(
                401, "writeKey", "unknown or revoked: send a key as the user of Basic authentication"
            )
        wait = self._limit.wait_for(key.id, len(envelope.batch))
        if wait:
            answer = _refusal(429, "writeKey", "this key sends more events than it may; slow down")
            answer.headers["Retry-After"] = str(int(wait + 0.999))
            return answer
        now = self._clock()
        sender = Sender(key.id, key.trusted, request.headers.get("user-agent", ""))
        taken = self._take(envelope, kind, sender, now=now)
        receipt = inbox.receive(self._db, taken.activities)
        self._waker.wake(receipt.lanes)
        self._keep_refused(taken, sender, now=now)
        return _answer(taken)

    def _key_of(self, request: Request, envelope: Envelope) -> KeyRecord | None:
        """The key of the header, else that in the body (a beacon can send no header)."""
        token = token_of(request.headers.get("authorization", ""))
        if token is None and isinstance(envelope.writeKey, str):
            token = envelope.writeKey
        if token is None and envelope.batch:
            token = _key_inside(envelope.batch[0])
        return None if token is None else self._keys.find(token)

    def _take(self, envelope: Envelope, kind: str | None, sender: Sender, *, now: datetime) -> Taken:
        taken, ruleset = Taken(), self._current_ruleset()
        sent_at = _sent_at(envelope)
        for index, raw in enumerate(envelope.batch):
            try:
                event = event_of(raw)
                if kind is not None:
                    event["type"] = kind
                if isinstance(envelope.context, dict):
                    event["context"] = {**envelope.context, **(event.get("context") or {})}
                taken.activities.append(translate(event, sender, ruleset, received_at=now, sent_at=sent_at))
            except (InvalidActivity, InvalidIdentity) as error:
                taken.refused.append(Refused(index, error.field, error.reason, bytes(raw)))
        return taken

    def _current_ruleset(self) -> Ruleset:
        now = time.monotonic()
        if self._ruleset is None or self._ruleset[0] <= now:
            self._ruleset = (now + RULESET_CACHED_FOR, rulesets.current(self._db))
        return self._ruleset[1]

    def _keep_refused(self, taken: Taken, sender: Sender, *, now: datetime) -> None:
        kept = [
            RefusedEvent(now, sender.key, r.field, r.message, r.raw[:32_768].decode("utf-8", "replace"))
            for r in taken.refused
        ]
        inbox.refuse(self._db, kept)

    async def health(self, _request: Request) -> Response:
        """`/healthz`: whether activities could be received now."""
        try:
            await run_in_threadpool(self._db.command, "ping")
        except PyMongoError as error:
            return JSONResponse({"ok": False, "mongodb": str(error)[:200]}, status_code=503)
        return JSONResponse({"ok": True})


def create_app(
    db: Database[dict[str, Any]],
    waker: Waking,
    *,
    limit: RateLimit | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Starlette:
    """Make the collector's ASGI application."""
    collector = Collector(db, waker, limit=limit or limit_from_environment(), clock=clock)
    routes = [
        *(Route(f"/v1/{kind}", collector.single, methods=["POST"]) for kind in KINDS),
        Route("/v1/batch", collector.batch, methods=["POST"]),
        Route("/v1/import", collector.batch, methods=["POST"]),
        Route("/t.js", _snippet),
        Route("/healthz", collector.health),
    ]
    cors = Middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["GET", "POST", "OPTIONS"],
        allow_headers=["authorization", "content-type", "content-encoding"],
        max_age=86_400,
    )
    handlers: dict[Any, Any] = {BadBody: _bad_body, Unavailable: _unavailable, PyMongoError: _unavailable}
    return Starlette(routes=routes, middleware=[cors], exception_handlers=handlers)


def limit_from_environment() -> RateLimit:
    """The rate limit by `SHEETS_EVENTS_PER_SECOND` and `SHEETS_EVENTS_BURST`."""
    per_second = float(os.environ.get("SHEETS_EVENTS_PER_SECOND", "5000"))
    return RateLimit(per_second=per_second, burst=float(os.environ.get("SHEETS_EVENTS_BURST", "50000")))


def _sent_at(envelope: Envelope) -> datetime | None:
    """The batch's own `sentAt`; one that cannot be read corrects nothing."""
    try:
        return None if envelope.sentAt is None else moment(envelope.sentAt, "sentAt")
    except InvalidActivity:
        return None


def _key_inside(raw: bytes) -> str | None:
    try:
        key = event_of(raw).get("writeKey")
    except InvalidActivity:
        return None
    return key if isinstance(key, str) else None


def _answer(taken: Taken) -> Response:
    """Segment's own answer if all went well; else what was refused and why."""
    if not taken.refused:
        return JSONResponse({"success": True})
    errors = [refused.as_json() for refused in taken.refused]
    if taken.activities:
        return JSONResponse({"success": True, "accepted": len(taken.activities), "errors": errors})
    return JSONResponse({"success": False, "errors": errors}, status_code=400)


def _refusal(status: int, field_: str, message: str) -> JSONResponse:
    errors = [{"field": field_, "message": message}]
    return JSONResponse({"success": False, "errors": errors}, status_code=status)


async def _bad_body(_request: Request, error: BadBody) -> Response:
    return _refusal(error.status, error.field, str(error))


async def _unavailable(_request: Request, error: Exception) -> Response:
    log.warning("not received: MongoDB is away", error=str(error)[:300])
    answer = _refusal(503, "", "the events could not be kept; send them again")
    answer.headers["Retry-After"] = RETRY_AFTER
    return answer


async def _snippet(_request: Request) -> Response:
    headers = {"Cache-Control": "public, max-age=3600"}
    return PlainTextResponse(SNIPPET.read_text(), media_type="text/javascript", headers=headers)
