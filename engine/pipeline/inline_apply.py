"""Inline apply: a job folds its activities and commits them in one step, without a lane.

It is the lane's step (`batch`) with the same functions and guards, but nothing is queued, read
again and marked.  Activities that need more go to their lanes: those whose contact's history has
to be folded again, that name an erased person, or that make the fold fail.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pymongo.client_session import ClientSession

from engine.db import Db
from engine.domain import daily_figures
from engine.domain.activities import Activity, ActivityState
from engine.jobs import job_lease
from engine.pipeline import batch, inbox, tombstones
from engine.pipeline.commit import Writes, commit
from engine.pipeline.groups import Prefetched, groups_of
from engine.pipeline.results import Folding
from engine.rules import versions


@dataclass(frozen=True)
class Folded:
    """The unwritten results of activities, and the activities that a lane has to apply."""

    writes: Writes
    for_lanes: list[Activity]


def fold(
    db: Db,
    activities: Sequence[Activity],
    *,
    seen: Prefetched,
    now: datetime,
    until: datetime | None = None,
) -> Folded:
    """Fold activities that are not there yet onto the contacts that they are about; write nothing.

    With `until`, time then advances to that point for these contacts: for activities of the past that are
    all there are, so that no worker has to read and write each contact once more for what fell due since.
    """
    folding = Folding.begin(db, versions.rulebook(db), now)
    writes = Writes(folding.basis)
    named = tombstones.named_among(db, activities)
    groups = groups_of(db, [a for a in activities if a.id not in named], seen=seen)
    folded, rest = batch.fold_at_tip(folding, groups, writes, until=until)
    writes.kept = [inbox.row_of(a, folding.lanes, ActivityState.APPLIED) for a in folded]
    writes.stale_hours |= daily_figures.counted_hours(folded)
    left = [activity for activity in activities if activity.id in named]
    return Folded(writes, [*left, *(activity for group in rest for activity in group.activities)])


def write(db: Db, writes: Writes, *, job: str, cursor: str, clock: Callable[[], datetime]) -> None:
    """Write what was folded for the step of a job after `cursor`: all of it, or nothing.

    Raises CommitConflict, LeaseLost or Unavailable, and then nothing was written.
    """

    def renew(session: ClientSession, now: datetime) -> None:
        job_lease.hold(db, job, cursor, session, now=now, basis=writes.basis, applied=len(writes.kept))

    if writes.kept:
        commit(db, writes, renew, clock=clock)
