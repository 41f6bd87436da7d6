"""Which key a request came with, and how much it may still send."""

from __future__ import annotations

import base64
import binascii
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.database import Database

from engine.store import keys
from engine.store.keys import KeyRecord

CACHED_FOR = 5.0
"""Seconds for which a key is believed: a revoked one works no longer than this."""

MAX_CACHED = 10_000


class KeyRing:
    """Keys by token, looked up in MongoDB and believed for CACHED_FOR seconds."""

    def __init__(self, db: Database[dict[str, Any]], *, clock: Callable[[], datetime]) -> None:
        self._db = db
        self._clock = clock
        self._known: dict[str, tuple[float, KeyRecord | None]] = {}

    def find(self, token: str) -> KeyRecord | None:
        """The key in force with this token; unset if there is none."""
        cached = self._known.get(token)
        if cached is not None and cached[0] > time.monotonic():
            return cached[1]
        record = keys.authenticate(self._db, token)
        if len(self._known) >= MAX_CACHED:
            self._known.clear()
        self._known[token] = (time.monotonic() + CACHED_FOR, record)
        if record is not None:
            keys.note_use(self._db, record.id, now=self._clock())
        return record


@dataclass
class _Bucket:
    tokens: float
    at: float


class RateLimit:
    """So many events a second for each key, with room for bursts (a token bucket).

    Parameters:
      per_second(float): Events a second that a key may send on and on.
      burst(float): Events that it may send at once after a pause.
    """

    def __init__(self, *, per_second: float, burst: float) -> None:
        self._per_second = per_second
        self._burst = burst
        self._buckets: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def wait_for(self, key: str, events: int) -> float:
        """Take `events` from the key's allowance; seconds to wait if there are not so many."""
        now = time.monotonic()
        with self._lock:
            bucket = self._buckets.setdefault(key, _Bucket(self._burst, now))
            bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.at) * self._per_second)
            bucket.at = now
            if bucket.tokens >= events:
                bucket.tokens -= events
                return 0.0
            return max((min(events, self._burst) - bucket.tokens) / self._per_second, 1.0)


def token_of(authorization: str) -> str | None:
    """The key in an `Authorization` header: Basic (the user's name) or Bearer."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip() or None
    if scheme.lower() != "basic":
        return None
    try:
        user, _, _ = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user or None
