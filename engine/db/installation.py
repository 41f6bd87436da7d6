"""Facts about this installation: written once when it is prepared, never changed."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pymongo.errors import DuplicateKeyError

from engine.db import Db
from engine.errors import Unavailable


def lane_count(db: Db) -> int:
    """How many lanes this installation has."""
    return int(fact(db, "lanes"))


def namespace(db: Db) -> bytes:
    """The secret that contact ids are keyed with."""
    return bytes(fact(db, "namespace"))


@lru_cache(maxsize=256)
def fact(db: Db, name: str) -> Any:
    """Return one fact about the installation, which never changes; raise Unavailable if unprepared."""
    found = db.installation.find_one({"_id": name})
    if found is None:
        raise Unavailable("the database is not prepared: run `sheets up`, or `sheets doctor --prepare`")
    return found["value"]


def remember_once(db: Db, name: str, value: object) -> None:
    """Write a fact unless it is there."""
    try:
        db.installation.insert_one({"_id": name, "value": value})
    except DuplicateKeyError:
        return
