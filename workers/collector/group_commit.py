"""Group commit: the activities of requests that wait at the same time go in together.

One insert costs a journaled, majority-acknowledged round trip, however many it holds.
While one is under way, requests gather; the next takes them all.  No request waits for others:
a request that comes alone goes at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from engine.domain.activities import Activity
from engine.errors import Unavailable

Keep = Callable[[Sequence[Activity]], None]

MAX_GROUP = 2_000
"""Activities in one insert; a request is never divided."""

MAX_WAITING = 50_000
"""Activities that may wait; beyond this, requests are answered 503."""

INSERTS_AT_ONCE = 2
"""While one insert waits for the journal, the next is encoded."""


@dataclass
class _Request:
    activities: Sequence[Activity]
    answer: asyncio.Future[None]


class GroupCommit:
    """Keeps activities through `keep`, many requests at a time, each with its own true answer.

    Parameters:
      keep(callable): Keeps activities durably or raises; it blocks, and runs in a thread.
    """

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        self._threads = ThreadPoolExecutor(INSERTS_AT_ONCE, thread_name_prefix="group-commit")
        self._requests: deque[_Request] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._inserting = 0
        self.waiting = 0

    async def keep(self, activities: Sequence[Activity]) -> None:
        """Return once `activities` are durable; raise Unavailable if they may not be."""
        if not activities:
            return
        if self.waiting and self.waiting + len(activities) > MAX_WAITING:
            raise Unavailable(f"{self.waiting:,} activities are waiting to be kept")
        request = _Request(activities, asyncio.get_running_loop().create_future())
        self._requests.append(request)
        self.waiting += len(activities)
        if self._inserting < INSERTS_AT_ONCE:
            self._inserting += 1
            task = asyncio.create_task(self._insert_until_empty())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await request.answer

    async def close(self) -> None:
        """Keep what is waiting, and stop."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        self._threads.shutdown()

    async def _insert_until_empty(self) -> None:
        while self._requests:
            await self._insert(self._next_group())
        # In the same step as the look at the queue: a request that came between the two would
        # find an inserter that no longer looks.
        self._inserting -= 1

    def _next_group(self) -> list[_Request]:
        group = [self._requests.popleft()]
        size = len(group[0].activities)
        while self._requests and size + len(self._requests[0].activities) <= MAX_GROUP:
            group.append(self._requests.popleft())
            size += len(group[-1].activities)
        return group

    async def _insert(self, group: list[_Request]) -> None:
        together = [activity for request in group for activity in request.activities]
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, self._keep, together)
        except Exception as error:  # noqa: BLE001  whatever it is, those who wait must hear of it
            if len(group) > 1 and not isinstance(error, Unavailable):
                # One request's activities cannot be stored: its neighbours must not suffer.
                for request in group:
                    await self._insert([request])
                return
            self._answer(group, error)
        else:
            self._answer(group, None)

    def _answer(self, group: list[_Request], error: Exception | None) -> None:
        for request in group:
            self.waiting -= len(request.activities)
            if request.answer.done():  # the client hung up; what it sent is kept all the same
                continue
            if error is None:
                request.answer.set_result(None)
            else:
                request.answer.set_exception(error)
