"""The progress of updating contacts to newly published rules.

There is no list of finished work: each contact stores the version it was folded for, so after
a crash no contact is skipped or folded twice.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.db import Db
from engine.pipeline import lanes
from engine.rules import in_force

QUARTERS = 4
"""The parts of a pass that fills segments: each reads all contacts and writes its own."""


@dataclass(frozen=True)
class Upkeep:
    """The number of contacts not yet folded for the version in force.

    `recomputes` if that is because all history is recomputed; `filled` is how much of a
    pass inside MongoDB is done, 0 to 1, and unset if there is none.
    """

    version: int
    recomputes: bool
    contacts: int
    outdated: int
    filled: float | None = None

    @property
    def done(self) -> float:
        """The finished share, 0 to 1."""
        if self.filled is not None:
            return self.filled
        return 1.0 - self.outdated / self.contacts if self.outdated < self.contacts else 0.0

    @property
    def waiting(self) -> int:
        """About how many contacts are still to be looked at, by MongoDB or by a worker."""
        return self.outdated if self.filled is None else round(self.contacts * (1.0 - self.filled))

    @property
    def finished(self) -> bool:
        return self.filled is None and not self.outdated


def upkeep(db: Db) -> Upkeep:
    """Count what is left, as the index by lane and version answers it."""
    newest = in_force.newest(db, "upkeep", "recomputed")
    numbers = [lane["_id"] for lane in db.lanes.find({}, {"_id": 1})]
    outdated = db.contacts.count_documents(
        {"lane": {"$in": numbers}, "upkeep": {"$lt": lanes.outdated_below(db)}}
    )
    return Upkeep(
        version=newest["_id"],
        recomputes=newest.get("recomputed", 1) == newest.get("upkeep", 1) > 1,
        contacts=max(db.contacts.estimated_document_count(), outdated),
        outdated=outdated,
        filled=filling_progress(db),
    )


def filling_progress(db: Db) -> float | None:
    """The finished share of filling the newest version, 0 to 1; None if nothing is filled."""
    newest = in_force.newest(db, "filling", "filled")
    return len(newest.get("filled", ())) / QUARTERS if newest.get("filling") else None
