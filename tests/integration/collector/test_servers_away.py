"""With MongoDB away nothing is acknowledged; with the broker away everything is."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from starlette.testclient import TestClient

from engine.accounts import keys
from engine.db import Db
from engine.db.connection import connect, utc_now
from engine.operations.preparation import prepare
from engine.pipeline.waker import Waker
from engine.settings import CONFIG_DIR
from tests.integration.served import NobodyToWake
from workers.collector import collecting
from workers.collector.app import create_app
from workers.embedded.mongod import Mongod


def visit(id_: str) -> dict[str, Any]:
    return {"anonymousId": "t-1", "messageId": id_}


@pytest.fixture
def own_mongod(tmp_path: Path) -> Iterator[Mongod]:
    """A MongoDB that the test may do harm to."""
    server = Mongod(tmp_path)
    server.start()
    server.wait_ready()
    yield server
    server.stop()


@pytest.fixture
def own_client(own_mongod: Mongod) -> Iterator[TestClient]:
    """A client of a collector on that MongoDB, which has taken a first visit."""
    db = connect(own_mongod.uri, "away", app="tests")
    prepare(db, config_dir=CONFIG_DIR, now=utc_now())
    token = keys.create_key(db, "write", label="shop", now=utc_now()).token
    with TestClient(create_app(db, NobodyToWake())) as client:
        client.auth = (token, "")
        assert client.post("/v1/page", json=visit("before")).status_code == 200
        yield client
    db.client.close()


def kept(mongod: Mongod) -> set[str]:
    with MongoClient[dict[str, Any]](mongod.uri) as client:
        return {id_.removeprefix("browser:") for id_ in client["away"].activities.distinct("_id")}


def test_while_mongodb_is_dead_the_answer_is_503_and_then_all_is_well(
    own_mongod: Mongod, own_client: TestClient
) -> None:
    assert own_mongod.process is not None
    own_mongod.process.kill()
    own_mongod.process.wait()

    refused = own_client.post("/v1/page", json=visit("during"))
    health = own_client.get("/healthz")
    own_mongod.start()
    own_mongod.wait_ready()
    again = own_client.post("/v1/page", json=visit("during"))

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert refused.json()["success"] is False
    assert health.status_code == 503
    assert again.json() == {"success": True}
    assert kept(own_mongod) == {"before", "during"}


def test_a_mongodb_that_hangs_counts_as_away(
    own_mongod: Mongod, own_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "MONGODB_WITHIN", 1.0)
    assert own_mongod.process is not None
    own_mongod.process.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    try:
        hung = own_client.post("/v1/page", json=visit("during"))
    finally:
        own_mongod.process.send_signal(signal.SIGCONT)

    assert hung.status_code == 503
    assert time.monotonic() - began < 10


def test_an_event_that_was_acknowledged_outlives_a_kill(own_mongod: Mongod, own_client: TestClient) -> None:
    assert own_mongod.process is not None
    batch = [{"type": "page", "anonymousId": "t-1", "messageId": f"m-{n}"} for n in range(200)]

    assert own_client.post("/v1/batch", json={"batch": batch}).status_code == 200
    own_mongod.process.kill()
    own_mongod.process.wait()
    own_mongod.start()
    own_mongod.wait_ready()

    assert {event["messageId"] for event in batch} <= kept(own_mongod)


def test_a_broker_that_is_gone_holds_up_no_answer(db: Db, write_key: str) -> None:
    def send(_lane: int) -> None:
        raise ConnectionError("no broker")

    waker = Waker(send)
    with TestClient(create_app(db, waker)) as client:
        answer = client.post("/v1/page", json=visit("m-1"), auth=(write_key, ""))
    waker.close()

    assert answer.json() == {"success": True}
    assert db.activities.count_documents({"state": "received"}) == 1


def test_a_waker_that_fails_changes_no_answer(db: Db, write_key: str) -> None:
    class Broken:
        def wake(self, lanes: object) -> None:
            raise RuntimeError(f"cannot wake {lanes}")

    with TestClient(create_app(db, Broken())) as client:
        answer = client.post("/v1/page", json=visit("m-1"), auth=(write_key, ""))

    assert answer.json() == {"success": True}
