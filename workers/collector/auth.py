"""Which key a request came with."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import datetime

from engine.accounts import keys
from engine.accounts.keys import KeyRecord
from engine.db import Db
from workers.collector.cached import Cached

CACHED_FOR = 4.0
"""Seconds for which a key is cached.  A revoked key works for less than five."""

MAX_KNOWN = 10_000
"""Cached tokens, invalid ones included; guessing cannot exhaust the memory."""

MAX_TOKEN = 200
"""Characters; no key of ours is longer."""


class KeyRing:
    """Keys by their token, each looked up in MongoDB once in CACHED_FOR seconds."""

    def __init__(self, db: Db, *, clock: Callable[[], datetime]) -> None:
        self._db = db
        self._clock = clock
        self._known: dict[str, Cached[KeyRecord | None]] = {}

    async def find(self, token: str) -> KeyRecord | None:
        """The key in force with this token; unset if there is none.  Raises PyMongoError."""
        if len(token) > MAX_TOKEN:
            return None
        if token not in self._known:
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            self._known[token] = Cached(lambda: self._look_up(token), seconds=CACHED_FOR)
        return await self._known[token].get()

    def _look_up(self, token: str) -> KeyRecord | None:
        record = keys.authenticate(self._db, token)
        if record is not None:
            keys.note_use(self._db, record.id, now=self._clock())
        return record


def token_of(authorization: str) -> str | None:
    """The key in an `Authorization` header: Basic (the user's name) or Bearer; unset for none."""
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
