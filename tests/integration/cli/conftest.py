"""Commands find the test's own database."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.db import Db
from workers.embedded.mongod import Mongod


@pytest.fixture
def named(db: Db, mongod: Mongod, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Db:
    """The database, named as an instance's is whose servers run elsewhere."""
    monkeypatch.setenv("MONGODB_URI", mongod.uri)
    monkeypatch.setenv("SHEETS_DATABASE", db.name)
    monkeypatch.setenv("SHEETS_DATA_DIR", str(tmp_path / "none"))
    return db
