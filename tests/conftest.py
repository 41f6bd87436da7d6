"""The real servers, one of each a test run; a database of its own for each test that asks."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from engine.db import Db
from engine.db.connection import connect
from tests.prepared import Prepared
from workers.embedded.mongod import Mongod
from workers.embedded.valkey import Valkey

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"

_databases = itertools.count()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are named by their place: packed ones hold the time at which they were made, and
    a test must have the same name in each of the processes that share the tests."""
    return argname if isinstance(val, bytes) and not val.isascii() else None


@pytest.fixture(scope="session")
def mongod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mongod]:
    """The embedded MongoDB."""
    server = Mongod(tmp_path_factory.mktemp("mongodb"))
    server.start()
    server.wait_ready()
    _let_go_of_dropped_databases(server)
    yield server
    server.stop()


def _let_go_of_dropped_databases(server: Mongod) -> None:
    """A dropped database keeps its hundred files open for five minutes and a checkpoint: with one
    for each test that is more than a process may have open."""
    client = connect(server.uri, "admin", app="tests").client
    client.admin.command("setParameter", 1, minSnapshotHistoryWindowInSeconds=0)
    client.admin.command("setParameter", 1, syncdelay=10)
    client.close()


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """The embedded Valkey."""
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    server.start()
    server.wait_ready()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def prepared(mongod: Mongod) -> Prepared:
    """The database that is handed from test to test, as good as new."""
    return Prepared(mongod.uri)


@pytest.fixture
def db(prepared: Prepared) -> Iterator[Db]:
    """A database of the test's own, prepared with the shipped rules."""
    database = prepared.take()
    yield database
    prepared.give_back(database)


@pytest.fixture(scope="module")
def module_db(mongod: Mongod) -> Iterator[Db]:
    """A bare database that the tests of a module share."""
    database = connect(mongod.uri, f"test_{os.getpid()}_{next(_databases)}", app="tests")
    yield database
    database.client.drop_database(database.name)
    database.client.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium.

    It goes with the module that asked for it: Playwright's sync API keeps an event loop
    running, beside which nothing else can use asyncio.
    """
    if not Path(CHROMIUM).exists():
        if os.environ.get("CI"):
            pytest.fail("chromium is missing: .ci/run installs it")
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()
