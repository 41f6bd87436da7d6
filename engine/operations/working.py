"""The state of the processes: backlogs, throughput, failures, live workers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.db import Db
from engine.operations import pulses
from engine.operations.pace import Pace, pace
from engine.operations.pulses import Pulse
from engine.pipeline import lanes
from engine.pipeline.lanes import LaneBacklog

COUNT_UP_TO = 10_000
"""The backlog of a lane is counted up to this number, so that the page stays fast."""


@dataclass(frozen=True)
class Working:
    """The processes and lanes at a moment; `failed` is counted up to COUNT_UP_TO."""

    processes: list[Pulse]
    lanes: list[LaneBacklog]
    pace: Pace
    failed: int
    lag: timedelta | None
    """How long the oldest activity has waited; unset if none waits."""

    @property
    def waiting(self) -> int:
        return sum(lane.waiting for lane in self.lanes)

    @property
    def exact(self) -> bool:
        """Whether all that waits was counted."""
        return all(lane.waiting < COUNT_UP_TO for lane in self.lanes)

    def alive(self, kind: str, *, now: datetime) -> int:
        return sum(pulse.kind == kind and pulse.is_alive(now) for pulse in self.processes)


def working(db: Db, *, now: datetime) -> Working:
    """Read the state of all lanes and processes, each by an index and up to a limit."""
    found = lanes.capped_backlog(db, now=now, limit=COUNT_UP_TO)
    oldest = [lane.oldest_received_at for lane in found if lane.oldest_received_at is not None]
    failed = {"state": "failed", "failure.at": {"$exists": True}}
    return Working(
        processes=pulses.recent(db, now),
        lanes=found,
        pace=pace(db, now=now),
        failed=db.activities.count_documents(failed, limit=COUNT_UP_TO),
        lag=max(now - min(oldest), timedelta(0)) if oldest else None,
    )
