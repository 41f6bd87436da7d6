"""Which activities came late, so that it is worth a word."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from engine.contacts.sheet.timeline_rows import TimelineRow

LATE = timedelta(hours=1)
"""How much later than it happened an activity may come without a word."""


def delays(rows: Sequence[TimelineRow]) -> Mapping[str, timedelta]:
    """By how much each of the late activities among the rows came later than it happened.

    Late is what came while others of the contact had been coming in for long: an order reported three
    days after it was placed.  Where all came at once (a history sent or imported as a whole) it says
    nothing of a single one, and none is late.
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
    """When an activity came in; unset for what follows from another."""
    return None if row.derived else row.details.get("received_at")
