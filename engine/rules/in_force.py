"""Which version of the rules is in force, without reading or compiling its files."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database

from engine.errors import Unavailable

Document = dict[str, Any]


def newest(db: Database[Document], *fields: str) -> Document:
    """Return `_id` and these fields of the version in force; raise Unavailable before the first."""
    row = db.rulesets.find_one({}, ["_id", *fields], sort=[("_id", -1)])
    if row is None:
        raise Unavailable("there is no ruleset yet: the database is not prepared, run `sheets up`")
    return row


def current_number(db: Database[Document]) -> int:
    """Return the number of the version in force; raise Unavailable before the first."""
    return int(newest(db)["_id"])
