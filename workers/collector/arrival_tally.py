"""Counts what each key sends and writes the counts every few seconds: no request waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import pymongo
import structlog
from pymongo.errors import PyMongoError

from engine.db import Db
from engine.pipeline import arrivals
from engine.pipeline.arrivals import LATEST, UNKNOWN, Counted

EVERY = 2.0
"""Seconds between two writes."""

WITHIN = 2.0
"""Seconds after which MongoDB counts as away; the counts wait for the next write."""

BEGINS = 7
"""Characters of an unknown key that are kept: enough to find it in the shop's code."""

log = structlog.get_logger()


class ArrivalTally:
    """The events of each key that were accepted and refused since the last write.

    Parameters:
      db(Database): Where the counts go.
      clock(callable): The present, aware.
    """

    def __init__(self, db: Db, *, clock: Callable[[], datetime]) -> None:
        self._db = db
        self._clock = clock
        self._counts: dict[str, Counted] = {}

    def count(self, key: str, *, accepted: Sequence[str] = (), refused: int = 0) -> None:
        """Count events of a key: the ids of the accepted ones, and how many were refused."""
        if accepted or refused:
            self._add_to(key, Counted(len(accepted), refused, tuple(accepted[-LATEST:])))

    def count_unknown(self, token: str | None) -> None:
        """Count a request whose key is not in force, or that names none."""
        begins = f"{token[:BEGINS]}…" if token else "none"
        self._add_to(UNKNOWN, Counted(refused=1, latest=(begins,)))

    async def keep_writing(self) -> None:
        """Write every few seconds, until it is cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            await self.write()

    async def write(self) -> None:
        """Write what was counted; what MongoDB does not take is written the next time."""
        if not self._counts:
            return
        counts, self._counts = self._counts, {}
        try:
            await asyncio.to_thread(self._add, counts)
        except PyMongoError as error:
            log.warning("arrivals not counted", error=str(error)[:200])
            for key, counted in counts.items():
                self._add_to(key, counted)

    def _add_to(self, key: str, counted: Counted) -> None:
        self._counts[key] = self._counts.get(key, Counted()) + counted

    def _add(self, counts: Mapping[str, Counted]) -> None:
        with pymongo.timeout(WITHIN):
            arrivals.add(self._db, counts, now=self._clock())
