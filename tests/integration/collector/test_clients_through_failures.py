"""Clients that nobody here wrote, unchanged but for their host: through failures each event arrives once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import customerio.analytics.client as customerio
import pytest
import rudderstack.analytics.client as rudderstack
import segment.analytics.client as segment

from engine.db.connection import connect
from tests.integration.failing_front import EVERY, failing
from tests.running import running

NODE_CLIENTS = Path(__file__).parents[1] / "real_input" / "node"
BEGIN = datetime(2026, 3, 1, 10, tzinfo=UTC)
EVENTS = 40
AT_ONCE = 5
"""Events of a batch, so that every failure of the plan has its turn."""


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    with running(tmp_path_factory.mktemp("through-failures") / "data", "--no-dashboard") as instance:
        yield instance


@pytest.fixture
def front(instance):
    def kill():
        instance.child("collector").kill()

    with failing(instance.collector, EVERY, kill=kill) as front:
        yield front


@pytest.fixture(scope="module")
def node_clients(tmp_path_factory):
    """The clients for Node, installed from their lock file into a folder of their own."""
    if shutil.which("npm") is None:
        if os.environ.get("CI"):
            pytest.fail("npm is missing: .ci/run needs Node 20")
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("node") / "clients"
    shutil.copytree(NODE_CLIENTS, folder, ignore=shutil.ignore_patterns("node_modules"))
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


def events(name):
    """Events of one customer, each a minute after the one before."""
    return [
        {
            "userId": name,
            "event": "Product Viewed",
            "timestamp": (BEGIN + timedelta(minutes=number)).isoformat(),
            "properties": {"product_id": f"p-{number}"},
        }
        for number in range(EVENTS)
    ]


def arrived(instance, name):
    """How often each product was seen by a customer, and when."""
    client = connect(
        json.loads((instance.data_dir / "instance.json").read_text())["mongodb_uri"],
        "contact_sheets",
        app="test",
    )
    rows = client.activities.find({"identities.external_id": name, "type": "product_visited"})
    return Counter((row["properties"]["product_id"], row["happened_at"].replace(tzinfo=UTC)) for row in rows)


def sent(name):
    return Counter(
        (event["properties"]["product_id"], datetime.fromisoformat(event["timestamp"]))
        for event in events(name)
    )


@pytest.mark.parametrize(
    ("name", "client"),
    [
        ("segment", partial(segment.Client, max_retries=20)),
        ("rudderstack", partial(rudderstack.Client, max_retries=20)),
        ("customerio", partial(customerio.Client, max_retries=20)),
    ],
)
def test_a_python_client_brings_each_event_once(instance, front, name, client):
    failures = []
    name = f"{name}-python"
    sender = client(
        instance.key(),
        host=front.address,
        upload_size=AT_ONCE,
        on_error=lambda error, _: failures.append(error),
    )

    for event in events(name):
        when = datetime.fromisoformat(event["timestamp"])
        sender.track(name, event["event"], event["properties"], timestamp=when)
    sender.flush()
    sender.join()

    assert failures == []
    assert front.done[: len(EVERY)] == list(EVERY), "every failure had its turn"
    assert arrived(instance, name) == sent(name)


@pytest.mark.parametrize("client", ["segment", "rudderstack", "customerio"])
def test_a_node_client_brings_each_event_once(instance, front, node_clients, client):
    name = f"{client}-node"
    lines = "\n".join(map(json.dumps, events(name)))

    command = ["node", "track.mjs", client, front.address, instance.key()]
    run = subprocess.run(
        command, cwd=node_clients, input=lines, text=True, capture_output=True, timeout=240, check=False
    )

    assert run.returncode == 0, run.stderr[-2_000:]
    assert front.done[: len(EVERY)] == list(EVERY), "every failure had its turn"
    assert arrived(instance, name) == sent(name)
