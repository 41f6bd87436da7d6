"""Running the collector on uvicorn, with its waker and its signs of life."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

import structlog
import uvicorn
from pymongo.errors import PyMongoError
from starlette.applications import Starlette

from engine.db import Db
from engine.db.connection import utc_now
from engine.http_connections import BoundedConnections, allow_many_connections
from engine.operations import pulses
from engine.pipeline.waker import Waker
from engine.shops.sealing import Sealer
from workers.collector.app import create_app
from workers.collector.limits import RateLimit

BEAT = 5.0
"""Seconds between two signs of life."""

FINISH_WITHIN = 15
"""Seconds for open requests to finish when the process stops."""

MAX_CONNECTIONS = 2_000
"""Connections at once; beyond them uvicorn answers 503, so that memory stays bounded."""

log = structlog.get_logger()


def serve(
    db: Db,
    waker: Waker,
    environment: Mapping[str, str],
    *,
    host: str,
    port: int,
    limit: RateLimit,
    api_limit: RateLimit,
    proxies: int,
    sealer: Callable[[], Sealer],
) -> None:
    """Serve until SIGTERM or Ctrl-C; open requests are answered first."""
    stop = threading.Event()
    metrics = pulses.metrics_address(host, port)
    beating = threading.Thread(target=_beat, args=(db, stop, metrics), name="pulse", daemon=True)
    beating.start()
    try:
        allow_many_connections(2 * MAX_CONNECTIONS)
        app = create_app(
            db,
            waker,
            limit=limit,
            api_limit=api_limit,
            proxies=proxies,
            environment=environment,
            sealer=sealer,
        )
        uvicorn.Server(_configuration(app, host=host, port=port)).run()
    finally:
        stop.set()
        waker.close()


def _configuration(app: Starlette, *, host: str, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # uvicorn would believe X-Forwarded-For of anybody on this machine
        http=BoundedConnections,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=FINISH_WITHIN,
    )


def _beat(db: Db, stop: threading.Event, metrics: str) -> None:
    while True:
        try:
            pulses.beat(db, "collector", now=utc_now(), metrics=metrics)
        except PyMongoError as error:
            log.warning("no sign of life given", error=str(error)[:200])
        if stop.wait(BEAT):
            return
