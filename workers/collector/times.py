"""When an event happened: the sender's words, its clock's error, and no time to come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from engine.errors import InvalidActivity

CLOCK_TOLERANCE = timedelta(seconds=2)
"""A sender's clock that is off by less is right: the rest is the way through the network."""

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)


def happened_at(
    event: dict[str, Any], *, sent_at: datetime | None, received_at: datetime
) -> tuple[datetime, bool]:
    """When the event happened in whole milliseconds, and whether its time had to be clamped.

    The sender's clock is corrected as the Segment specification says: what its `sentAt`
    is off against our time of receipt, its `timestamp` is off, too.  A time still to come
    becomes the time of receipt.  Raises InvalidActivity for what is no time.
    """
    named = next((name for name in ("originalTimestamp", "timestamp") if event.get(name) is not None), None)
    if named is None:
        return received_at, False
    at = moment(event[named], named)
    own_sent_at = event.get("sentAt")
    sent = moment(own_sent_at, "sentAt") if own_sent_at is not None else sent_at
    if sent is not None and abs(received_at - sent) > CLOCK_TOLERANCE:
        at += received_at - sent
    if at > received_at:
        return received_at, at - received_at > CLOCK_TOLERANCE
    return max(at, EARLIEST), at < EARLIEST


def moment(value: Any, field: str) -> datetime:
    """Read an ISO 8601 time, with or without a zone (then UTC), in whole milliseconds."""
    if not isinstance(value, str):
        raise InvalidActivity(field, 'must be an ISO 8601 time such as "2026-03-01T12:00:00Z"')
    try:
        at = datetime.fromisoformat(value.strip())
    except ValueError:
        raise InvalidActivity(
            field, f'{value[:40]!r} is no time; write it as "2026-03-01T12:00:00Z"'
        ) from None
    zoned = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    try:
        utc = zoned.astimezone(UTC)
    except OverflowError:
        raise InvalidActivity(field, f"{value[:40]!r} is outside of the calendar") from None
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)
