"""The time of an event, from the sender's clock and ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from engine.domain.identity.blanks import is_blank, visible
from engine.errors import InvalidActivity

CLOCK_TOLERANCE = timedelta(seconds=2)
"""A sender's clock that seems off by less is right: the rest is the way through the network.
Without it, an order dated to midnight would move by some milliseconds, and differently each
time it is sent."""

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
"""A time before it is a sender's way of saying that there is none (0001-01-01)."""


def happened_at(
    event: dict[str, Any], *, sent_at: datetime | None, received_at: datetime
) -> tuple[datetime, bool]:
    """The time of the event in whole milliseconds, and whether it was clamped.

    The sender's clock is corrected as the Segment specification says: the time is that of
    receipt less what lay, by the sender's own clock, between `timestamp` (or
    `originalTimestamp`) and `sentAt`.  A time still to come becomes that of receipt.
    Without a time, or with a blank one, it is that of receipt.  Raises InvalidActivity for
    what is no time.
    """
    named = time_field(event)
    own_sent_at = event.get("sentAt")
    sent = sent_at if is_blank(own_sent_at) else moment(own_sent_at, "sentAt")
    if named is None:
        return received_at, False
    at = moment(event[named], named)
    if sent is not None and (abs(received_at - sent) > CLOCK_TOLERANCE or at > received_at):
        at = _corrected(at, sent=sent, received_at=received_at)
    if at < EARLIEST:
        raise InvalidActivity(
            named, f"{event[named][:40]!r} is before {EARLIEST.year}; leave it out if unknown"
        )
    return (received_at, True) if at > received_at else (at, False)


def time_field(event: dict[str, Any]) -> str | None:
    """The field that says when an event happened; unset if none does."""
    return next((name for name in ("originalTimestamp", "timestamp") if not is_blank(event.get(name))), None)


def moment(value: Any, field: str) -> datetime:
    """Read an ISO 8601 time, with or without a zone (then UTC), in whole milliseconds."""
    if not isinstance(value, str):
        raise InvalidActivity(field, 'must be an ISO 8601 time such as "2026-03-01T12:00:00.000Z"')
    try:
        at = datetime.fromisoformat(visible(value).upper())
    except ValueError:
        reason = f'{value[:40]!r} is no time; write it as "2026-03-01T12:00:00.000Z"'
        raise InvalidActivity(field, reason) from None
    zoned = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    try:
        utc = zoned.astimezone(UTC)
    except OverflowError:
        raise InvalidActivity(field, f"{value[:40]!r} is outside of the calendar") from None
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def _corrected(at: datetime, *, sent: datetime, received_at: datetime) -> datetime:
    try:
        return received_at - (sent - at)
    except OverflowError:
        raise InvalidActivity("sentAt", "is too far from the event's own time") from None
