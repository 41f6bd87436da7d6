"""The collector: the Segment HTTP tracking API.  What it acknowledges is durable.

A request is read (bodies), its key found (auth) and its rate checked (limits); its events
become activities (intake, translate, who), which are kept together with those of other
requests (group_commit).  Only then is it answered (answers).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from types import MappingProxyType

import structlog
from pymongo.errors import PyMongoError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from engine.db import Db
from engine.db.connection import utc_now
from engine.domain.preference_links import CONFIRM_PATH, PATH
from engine.errors import ContactSheetsError, Unavailable
from engine.settings import Settings
from engine.shops.sealing import Sealer, no_key
from workers.collector import answers
from workers.collector.api.door import ApiDoor
from workers.collector.collecting import Collector, LaneNotifier
from workers.collector.limits import RateLimit, api_limit_of, limit_of
from workers.collector.preferences.door import PreferenceDoor
from workers.collector.snippet import segment_bundles, segment_library, snippet

PREFLIGHT_MAX_AGE = 86_400
"""Seconds for which a browser need not ask again whether it may send."""

Receive = Callable[[Request], Awaitable[Response]]

log = structlog.get_logger()


def create_app(
    db: Db,
    waker: LaneNotifier,
    *,
    limit: RateLimit | None = None,
    api_limit: RateLimit | None = None,
    proxies: int = 0,
    environment: Mapping[str, str] = MappingProxyType({}),
    sealer: Callable[[], Sealer] = no_key,
    clock: Callable[[], datetime] = utc_now,
) -> Starlette:
    """Make the collector's ASGI application; without a `limit` or an `api_limit` the default one holds.

    `sealer` opens the secrets of connected shops.
    `proxies` of our own stand before it, each of which adds to X-Forwarded-For.  `environment` has the
    secrets of sending services and of the preference page.
    """
    limit = limit_of(Settings()) if limit is None else limit
    collector = Collector(
        db, waker, limit=limit, proxies=proxies, environment=environment, sealer=sealer, clock=clock
    )

    door = PreferenceDoor(
        db, collector.ruleset, collector.keep, collector.metrics,
        environment=environment, proxies=proxies, clock=clock,
    )  # fmt: skip

    api = ApiDoor(
        db,
        collector.keys,
        api_limit_of(Settings()) if api_limit is None else api_limit,
        wake=waker.wake,
        metrics=collector.metrics,
        clock=clock,
    )

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with collector.lifespan(app):
            yield
        api.close()

    def counted(receive: Receive) -> Receive:
        async def endpoint(request: Request) -> Response:
            answer = await _answer(receive, request)
            collector.metrics.requests.labels(answer.status_code).inc()
            return answer

        return endpoint

    call = counted(collector.receive)
    source = counted(collector.libraries.source)
    library = segment_library()
    return Starlette(
        routes=[
            Route("/v1/contacts/reachability", counted(collector.reachability.many), methods=["POST"]),
            Route(
                "/v1/contacts/{key:path}/reachability", counted(collector.reachability.one), methods=["GET"]
            ),
            api,
            Route("/v1/projects/{key}/settings", counted(collector.libraries.settings), methods=["GET"]),
            Route("/sourceConfig", source, methods=["GET"]),
            Route("/sourceConfig/", source, methods=["GET"]),
            Route("/v1/m", counted(collector.libraries.metrics), methods=["POST"]),
            Route("/v1/{call}", call, methods=["POST"]),
            Route("/v1/{call}/", call, methods=["POST"]),
            Route("/beacon/v1/{call}", call, methods=["POST"]),
            Route("/shops/{platform}/{id}", counted(collector.shops.receive), methods=["POST"]),
            Route("/webhooks/bounce", counted(collector.notices.receive_bounce), methods=["POST"]),
            Route("/webhooks/push", counted(collector.notices.receive_push), methods=["POST"]),
            Route("/webhooks/{provider}", counted(collector.notices.receive_webhook), methods=["POST"]),
            Route(f"/{PATH}/{{token}}", counted(door.preferences), methods=["GET", "POST"]),
            Route(f"/{CONFIRM_PATH}/{{token}}", counted(door.confirm), methods=["GET", "POST"]),
            Route("/t.js", snippet()),
            Route("/analytics.js/v1/{key}/analytics.min.js", library),
            Route("/analytics.js/v1/{key}/analytics.js", library),
            Route("/analytics-next/bundles/{name}", segment_bundles()),
            Route("/healthz", collector.health),
            Route("/metrics", collector.report),
        ],
        middleware=[_from_any_page()],
        exception_handlers={HTTPException: _not_here},
        lifespan=lifespan,
    )


async def _answer(receive: Receive, request: Request) -> Response:
    """Every failure that is to be expected, as its answer."""
    try:
        return await receive(request)
    except ClientDisconnect:
        return answers.refusal(400, "body", "breaks off")  # nobody is there to read it
    except PyMongoError as error:
        return _failed(Unavailable(str(error)))
    except ContactSheetsError as error:
        return _failed(error)


def _failed(error: ContactSheetsError) -> Response:
    if answers.status_of(error) >= 500:
        log.warning("not received", error=type(error).__name__, reason=str(error)[:300])
    return answers.failure(error)


def _from_any_page() -> Middleware:
    """Shops are on other hosts than the collector, and the key, not a cookie, lets them in.

    A preflight names no key: the request itself is answered 403 if its key allows other origins,
    which the page can read.
    """
    return Middleware(
        CORSMiddleware,
        allow_origin_regex=".*",
        allow_methods=["GET", "POST"],
        allow_headers=["*"],
        # A page reads it to know when to send again.
        expose_headers=["Retry-After"],
        # Beacons of some libraries come with credentials; without this a browser holds them back.
        allow_credentials=True,
        max_age=PREFLIGHT_MAX_AGE,
    )


async def _not_here(_request: Request, error: Exception) -> Response:
    """404 and 405, in the API's own form."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    return answers.refusal(status, "path", "post to /v1/batch, /v1/track, …", headers=headers)
