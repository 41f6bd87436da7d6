"""A value out of MongoDB that many requests need: read seldom, and once for all who wait."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Cached(Generic[T]):
    """Reads a value in a thread, and believes it for a while.

    Parameters:
      read(callable): Reads the value; it may block.  What it raises, all who wait get.
      seconds(float): How long a value is valid, counted from before it was read.
    """

    def __init__(self, read: Callable[[], T], *, seconds: float) -> None:
        self._read = read
        self._seconds = seconds
        self._until = 0.0
        self._reading: asyncio.Task[T] | None = None
        self._value: T

    async def get(self) -> T:
        """The value, at most `seconds` old."""
        if time.monotonic() < self._until:
            return self._value
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_anew())
        # Shielded: a client that hangs up must not take the value from the others who wait.
        return await asyncio.shield(self._reading)

    async def _read_anew(self) -> T:
        began = time.monotonic()
        self._value = await asyncio.to_thread(self._read)
        self._until = began + self._seconds
        return self._value
