"""Hints for the workers: "lane 3 has work".  All of them may be lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

import structlog

MIN_INTERVAL = 0.02
"""Seconds between two hints for one lane from one process; a busy lane needs no more."""

log = structlog.get_logger()


class Waker:
    """Notifies the workers that lanes have work, without blocking the caller.

    Parameters:
      send(callable): Sends one hint for a lane; it may fail, which only delays the work
        until the scheduler looks (about a second).
    """

    def __init__(self, send: Callable[[int], object]) -> None:
        self._send = send
        self._pending: set[int] = set()
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="waker", daemon=True)
        self._thread.start()

    def wake(self, lanes: Iterable[int]) -> None:
        """Queue lanes to wake and return at once; hints for the same lane are merged."""
        with self._changed:
            self._pending.update(lanes)
            self._changed.notify()

    def close(self) -> None:
        """Send what is pending, and stop."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._pending and not self._stopped:
                    self._changed.wait()
                if not self._pending:
                    return
                lanes, self._pending = self._pending, set()
            self._send_all(lanes)
            time.sleep(MIN_INTERVAL)

    def _send_all(self, lanes: set[int]) -> None:
        for lane in sorted(lanes):
            try:
                self._send(lane)
            except Exception as error:  # noqa: BLE001  a hint may be lost: the scheduler finds the lane
                log.warning("hint not sent", lane=lane, error=str(error))
                return
