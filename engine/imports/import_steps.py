"""The activities of each step of an import, where their ids do not follow from the job and the line.

They are recorded before they are stored, so that an undo finds all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.db import Db
from engine.domain.activities import ActivityId
from engine.domain.document import Document


def record(db: Db, job: str, cursor: str, activities: Sequence[ActivityId]) -> None:
    """Record the activities of the step that ends at a cursor; may be called again."""
    if activities:
        change = {"$addToSet": {"activities": {"$each": list(activities)}}, "$set": {"cursor": cursor}}
        db.import_steps.update_one({"_id": f"{job}/{cursor}"}, change, upsert=True)


def after(db: Db, job: str, cursor: str) -> tuple[str, list[ActivityId]] | None:
    """Return the first step after a cursor: its own cursor, and its activities; None if there is none."""
    query = {"_id": {"$gt": f"{job}/{cursor}", "$lt": f"{job}0"}}
    row = db.import_steps.find_one(query, sort=[("_id", 1)])
    return None if row is None else (row["cursor"], row["activities"])


def delete(db: Db, job: str) -> None:
    """Delete the steps of an import."""
    of_job: Document = {"$gte": f"{job}/", "$lt": f"{job}0"}
    db.import_steps.delete_many({"_id": of_job})
