"""What a job brings takes effect as it is kept: folded here, and written in one commit.

It is the step that a lane would take (`batch`), by the same function and under the same guards, but
nothing has to wait in a lane, be marked there and be read again.  What a lane alone can settle goes
there: what needs a past folded again, what names somebody who was erased, what makes the fold fail.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.database import Database

from engine.db.installation import lane_count, namespace
from engine.domain import daily_figures
from engine.domain.activities import Activity, ActivityState
from engine.jobs import jobs
from engine.pipeline import batch, inbox, tombstones
from engine.pipeline.commit import Writes, commit
from engine.pipeline.groups import Seen, groups_of
from engine.pipeline.results import Folding, add_changes
from engine.rules import rulesets

Document = dict[str, Any]


@dataclass(frozen=True)
class Folded:
    """What activities come to, not written yet, and those of them that a lane has to settle."""

    writes: Writes
    left: list[Activity]


def fold(db: Database[Document], activities: Sequence[Activity], *, seen: Seen, now: datetime) -> Folded:
    """Fold activities that are not there yet onto the contacts that they are about; write nothing."""
    rulebook, lanes = rulesets.rulebook(db), lane_count(db)
    writes = Writes(rules=rulebook.present.version, erasures=tombstones.number(db))
    named = tombstones.named_among(db, activities)
    left = [activity for activity in activities if activity.id in named]
    folding = Folding(db, rulebook, namespace(db), lanes, now)
    for group in groups_of(db, [a for a in activities if a.id not in named], seen=seen):
        settled = batch.step(folding, group)
        if settled is None:
            left += group.activities
            continue
        writes.kept += [inbox.row_of(a, lanes, ActivityState.APPLIED) for a in group.activities]
        writes.stale_hours.update(
            daily_figures.hour_of(a.happened_at) for a in group.activities if a.type in daily_figures.COUNTED
        )
        add_changes(folding, group, settled, writes)
    return Folded(writes, left)


def write(
    db: Database[Document], writes: Writes, *, job: str, cursor: str, clock: Callable[[], datetime]
) -> None:
    """Write what was folded for the step of a job after `cursor`: all of it, or nothing.

    Raises Conflict, LeaseLost or Unavailable, and then nothing was written.
    """

    def hold(session: ClientSession, now: datetime) -> None:
        known = {"rules": writes.rules, "erasures": writes.erasures}
        jobs.hold(db, job, cursor, session, now=now, applied=len(writes.kept), **known)

    if writes.kept:
        commit(db, writes, hold, clock=clock)
