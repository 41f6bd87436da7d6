"""A collector in this process, over the test's own database, and keys to send with."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import pytest
from starlette.testclient import TestClient

from engine.accounts import keys
from engine.db import Db
from engine.db.connection import utc_now
from workers.collector.app import create_app
from workers.collector.limits import RateLimit


class Lanes:
    """A waker that only remembers which lanes it was told of."""

    def __init__(self) -> None:
        self.woken: set[int] = set()

    def wake(self, lanes: Any) -> None:
        self.woken.update(lanes)


@pytest.fixture
def write_key(db: Db) -> str:
    return keys.create_key(db, "write", label="shop", now=utc_now()).token


@pytest.fixture
def secret_key(db: Db) -> str:
    return keys.create_key(db, "secret", label="server", now=utc_now()).token


@pytest.fixture
def waker() -> Lanes:
    return Lanes()


@pytest.fixture
def serving(db: Db, waker: Lanes) -> Iterator[Callable[..., TestClient]]:
    """Open a client of a collector with the limits and the waker that a test gives."""
    with contextlib.ExitStack() as stack:

        def serve(
            *,
            limit: RateLimit | None = None,
            api_limit: RateLimit | None = None,
            waker: Any = waker,
            proxies: int = 0,
            environment: Mapping[str, str] = MappingProxyType({}),
            clock: Callable[[], datetime] = utc_now,
            address: str = "127.0.0.1",
        ) -> TestClient:
            app = create_app(
                db,
                waker,
                limit=limit,
                api_limit=api_limit,
                proxies=proxies,
                environment=environment,
                clock=clock,
            )
            return stack.enter_context(TestClient(app, client=(address, 50_000)))

        yield serve


@pytest.fixture
def client(serving: Callable[..., TestClient], write_key: str) -> TestClient:
    """A client that sends with a write key."""
    client = serving()
    client.auth = (write_key, "")
    return client
