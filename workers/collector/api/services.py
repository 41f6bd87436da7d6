"""What the collector does for the operations: it stores activities, and wakes the workers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import structlog

from engine.db import Db
from engine.domain.activities import Activity
from engine.pipeline import inbox
from engine.pipeline.inbox import Receipt

log = structlog.get_logger()


@dataclass(frozen=True)
class CollectorServices:
    """The services of a collector (see `operation.Services`).

    Parameters:
      db: Where activities are received.
      notify: Notifies the workers of lanes that have work; its failures change no answer.
    """

    db: Db
    notify: Callable[[Iterable[int]], None]

    def receive(self, activities: Sequence[Activity]) -> Receipt:
        """Store activities durably and wake their lanes.  Raises Unavailable."""
        receipt = inbox.receive(self.db, activities)
        self.wake(receipt.lanes)
        return receipt

    def wake(self, lanes: Iterable[int]) -> None:
        """Notify the workers."""
        try:
            self.notify(lanes)
        except Exception as error:  # noqa: BLE001  only a hint: the scheduler finds the lanes
            log.warning("lanes not woken", lanes=sorted(lanes), error=str(error))
