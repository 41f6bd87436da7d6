"""The door of the API: each request leads to its operation, if its key may, and every failure is answered."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from pymongo.errors import PyMongoError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from engine.accounts.keys import KeyRecord
from engine.db import Db
from engine.errors import ContactSheetsError, Unavailable
from workers.collector import answers
from workers.collector.api import routing, threads
from workers.collector.api.errors import NoSuchOperation, TooSlow
from workers.collector.api.operation import Operation
from workers.collector.api.request_runner import RequestRunner
from workers.collector.api.services import CollectorServices
from workers.collector.api.threads import ApiThreads
from workers.collector.auth import KeyRing, token_of
from workers.collector.errors import ScopeMissing, UnknownWriteKey
from workers.collector.limits import RateLimit
from workers.collector.metrics import Metrics
from workers.collector.reachability import SecretKeyNeeded

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
        self._keys = keys
        self._metrics = metrics
        self._api: Api | None = None
        self._loading = asyncio.Lock()
        self._threads = ApiThreads()
        self._runner = partial(
            RequestRunner, db, limit, self._threads, CollectorServices(db, wake), clock=clock
        )

    def close(self) -> None:
        """End the threads once their requests are answered."""
        self._threads.close()

    # Routing

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether a request is the API's."""
        if scope["type"] == "http" and routing.is_api(routing.raw_path(scope)):
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
            async with self._loading:  # once, however many requests are the first
                if self._api is None:
                    self._api = await self._threads.run(Api.load)
            return await self._answer_or_refuse(request, self._api)
        except ClientDisconnect:
            return answers.refusal(400, "body", "breaks off")
        except Exception as error:  # noqa: BLE001  a fault of ours is an answer, too
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
        raw_path = routing.raw_path(request.scope)
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
        runner = self._runner(encode=api.encode)
        return await runner.respond(request, operation, key, found.path)

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


def _too_slow(request: Request) -> TooSlow:
    reads = request.method in ("GET", "HEAD")
    advice = "narrow the filter, or export the list" if reads else "send it again"
    return TooSlow(threads.WITHIN, advice=advice)


def _is_timeout(error: ContactSheetsError) -> bool:
    """Whether MongoDB did not answer in time, which the engine reports as Unavailable."""
    cause = error.__cause__
    return isinstance(cause, PyMongoError) and cause.timeout


def _operation_of(request: Request) -> str:
    """The operation of a request, for the log: its path may name a person."""
    return str(request.scope.get("operation", "none"))
