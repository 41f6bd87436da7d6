"""A real shop's orders through real clients: every customer's sums are the file's, to the cent."""

import json
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest
import segment.analytics as analytics

from engine.accounts import keys
from engine.contacts.listing import listing
from engine.contacts.listing.listing import Listing
from engine.contacts.sheet import sheets
from engine.db.connection import utc_now
from engine.publishing import publishing
from engine.rules.language import editing
from tests.integration.drained import drain_all
from tests.integration.real_input import cdnow
from tests.integration.served import served

NODE_CLIENT = Path(__file__).parent / "node"


@pytest.fixture(scope="module")
def orders():
    return cdnow.orders()


@pytest.fixture
def db(db):
    """A shop that sells in dollars."""
    texts = publishing.completed(db, {})
    texts["settings.yaml"] = editing.with_values(texts["settings.yaml"], "account", {"currency": "USD"})
    publishing.publish(db, texts, by="ana", message="dollars", now=utc_now())
    return db


def sums_on_the_sheets(db):
    return {
        row.external_id: (row.orders, sheets.sheet(db, row.id, now=utc_now()).commerce.spent)
        for row in listing.walk(db, Listing())
    }


def send_by_python(orders, host, token):
    failures = []
    client = analytics.Client(
        token, host=host, gzip=True, max_queue_size=20_000, on_error=lambda e, _: failures.append(e)
    )
    for order in orders:
        properties = {"order_id": order.id, "total": float(order.dollars), "currency": "USD"}
        client.track(order.customer, "Order Completed", properties, timestamp=order.at, message_id=order.id)
    client.flush()
    client.join()
    assert failures == []


@pytest.fixture(scope="module")
def some_orders(orders):
    """Those of every third customer: enough where all have been sent before."""
    return [order for order in orders if int(order.customer) % 3 == 0]


def test_the_file_is_what_it_is_said_to_be(orders):
    assert (len(orders), len(cdnow.sums(orders))) == (6_919, 2_357)


def test_sent_in_order_then_again_shuffled_the_sums_are_the_files(db, orders):
    token = keys.create_key(db, "secret", label="test", now=utc_now()).token
    with served(db) as host:
        send_by_python(orders, host, token)
        drain_all(db)
        assert sums_on_the_sheets(db) == cdnow.sums(orders)

        shuffled = random.Random(1).sample(orders, len(orders))
        send_by_python(shuffled, host, token)
        drain_all(db)
    assert sums_on_the_sheets(db) == cdnow.sums(orders)
    assert db.activities.count_documents({"derived": None}) == 6_919
    assert db.conflicts.count_documents({}) == 0


def test_shuffled_and_drained_bit_by_bit_the_sums_are_the_files(db, some_orders):
    token = keys.create_key(db, "secret", label="test", now=utc_now()).token
    shuffled = random.Random(2).sample(some_orders, len(some_orders))
    with served(db) as host:
        for start in range(0, len(shuffled), 700):
            send_by_python(shuffled[start : start + 700], host, token)
            drain_all(db)
    assert sums_on_the_sheets(db) == cdnow.sums(some_orders)


@pytest.fixture(scope="module")
def node_client(tmp_path_factory):
    """The client for Node, installed from its lock file into a folder of its own."""
    if shutil.which("npm") is None:
        if os.environ.get("CI"):
            pytest.fail("npm is missing: .ci/run needs Node 20")
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("node") / "client"
    shutil.copytree(NODE_CLIENT, folder, ignore=shutil.ignore_patterns("node_modules"))
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, check=True, capture_output=True)
    return folder


def test_the_client_for_node_brings_the_same(db, some_orders, node_client):
    token = keys.create_key(db, "secret", label="test", now=utc_now()).token
    lines = [
        json.dumps({"id": o.id, "customer": o.customer, "at": o.at.isoformat(), "total": float(o.dollars)})
        for o in random.Random(3).sample(some_orders, len(some_orders))
    ]
    with served(db) as host:
        for _ in range(2):
            command = ["node", "send.mjs", host, token]
            subprocess.run(
                command, cwd=node_client, input="\n".join(lines), text=True, check=True, timeout=120
            )
    drain_all(db)

    assert sums_on_the_sheets(db) == cdnow.sums(some_orders)
