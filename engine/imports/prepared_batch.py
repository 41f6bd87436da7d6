"""A step of an import before its commit."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from engine.domain.activities import Activity
from engine.imports.rows.row_batch import Refusal
from engine.imports.rows.row_decision import Outcome
from engine.pipeline.inline_apply import Folded

FRESH = 5.0
"""Seconds for which a prepared batch is written as it is; the job may have to wait in between."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class PreparedBatch(Generic[Item]):
    """Items ready to be written: rows, or orders of several rows.

    Parameters:
      cursor: The cursor of the job once the batch is written.
      activities: What the accepted items come to.
      refused: The number of refused items; `refusals` are their rows.
      left_out: The rows that are accepted without some of their cells.
      folded: The activities, folded onto their contacts.
      prepared_at: When the contacts were read, on the monotonic clock.
    """

    items: Sequence[Item]
    cursor: str
    activities: Sequence[Activity]
    outcomes: Counter[Outcome]
    refused: int
    refusals: Sequence[Refusal]
    folded: Folded
    prepared_at: float
    left_out: Sequence[Refusal] = ()

    def is_fresh(self) -> bool:
        """Return whether the batch may still be written without another look at its contacts."""
        return time.monotonic() - self.prepared_at < FRESH


class ImportItems(Protocol[Item]):
    """The items of one import, step by step in a fixed order."""

    def total(self) -> int:
        """Count them.  Raises UnreadableFile, and WorkStopped once the job is stopped."""

    def after(self, cursor: str) -> list[Item]:
        """Return the items of the step after a cursor; none at the end."""

    def prepare(self, items: Sequence[Item], *, is_retry: bool) -> PreparedBatch[Item]:
        """Prepare a step; writes nothing.

        With `is_retry` an earlier try may have stored some of its activities, which are then left out.
        """

    def record(self, batch: PreparedBatch[Item]) -> None:
        """Record a step before it is written, if it could not be undone otherwise."""
