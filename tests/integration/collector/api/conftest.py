"""A shop with a few people, and its system that asks the API with a secret key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from engine.accounts import keys
from engine.accounts.scopes import Scope
from engine.db import Db
from engine.db.connection import utc_now
from engine.publishing import publishing
from tests.builders import an_activity, bought, identified, minutes
from tests.integration.drained import drain_all, receive_and_drain

SEGMENTS = """
segments:
  - {id: met-at-the-fair, name: Met at the fair, static: true}
  - {id: buyers, name: Buyers, when: {contact.orders: {gte: 1}}}
"""


class Drained:
    """A waker that does the work at once, as a worker would a moment later."""

    def __init__(self, db: Db) -> None:
        self._db = db

    def wake(self, lanes: Iterable[int]) -> None:
        del lanes
        drain_all(self._db)


@pytest.fixture
def shop(db: Db) -> Db:
    """Ana has bought, Bo and the one who is to go are known, and there are a static and a dynamic segment."""
    texts = publishing.completed(db, {"segments.yaml": SEGMENTS})
    publishing.publish(db, texts, by="test", message="segments", now=utc_now())
    people(db)
    return db


def people(db: Db) -> None:
    receive_and_drain(
        db,
        [
            identified(minutes(0), email="ana@example.com", external_id="customer-7", trusted=True),
            an_activity("newsletter_subscribed", minutes(1), email="ana@example.com", trusted=True),
            bought("59.90", minutes(2), email="ana@example.com", order_id="1", currency="EUR", trusted=True),
            identified(minutes(3), email="bo@example.com", external_id="customer-8", trusted=True),
            identified(minutes(4), email="gone@example.com", trusted=True),
        ],
    )


@pytest.fixture
def key_with(shop: Db) -> Callable[..., str]:
    """Make a secret key with some scopes."""

    def key_with(*scopes: Scope) -> str:
        label = f"key {keys.ApiKey.on(shop).count()}"
        return keys.create_key(shop, "secret", label=label, now=utc_now(), scopes=scopes).token

    return key_with


@pytest.fixture
def asking(
    shop: Db, serving: Callable[..., TestClient], key_with: Callable[..., str]
) -> Callable[..., TestClient]:
    """Open a client with a key of some scopes; writes take effect at once unless another waker is given."""

    def asking(*scopes: Scope, **options: Any) -> TestClient:
        client = serving(**{"waker": Drained(shop), **options})
        client.headers["Authorization"] = f"Bearer {key_with(*scopes)}"
        return client

    return asking


@pytest.fixture
def api(asking: Callable[..., TestClient]) -> Iterator[TestClient]:
    """A client that may do everything."""
    return asking(*Scope)
