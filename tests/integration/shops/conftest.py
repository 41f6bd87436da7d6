"""A collector in this process, and shops that are connected to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from engine.db import Db
from engine.db.connection import utc_now
from engine.shops import shops
from engine.shops.sealing import Sealer
from engine.shops.shops import ShopRecord
from tests.integration.drained import drain_all
from tests.integration.served import NobodyToWake
from tests.shop_deliveries import SECRET, encoded, shopify_headers, woo_headers
from workers.collector.app import create_app

SEALER = Sealer("a key for tests, of thirty-two characters and more")

Post = Callable[..., Any]


@pytest.fixture
def sealer() -> Sealer:
    return SEALER


@pytest.fixture
def client(db: Db) -> Iterator[TestClient]:
    with TestClient(create_app(db, NobodyToWake(), sealer=lambda: SEALER)) as client:
        yield client


def connected(db: Db, platform: str, *, prefix: str = "", name: str = "Zapatos") -> ShopRecord:
    return shops.add(
        db, platform, name=name, prefix=prefix, fields={}, secrets={"webhook_secret": SECRET}, sealer=SEALER,
        now=utc_now(),
    )  # fmt: skip


@pytest.fixture
def shopify(db: Db) -> ShopRecord:
    return connected(db, "shopify")


@pytest.fixture
def woo(db: Db) -> ShopRecord:
    return connected(db, "woocommerce")


@pytest.fixture
def post(db: Db, client: TestClient) -> Post:
    """Deliver a payload as the shop would; returns the answer, with everything applied."""

    def deliver(
        shop: ShopRecord, topic: str, payload: Any, *, secret: str = SECRET, drained: bool = True
    ) -> Any:
        body = encoded(payload)
        headers = (shopify_headers if shop.platform == "shopify" else woo_headers)(topic, body, secret=secret)
        answer = client.post(f"/shops/{shop.platform}/{shop.id}", content=body, headers=headers)
        if drained:
            drain_all(db)
        return answer

    return deliver
