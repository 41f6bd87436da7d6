"""RabbitMQ as the broker: hints go through it, and the work gets done without it."""

import os
import subprocess
import threading
import time
from pathlib import Path

import pytest

from engine.db.connection import utc_now
from engine.http_client import HttpClient
from engine.pipeline import inbox
from engine.pipeline.waker import Waker
from tests.builders import an_activity
from tests.integration.shops.fetching import ACCESS
from workers.embedded.ports import free_port
from workers.embedded.process import spawn, terminate
from workers.tasks import worker
from workers.tasks.actors import drain_actor
from workers.tasks.broker import make_broker
from workers.tasks.metrics import WorkerMetrics

SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"
"""Debian's server itself: the command on the path would change to another user."""


@pytest.fixture(scope="module")
def rabbitmq(tmp_path_factory):
    """A RabbitMQ of this test run's own, on a free port, with its files in a folder of its own."""
    if not Path(SERVER).exists():
        if os.environ.get("CI"):
            pytest.fail("rabbitmq-server is missing: .ci/run installs it")
        pytest.skip("rabbitmq-server is not installed")
    folder = tmp_path_factory.mktemp("rabbitmq")
    port = free_port()
    environment = {
        "RABBITMQ_NODENAME": f"sheets{port}@localhost",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_DIST_PORT": str(free_port()),
        "ERL_EPMD_PORT": str(free_port()),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "HOME": str(folder),
    }
    process = spawn([SERVER], log=folder / "out.log", environment=environment)
    url = f"amqp://guest:guest@127.0.0.1:{port}"
    _wait(url, folder / "out.log")
    yield url
    terminate(process, grace=20)
    subprocess.run(["pkill", "-f", f"epmd.*{environment['ERL_EPMD_PORT']}"], check=False)


def _wait(url, log):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            make_broker(url).connection.close()
            return
        except Exception:  # noqa: BLE001  not up yet, in whatever way
            time.sleep(0.5)
    raise AssertionError(log.read_text()[-2_000:])


def test_a_hint_through_rabbitmq_gets_a_lane_drained(db, rabbitmq):
    broker, stop = make_broker(rabbitmq), threading.Event()
    how = {
        "client": HttpClient(),
        "shop_access": ACCESS,
        "clock": utc_now,
        "stop": stop,
        "metrics": WorkerMetrics(),
    }
    working = threading.Thread(target=worker.run, args=(db, broker, {}), kwargs=how)
    working.start()
    waker = Waker(drain_actor(make_broker(rabbitmq)).send)

    waker.wake(inbox.receive(db, [an_activity(tracker="t1")]).lanes)

    deadline = time.monotonic() + 20
    while (
        db.activities.count_documents({"state": "applied", "derived": None}) == 0
        and time.monotonic() < deadline
    ):
        time.sleep(0.05)
    stop.set()
    working.join()
    waker.close()
    assert db.activities.count_documents({"state": "applied", "derived": None}) == 1
