"""The threads of the API, its own: a slow list never holds back the intake of events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pymongo

from workers.collector.api.errors import ApiBusy

THREADS = 8
"""Requests that are worked on at once."""

MAX_WAITING = 100
"""Requests at work or waiting for a thread; beyond them the answer is 503."""

WITHIN = 10.0
"""Seconds that a request may take of MongoDB."""

T = TypeVar("T")


class ApiThreads:
    """Runs blocking work, bounded in time and in number."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="api")
        self._at_work = 0

    async def run(self, work: Callable[[], T]) -> T:
        """Run work in a thread.  Raises ApiBusy, and what the work raises."""
        if self._at_work >= MAX_WAITING:
            raise ApiBusy
        self._at_work += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, _bounded, work)
        finally:
            self._at_work -= 1

    def close(self) -> None:
        """End the threads once their requests are answered."""
        self._threads.shutdown(wait=False)


def _bounded(work: Callable[[], T]) -> T:
    with pymongo.timeout(WITHIN):
        return work()
