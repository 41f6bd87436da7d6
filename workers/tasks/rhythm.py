"""The schedule of a repeated action."""

from __future__ import annotations

import time
from collections.abc import Callable


class Every:
    """Due at once, and then after so many seconds each time.

    Parameters:
      seconds(float): From one time to the next.
      clock(callable): Seconds that only grow.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._next = clock()

    def is_due(self) -> bool:
        """Whether it is time; if so, the next time begins now."""
        now = self._clock()
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True
