"""Whatever the order of deliveries, and whoever dies meanwhile, an order counts once and alike."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from decimal import Decimal
from itertools import count

import httpx
import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.db.connection import connect
from engine.shops import deliveries as taken_deliveries
from engine.shops import intake
from tests.integration.drained import drain_all
from tests.integration.served import NobodyToWake
from tests.integration.shops.conftest import SEALER
from tests.shop_deliveries import (
    a_line,
    encoded,
    shopify_headers,
    shopify_order,
    shopify_refund,
    woo_order,
)
from workers.collector.app import create_app
from workers.embedded.ports import free_port

NUMBERS = count(1)


def shopify_life(number):
    """Placed for 80, edited to 120, refunded 30, shipped; the same for every number, of another customer."""
    own = {
        "id": number, "name": f"#{number}", "email": f"b{number}@x.example", "cart_token": None,
        "customer": {"id": 1_000_000 + number, "email": f"b{number}@x.example"},
    }  # fmt: skip
    refund = shopify_refund(at=60, id_=number * 10) | {"order_id": number}
    edited = {"line_items": [a_line(quantity=3)]}
    return [
        ("orders/create", shopify_order(**own)),
        ("orders/paid", shopify_order(updated=1, **own)),
        ("orders/updated", shopify_order(updated=30, total="120.00", **own, **edited)),
        ("refunds/create", refund),
        ("orders/updated", shopify_order(updated=60, total="90.00", refunds=[refund], **own, **edited)),
        ("orders/updated", shopify_order(
            updated=90, total="90.00", refunds=[refund], fulfillment_status="fulfilled", **own, **edited)),
    ]  # fmt: skip


def woo_life(number):
    """Begun, paid, cancelled by mistake, taken up again, refunded in part."""
    own = {
        "id": number, "number": str(number), "customer_id": 2_000_000 + number,
        "billing": {"email": f"b{number}@x.example"},
    }  # fmt: skip
    refunds = [{"id": number * 10, "total": "-30.00"}]
    return [
        ("order.created", woo_order(status="pending", updated=0, **own)),
        ("order.updated", woo_order(updated=1, **own)),
        ("order.updated", woo_order(status="cancelled", updated=5, **own)),
        ("order.updated", woo_order(updated=6, total="120.00", **own)),
        ("order.updated", woo_order(status="completed", updated=90, total="120.00", refunds=refunds, **own)),
    ]


def outcome(db, number):
    """What a customer's contact came to, without the ids that differ from one customer to the next."""
    [contact] = db.contacts.find({"email": f"b{number}@x.example"})
    [order] = contact["commerce"]["book"]
    commerce = contact["commerce"]
    return {
        "orders": commerce["orders"],
        "spent": commerce["spent"],
        "refunded": commerce["refunded"],
        "amount": order["amount"],
        "placed": order["placed_at"],
        "cancelled": order.get("cancelled", False),
        "cart": contact.get("cart"),
        "points": contact["points"]["total"],
        "segments": sorted(contact.get("segments", [])),
        "newsletter": contact.get("statuses", {}).get("newsletter", {}).get("state"),
    }


@pytest.mark.parametrize("life", [shopify_life, woo_life])
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_order_of_deliveries_ends_in_the_same_contact(data, life, db, post, shopify, woo):
    shop = shopify if life is shopify_life else woo
    straight, shuffled = next(NUMBERS), next(NUMBERS)
    for topic, payload in life(straight):
        assert post(shop, topic, payload, drained=False).status_code == 200
    drain_all(db)

    drained = data.draw(st.booleans(), "applied in between")
    for topic, payload in data.draw(st.permutations(life(shuffled)), "order"):
        assert post(shop, topic, payload, drained=drained).status_code == 200
    drain_all(db)

    assert outcome(db, shuffled) == outcome(db, straight)
    assert outcome(db, straight)["spent"] == Decimal("90.00")


# Kills


def _serve(uri, name, port, dies):
    if dies is not None:
        module, function, after = dies
        real = getattr(module, function)

        def die(*args, **kwargs):
            if after:
                real(*args, **kwargs)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(module, function, die)
    db = connect(uri, name, app="collector")
    app = create_app(db, NobodyToWake(), sealer=lambda: SEALER)
    uvicorn.Server(uvicorn.Config(app, port=port, log_level="critical")).run()


@pytest.fixture
def collector(mongod, db):
    """Start a collector in a process of its own, which may die at some point."""
    context, running = multiprocessing.get_context("fork"), []

    def start(dies=None):
        port = free_port()
        process = context.Process(target=_serve, args=(mongod.uri, db.name, port, dies), daemon=True)
        process.start()
        running.append(process)
        for _ in range(600):
            try:
                httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        return process, f"http://127.0.0.1:{port}"

    yield start
    for process in running:
        process.kill()
        process.join()


def deliver(address, shop, topic, payload):
    body = encoded(payload)
    return httpx.post(
        f"{address}/shops/shopify/{shop.id}", content=body, headers=shopify_headers(topic, body), timeout=30
    )


def test_what_was_acknowledged_survives_the_collector_s_death_and_counts_once(db, collector, shopify):
    for topic, payload in shopify_life(1):
        process, address = collector()
        answer = deliver(address, shopify, topic, payload)
        process.kill()
        process.join()
        assert answer.status_code == 200
    _, address = collector()
    repeated = [deliver(address, shopify, topic, payload).json() for topic, payload in shopify_life(1)]
    drain_all(db)

    assert all(answer.get("repeated") for answer in repeated)
    assert outcome(db, 1)["spent"] == Decimal("90.00") and outcome(db, 1)["orders"] == 1
    assert db.activities.count_documents({"type": "order_refunded"}) == 1


@pytest.mark.parametrize(
    "dies",
    [
        (intake, "go_on", False),
        (taken_deliveries, "record", False),
        (taken_deliveries, "record", True),
    ],
    ids=["after the activities", "before it is remembered", "after it is remembered"],
)
def test_a_death_before_the_answer_lets_the_shop_send_it_again_and_it_counts_once(
    db, collector, shopify, dies
):
    for topic, payload in shopify_life(1):
        _, deadly = collector(dies)
        with pytest.raises(httpx.TransportError):
            deliver(deadly, shopify, topic, payload)
        _, address = collector()
        assert deliver(address, shopify, topic, payload).status_code == 200
    drain_all(db)

    assert outcome(db, 1)["spent"] == Decimal("90.00") and outcome(db, 1)["orders"] == 1
    assert db.activities.count_documents({"type": "order_refunded"}) == 1
    assert db.conflicts.count_documents({}) == 0
