"""A database without a server, for the documents of the small collections."""

from __future__ import annotations

from typing import Any

import mongomock
import pytest
from pymongo.database import Database


@pytest.fixture
def mock_db() -> Database[dict[str, Any]]:
    """An empty database.

    mongomock has no transactions, collations, partial indexes, array filters or bulk writes
    that hold under PyMongo 4.20, and nothing happens at the same time: what depends on these
    is tested on a real server.
    """
    database: Database[dict[str, Any]] = mongomock.MongoClient(tz_aware=True)["sheets"]
    return database
