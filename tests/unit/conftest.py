"""A database without a server, for the documents of the small collections."""

from __future__ import annotations

import mongomock
import pytest

from engine.db import Db


@pytest.fixture
def mock_db() -> Db:
    """An empty database.

    mongomock has no transactions, collations, partial indexes, array filters or bulk writes
    that hold under PyMongo 4.20, and nothing happens at the same time: what depends on these
    is tested on a real server.
    """
    database: Db = mongomock.MongoClient(tz_aware=True)["sheets"]
    return database
