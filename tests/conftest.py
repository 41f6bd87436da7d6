"""The real servers, one of each a test run; a database of its own for each test that asks."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database

from engine.settings import CONFIG_DIR
from engine.store.connection import connect, prepare, utc_now
from workers.local.mongod import Mongod
from workers.local.valkey import Valkey

_databases = itertools.count()


@pytest.fixture(scope="session")
def mongod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mongod]:
    """The embedded MongoDB."""
    server = Mongod(tmp_path_factory.mktemp("mongodb"))
    server.start()
    server.wait_ready()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """The embedded Valkey."""
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    server.start()
    server.wait_ready()
    yield server
    server.stop()


@pytest.fixture
def db(mongod: Mongod) -> Iterator[Database[dict[str, Any]]]:
    """A database of the test's own, prepared with the shipped rules."""
    database = connect(mongod.uri, f"test_{os.getpid()}_{next(_databases)}", app="tests")
    prepare(database, config_dir=CONFIG_DIR, now=utc_now())
    yield database
    database.client.drop_database(database.name)
    database.client.close()
