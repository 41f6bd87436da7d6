"""Claims of computations: one process at a time, by a claim that grows with each holder.

The claim only saves work.  What keeps a process that was thought dead from spoiling
anything is its number: figures are written only over those of a lower one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pymongo import ReturnDocument
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from engine.db import Db
from engine.domain.document import Document

CLAIM = timedelta(seconds=60)
"""The lease of a portion of work."""


def claim(db: Db, what: str, *, now: datetime) -> int | None:
    """Claim a kind of work that is free; return the claim's number, or None."""
    # A claim that ends later than any can was made by a clock that was wrong.
    free = [{"until": None}, {"until": {"$lte": now}}, {"until": {"$gt": now + 2 * CLAIM}}]
    try:
        taken = db.installation.find_one_and_update(
            {"_id": _name(what), "$or": free},
            {"$set": {"until": now + CLAIM}, "$inc": {"number": 1}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
    except DuplicateKeyError:  # it is there, and held
        return None
    assert taken is not None  # it is made if it is not there
    return int(taken["number"])


def renew(db: Db, what: str, number: int, *, now: datetime) -> bool:
    """Hold on to a claim for the next portion; false if it went to another."""
    ours = {"_id": _name(what), "number": number}
    return bool(db.installation.update_one(ours, {"$set": {"until": now + CLAIM}}).matched_count)


def release(db: Db, what: str, number: int) -> None:
    """Release the claim."""
    db.installation.update_one({"_id": _name(what), "number": number}, {"$set": {"until": None}})


def write(figures: Collection[dict[str, Any]], id_: str, row: Document) -> None:
    """Write figures with the `number` of their claim over those of a lower one."""
    try:
        # One that was overtaken finds nothing to replace, and its row there already.
        figures.replace_one({"_id": id_, "number": {"$not": {"$gt": row["number"]}}}, row, upsert=True)
    except DuplicateKeyError:
        return


def _name(what: str) -> str:
    return f"claim:{what}"
