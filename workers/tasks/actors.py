"""Actors: the doors through which messages come in.  Ids in, one call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dramatiq

from workers.tasks.broker import QUEUE

DRAIN_TIME_LIMIT_MS = 3_600_000
"""A lane with a long backlog is drained in one go."""


def drain_actor(
    broker: dramatiq.Broker, drain: Callable[[int], Any] | None = None
) -> dramatiq.Actor[..., None]:
    """Declare the actor that drains a lane.

    Processes that only send hints (collector, scheduler) give no `drain`.
    """

    def drain_lane(lane: int) -> None:
        if drain is not None:
            drain(lane)

    return dramatiq.Actor(
        drain_lane,
        broker=broker,
        actor_name="drain_lane",
        queue_name=QUEUE,
        priority=0,
        options={"time_limit": DRAIN_TIME_LIMIT_MS, "max_retries": 0},
    )
