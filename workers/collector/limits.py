"""Limits of a sender: Segment's sizes, and a rate for each key and each address."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from engine.settings import Settings

MAX_BODY = 500 * 1024
"""Bytes of a request, also after it is unzipped (Segment: 500 KB a batch)."""

MAX_EVENT = 32 * 1024
"""Bytes of one event as JSON (Segment: 32 KB)."""

MAX_EVENTS = 2_500
"""Events of one batch: as many of Segment's smallest as fit into its largest."""

MAX_ERRORS = 100
"""Refused events that an answer names; it counts the rest."""

MAX_MEMBERS = 64
"""Files on end in one gzip body: each costs time, however small."""

BODY_WITHIN = 30.0
"""Seconds in which a request's body has to arrive."""


MAX_BUCKETS = 100_000
"""Senders of which a rate is known at once; beyond them the one that was quiet longest starts anew."""

ADDRESS_BURST = 10
"""Seconds' worth of its rate that an address may send at once after a pause."""


@dataclass
class _Bucket:
    tokens: float
    at: float


class RateLimit:
    """A token bucket: a rate of events per second for each key, with bursts.

    It counts in this process: with several collectors a key may send as much through each.
    A key is forgotten once its bucket is full again.

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
        bucket = self._buckets.pop(key, None) or _Bucket(self._burst, now)
        bucket.tokens, bucket.at = self._tokens(bucket, now), now
        self._forget(now)
        self._buckets[key] = bucket  # the last in order, as it was used last
        missing = min(events, self._burst) - bucket.tokens
        if missing > 0:
            return missing / self._per_second
        bucket.tokens -= events
        return 0.0

    def _tokens(self, bucket: _Bucket, now: float) -> float:
        return min(self._burst, bucket.tokens + (now - bucket.at) * self._per_second)

    def _forget(self, now: float) -> None:
        """Forget the longest quiet keys while their buckets are full, or there are too many."""
        while self._buckets:
            key = next(iter(self._buckets))
            if len(self._buckets) < MAX_BUCKETS and self._tokens(self._buckets[key], now) < self._burst:
                return
            del self._buckets[key]


class AddressLimit:
    """A rate for each address of each key; addresses are kept in memory, for seconds."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._limits: dict[float, RateLimit] = {}

    def wait_for(self, key: str, address: str, events: int, *, rate: float) -> float:
        """Take `events` from what an address may send with a key, as RateLimit does."""
        if rate not in self._limits:
            self._limits[rate] = RateLimit(
                per_second=rate, burst=max(1.0, rate * ADDRESS_BURST), clock=self._clock
            )
        return self._limits[rate].wait_for(f"{key} {address}", events)


def api_limit_of(settings: Settings) -> RateLimit:
    """The rate limit of the API that the settings declare; requests count."""
    return RateLimit(per_second=settings.api_requests_per_second, burst=settings.api_requests_burst)


def limit_of(settings: Settings) -> RateLimit:
    """The rate limit that the settings declare."""
    return RateLimit(per_second=settings.collector_events_per_second, burst=settings.collector_events_burst)
