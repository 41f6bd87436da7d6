"""The door of the API: each request is authenticated, checked, done in a thread, and answered.

The threads are the API's own: a slow list never holds back the intake of events.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import pymongo
import structlog
from pymongo.errors import PyMongoError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from engine.accounts import api_requests
from engine.accounts.actor import Actor
from engine.accounts.api_requests import Claim, StoredReply
from engine.accounts.keys import KeyRecord
from engine.accounts.scopes import user_of_key
from engine.db import Db
from engine.db.installation import namespace
from engine.domain.activities import Activity, ActivityId
from engine.errors import ContactSheetsError, Invalid, Unavailable
from engine.pipeline import inbox
from engine.pipeline.inbox import Receipt
from workers.collector import answers
from workers.collector.api import routing
from workers.collector.api.conditional import IfMatch, etag_of, is_unchanged, tags_of
from workers.collector.api.cursors import Cursors
from workers.collector.api.errors import ApiBusy, ApiRateLimited, InvalidParameters, NoSuchOperation, TooSlow
from workers.collector.api.operation import Call, Download, Operation, Outcome, Pending, Reply
from workers.collector.api.parameters import read_body as read_json
from workers.collector.api.parameters import read_query
from workers.collector.api.uploaded_file import UploadedFile
from workers.collector.auth import KeyRing, token_of
from workers.collector.bodies import read_body
from workers.collector.errors import ScopeMissing, UnknownWriteKey
from workers.collector.limits import RateLimit
from workers.collector.metrics import Metrics
from workers.collector.reachability import SecretKeyNeeded

THREADS = 8
"""Requests that are worked on at once."""

MAX_WAITING = 100
"""Requests at work or waiting for a thread; beyond them the answer is 503."""

WITHIN = 10.0
"""Seconds that a request may take of MongoDB."""

APPLIED_WITHIN = 3.0
"""Seconds that a write waits until it has taken effect; after it the answer is 202."""

POLL = 0.03
"""Seconds between two looks whether an activity is applied."""

MAX_KEY = 200
"""Characters of an `Idempotency-Key`."""

T = TypeVar("T")

log = structlog.get_logger()


@dataclass(frozen=True)
class Api:
    """The operations, and the pages about them: made when the first request comes.

    They need the whole engine, which a collector that only receives events never loads.
    """

    operations: Sequence[Operation]
    pages: Mapping[str, Response]
    encode: Callable[[Any], bytes]
    failure: Callable[[ContactSheetsError], Response]

    @classmethod
    def load(cls) -> Api:
        from engine.contacts.sheet.sheets import encode
        from engine.operations.job_kinds import find_job_kinds
        from workers.collector.api import docs_page, openapi, problems, registry

        find_job_kinds()
        return cls(registry.OPERATIONS, {**openapi.pages(), **docs_page.pages()}, encode, problems.failure)


class ApiDoor(BaseRoute):
    """The route of the whole API.

    Parameters:
      db(Database): Where everything is.
      keys(KeyRing): The keys that requests come with.
      limit(RateLimit): The requests that each key may send.
      wake(callable): Notifies the workers of lanes that have work.
      metrics(Metrics): Counts requests by operation.
      clock(callable): The present.
    """

    def __init__(
        self,
        db: Db,
        keys: KeyRing,
        limit: RateLimit,
        *,
        wake: Callable[[Iterable[int]], None],
        metrics: Metrics,
        clock: Callable[[], datetime],
    ) -> None:
        self._db = db
        self._keys = keys
        self._limit = limit
        self._services = _Services(db, wake)
        self._metrics = metrics
        self._clock = clock
        self._api: Api | None = None
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="api")
        self._at_work = 0

    def close(self) -> None:
        """End the threads once their requests are answered."""
        self._threads.shutdown(wait=False)

    # Routing

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether a request is the API's."""
        if scope["type"] == "http" and routing.is_api(_raw_path(scope)):
            return Match.FULL, {"endpoint": self}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        request = Request(scope, receive)
        response = await self._load_and_answer(request)
        self._metrics.requests.labels(response.status_code).inc()
        self._metrics.api_requests.labels(_operation_of(request), response.status_code).inc()
        await response(scope, receive, send)

    async def _load_and_answer(self, request: Request) -> Response:
        """Every failure as its answer; this is the edge of the process."""
        try:
            if self._api is None:
                self._api = await asyncio.get_running_loop().run_in_executor(self._threads, Api.load)
            return await self._answer_or_refuse(request, self._api)
        except ClientDisconnect:
            return answers.refusal(400, "body", "breaks off")
        except Exception as error:
            # The places in the code alone: messages and values may name a person.
            trace = "".join(traceback.format_tb(error.__traceback__))
            operation, kind = _operation_of(request), type(error).__name__
            log.error("api request failed", operation=operation, error=kind, trace=trace)
            return answers.unavailable(500)

    async def _answer_or_refuse(self, request: Request, api: Api) -> Response:
        try:
            return await self._answer(request, api)
        except PyMongoError as error:
            cause: Exception = error
            answer = api.failure(_too_slow(request) if error.timeout else Unavailable(str(error)))
        except ContactSheetsError as error:
            late = isinstance(error, Unavailable) and _is_timeout(error)
            cause, answer = error, api.failure(_too_slow(request) if late else error)
        if answer.status_code >= 500:
            log.warning(
                "api request not answered",
                operation=_operation_of(request),
                error=type(cause).__name__,
                reason=str(cause)[:300],
            )
        return answer

    async def _answer(self, request: Request, api: Api) -> Response:
        raw_path = _raw_path(request.scope)
        if (page := api.pages.get(raw_path)) is not None and request.method in ("GET", "HEAD"):
            return page
        routes = [(operation.method, operation.parts) for operation in api.operations]
        found = routing.match(routes, request.method, raw_path)
        if found is None:
            raise NoSuchOperation
        if found.index is None:
            allowed = ", ".join(found.allowed)
            return answers.refusal(405, "method", f"must be {allowed} here", headers={"Allow": allowed})
        operation = api.operations[found.index]
        request.scope["operation"] = operation.id
        key = await self._key_of(request, operation)
        return await self._respond(request, api, operation, key, found.path)

    async def _key_of(self, request: Request, operation: Operation) -> KeyRecord:
        """Raises UnknownWriteKey, SecretKeyNeeded and ScopeMissing."""
        token = token_of(request.headers.get("authorization", ""))
        key = None if token is None else await self._keys.find(token)
        if key is None:
            raise UnknownWriteKey("is missing, unknown or revoked; send a secret key as `Bearer` token")
        if not key.trusted:
            raise SecretKeyNeeded
        if not operation.scopes.intersection(key.scopes):
            raise ScopeMissing(min(operation.scopes))
        return key

    # One request

    async def _respond(
        self,
        request: Request,
        api: Api,
        operation: Operation,
        key: KeyRecord,
        path: Mapping[str, str],
    ) -> Response:
        self._take(key, 1)
        given = request.query_params.multi_items()
        query = read_query(operation, given)
        raw = b"" if operation.upload is not None or operation.method == "GET" else await read_body(request)
        body = read_json(operation.body, raw or b"{}") if operation.body is not None else None
        if operation.body is None and raw.strip():
            raise InvalidParameters({"body": "is not accepted here; leave it out"})
        if (cost := operation.cost(body)) > 1:
            self._take(key, cost - 1)
        if_match = IfMatch(tags_of(request.headers.get("if-match", "")))
        if if_match.tags and not operation.matches:
            raise InvalidParameters({"If-Match": "is not supported here"})
        claim = await self._claim(request, operation, key, _listed(request, given), raw)
        file = UploadedFile(request)
        if claim.reply is not None:
            if operation.upload is not None:
                await file.drain()
            api_requests.check_upload(claim.reply, file.digest)
            return _replayed(claim.reply)
        call = Call(
            Actor(self._db, user_of_key(key.id, key.label, key.scopes), self._clock),
            key.id,
            path,
            query,
            body,
            claim.seed,
            if_match,
            Cursors(namespace(self._db), _listed(request, given, place=False)),
            self._services,
        )
        try:
            if operation.upload is not None:
                call = replace(call, body=await operation.upload(call, file.chunks(), self._in_thread))
            reply = await self._done(await self._in_thread(partial(operation.run, call)))
        except Invalid:
            await self._in_thread(partial(api_requests.release, self._db, claim))
            raise
        return await self._response(request, api, reply, claim, upload=file.digest)

    async def _claim(
        self, request: Request, operation: Operation, key: KeyRecord, listed: str, body: bytes
    ) -> Claim:
        sent = request.headers.get("idempotency-key", "").strip()
        if not sent:
            return api_requests.unkeyed()
        if operation.method == "GET":
            raise InvalidParameters({"Idempotency-Key": "is for requests that write"})
        if len(sent) > MAX_KEY:
            raise InvalidParameters({"Idempotency-Key": f"has at most {MAX_KEY} characters"})

        def claim() -> Claim:
            fingerprint = api_requests.digest(self._db, request.method.encode(), listed.encode(), body)
            return api_requests.claim(self._db, key.id, sent, fingerprint, now=self._clock())

        return await self._in_thread(claim)

    async def _done(self, outcome: Outcome) -> Reply | Download:
        """The answer of an operation, once its activity has taken effect or that takes too long."""
        if not isinstance(outcome, Pending):
            return outcome
        until = time.monotonic() + APPLIED_WITHIN
        while (state := await self._in_thread(partial(self._state_of, outcome.activity))) == "received":
            if time.monotonic() > until:
                break
            await asyncio.sleep(POLL)
        return await self._in_thread(partial(outcome.then, state == "applied"))

    def _state_of(self, activity: ActivityId) -> str | None:
        """The state of an activity; None if it was dropped."""
        row = self._db.activities.find_one({"_id": activity}, {"state": 1})
        return None if row is None else str(row["state"])

    async def _response(
        self, request: Request, api: Api, reply: Reply | Download, claim: Claim, *, upload: str
    ) -> Response:
        if isinstance(reply, Download):
            return _download(reply)
        content = b"" if reply.body is None else api.encode(reply.body)
        headers = dict(reply.headers)
        if request.method in ("GET", "HEAD"):
            headers["ETag"] = reply.etag or etag_of(content)
            headers["Cache-Control"] = "private, no-cache"
            if is_unchanged(request.headers.get("if-none-match", ""), headers["ETag"]):
                return Response(status_code=304, headers=headers)
        elif reply.etag is not None:
            headers["ETag"] = reply.etag
        stored = StoredReply(reply.status, content.decode(), headers, upload)
        if claim.id is not None:
            stored = await self._in_thread(partial(api_requests.answer, self._db, claim, stored))
        return _as_json(stored)

    # Threads and limits

    def _take(self, key: KeyRecord, requests: int) -> None:
        if wait := self._limit.wait_for(key.id, requests):
            raise ApiRateLimited(wait)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """Run blocking work in a thread of the API.  Raises ApiBusy."""
        if self._at_work >= MAX_WAITING:
            raise ApiBusy
        self._at_work += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, _bounded, work)
        finally:
            self._at_work -= 1


@dataclass(frozen=True)
class _Services:
    """What the collector does for the API (see `operation.Services`)."""

    _db: Db
    _wake: Callable[[Iterable[int]], None]

    def receive(self, activities: Sequence[Activity]) -> Receipt:
        receipt = inbox.receive(self._db, activities)
        self.wake(receipt.lanes)
        return receipt

    def wake(self, lanes: Iterable[int]) -> None:
        try:
            self._wake(lanes)
        except Exception as error:  # noqa: BLE001  only a hint: the scheduler finds the lanes
            log.warning("lanes not woken", lanes=sorted(lanes), error=str(error))


def _bounded(work: Callable[[], T]) -> T:
    with pymongo.timeout(WITHIN):
        return work()


def _too_slow(request: Request) -> TooSlow:
    reads = request.method in ("GET", "HEAD")
    return TooSlow(WITHIN, advice="narrow the filter, or export the list" if reads else "send it again")


def _is_timeout(error: ContactSheetsError) -> bool:
    """Whether MongoDB did not answer in time, which the engine reports as Unavailable."""
    cause = error.__cause__
    return isinstance(cause, PyMongoError) and cause.timeout


def _raw_path(scope: Scope) -> str:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.partition(b"?")[0].decode("ascii", "replace")


def _operation_of(request: Request) -> str:
    """The operation of a request, for the log: its path may name a person."""
    return str(request.scope.get("operation", "none"))


_PLACE = frozenset({"cursor", "limit"})
"""The parameters that are no part of what a list is."""


def _listed(request: Request, given: Sequence[tuple[str, str]], *, place: bool = True) -> str:
    """The path and the parameters of a request, in one text."""
    kept = sorted((name, value) for name, value in given if place or name not in _PLACE)
    return f"{_raw_path(request.scope)}\n{kept}"


def _as_json(reply: StoredReply) -> Response:
    if reply.status == 204:
        return Response(status_code=204, headers=dict(reply.headers))
    return Response(
        reply.body, reply.status, {"Cache-Control": "no-store", **reply.headers}, "application/json"
    )


def _replayed(reply: StoredReply) -> Response:
    return _as_json(StoredReply(reply.status, reply.body, {**reply.headers, "Idempotency-Replayed": "true"}))


def _download(file: Download) -> Response:
    ascii_name = file.name.encode("ascii", "replace").decode().replace('"', "'").replace("?", "_")
    headers = {
        "Content-Disposition": f'attachment; filename="{ascii_name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    if file.length is not None:
        headers["Content-Length"] = str(file.length)
    return StreamingResponse(file.chunks, media_type=file.media_type, headers=headers)
