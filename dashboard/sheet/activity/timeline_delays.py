"""Which activities were received much later than they happened."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from engine.contacts.sheet.timeline_rows import TimelineRow

LATE = timedelta(hours=1)
"""The delay after which an activity is marked as late."""


def delays(rows: Sequence[TimelineRow]) -> Mapping[str, timedelta]:
    """The delays of the late activities among the rows, by id.

    Late is what was received although other activities had been received in between: an order reported three
    days after it was placed.  Where all were received at once (an imported history) the delay says
    nothing about a single one, and none is late.
    """
    came = sorted(received for row in rows if (received := received_at(row)) is not None)
    found = {}
    for row in rows:
        received = received_at(row)
        if received is None or received - row.happened_at <= LATE:
            continue
        next_one = came[bisect_right(came, row.happened_at)]
        if next_one < received - LATE:
            found[row.id] = received - row.happened_at
    return found


def received_at(row: TimelineRow) -> datetime | None:
    """When an activity was received; unset for one that was derived from another."""
    return None if row.derived else row.details.get("received_at")
