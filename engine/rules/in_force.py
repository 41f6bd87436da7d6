"""Which version of the rules is in force, without reading or compiling its files."""

from __future__ import annotations

from engine.db import Db
from engine.domain.document import Document
from engine.errors import Unavailable


def newest(db: Db, *fields: str) -> Document:
    """Return `_id` and these fields of the version in force; raise Unavailable before the first."""
    row = db.rulesets.find_one({}, ["_id", *fields], sort=[("_id", -1)])
    if row is None:
        raise Unavailable("there is no ruleset yet: the database is not prepared, run `sheets up`")
    return row


def current_number(db: Db) -> int:
    """Return the number of the version in force; raise Unavailable before the first."""
    return int(newest(db)["_id"])
