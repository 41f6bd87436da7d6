"""Limits of a sender: Segment's sizes, and a rate for each key."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from engine.settings import Settings

MAX_BODY = 500 * 1024
"""Bytes of a request, also after it is unzipped (Segment: 500 KB a batch)."""

MAX_EVENT = 32 * 1024
"""Bytes of one event as JSON (Segment: 32 KB)."""

BODY_WITHIN = 30.0
"""Seconds in which a request's body has to arrive."""


@dataclass
class _Bucket:
    tokens: float
    at: float


class RateLimit:
    """A token bucket: a rate of events per second for each key, with bursts.

    It counts in this process: with several collectors a key may send as much through each.

    Parameters:
      per_second(float): Events a second that a key may send on and on.
      burst(float): Events that it may send at once after a pause.
      clock(callable): Seconds that only ever grow.
    """

    def __init__(
        self, *, per_second: float, burst: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def wait_for(self, key: str, events: int) -> float:
        """Take `events` from what the key may send; if it may not, the seconds to wait.

        A batch larger than the burst passes when the bucket is full, and leaves a debt.
        """
        now = self._clock()
        bucket = self._buckets.setdefault(key, _Bucket(self._burst, now))
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.at) * self._per_second)
        bucket.at = now
        missing = min(events, self._burst) - bucket.tokens
        if missing > 0:
            return missing / self._per_second
        bucket.tokens -= events
        return 0.0


def limit_of(settings: Settings) -> RateLimit:
    """The rate limit that the settings declare."""
    return RateLimit(per_second=settings.collector_events_per_second, burst=settings.collector_events_burst)
