"""The time of an event, from the sender's clock and ours."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

from engine.domain.identity.blanks import is_blank, visible
from engine.errors import InvalidActivity

CLOCK_TOLERANCE = timedelta(seconds=2)
"""A sender's clock that seems off by less is right: the rest is the way through the network.
Without it, an order dated to midnight would move by some milliseconds, and differently each
time it is sent."""

SLOW_NETWORK = timedelta(seconds=30)
"""A browser's clock that seems behind by less is right, too: its request was held up on the way."""

RETRIED_WITHIN = timedelta(minutes=15)
"""A server's request that comes so late was held up or sent again: servers keep their clocks."""

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
"""A time before it is a sender's way of saying that there is none (0001-01-01)."""


def happened_at(
    event: dict[str, Any], *, sent_at: datetime | None, received_at: datetime, trusted: bool = True
) -> tuple[datetime, bool]:
    """The time of the event in whole milliseconds, and whether it was clamped.

    The sender's clock is corrected as the Segment specification says: the time is that of
    receipt less what lay, by the sender's own clock, between `timestamp` (or
    `originalTimestamp`) and `sentAt`; a `sentAt` that is no time says nothing of the clock.  A time
    still to come becomes that of receipt.  Without a time, or with a blank one, it is that of
    receipt.  Events of a browser that is ahead, be it by milliseconds, all move alike, so that they keep
    their order; those of a `trusted` sender may have times of their own, and a request of one that was held
    up or sent again keeps them.  Raises InvalidActivity for what is no time.
    """
    named = time_field(event)
    own_sent_at = event.get("sentAt")
    sent = sent_at if is_blank(own_sent_at) else readable(own_sent_at)
    if named is None:
        return received_at, False
    at = moment(event[named], named)
    ahead, behind = (CLOCK_TOLERANCE, RETRIED_WITHIN) if trusted else (timedelta(0), SLOW_NETWORK)
    if sent is not None and (not -ahead <= received_at - sent <= behind or at > received_at):
        at = _corrected(at, sent=sent, received_at=received_at)
    if at < EARLIEST:
        raise InvalidActivity(
            named, f"{str(event[named])[:40]!r} is before {EARLIEST.year}; leave it out if unknown"
        )
    return (received_at, True) if at > received_at else (at, False)


def time_field(event: dict[str, Any]) -> str | None:
    """The field that says when an event happened; unset if none does."""
    return next((name for name in ("timestamp", "originalTimestamp") if not is_blank(event.get(name))), None)


def readable(value: Any) -> datetime | None:
    """The time that a value says, if it says one."""
    try:
        return moment(value, "")
    except InvalidActivity:
        return None


def moment(value: Any, field: str) -> datetime:
    """Read a time in whole milliseconds.

    ISO 8601, with or without a zone (then UTC), seconds or milliseconds since 1970, and RFC 2822.
    Raises InvalidActivity.
    """
    at = _read(visible(value) if isinstance(value, str) else value)
    if at is None:
        shown = f"{value[:40]!r} is no time" if isinstance(value, str) else "is no time"
        raise InvalidActivity(field, f'{shown}; write it as "2026-03-01T12:00:00.000Z"')
    zoned = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    try:
        utc = zoned.astimezone(UTC)
    except OverflowError:
        raise InvalidActivity(field, f"{str(value)[:40]!r} is outside of the calendar") from None
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


_NAMED_UTC = re.compile(r"\s*(?:UTC|GMT)$", re.I)
_NUMBER = re.compile(r"\d{9,13}(?:\.\d+)?")
_MILLISECONDS = 100_000_000_000
"""A number from here on counts milliseconds since 1970, a smaller one seconds (up to the year 5138)."""


_FEWEST = 100_000_000
"""Seconds since 1970 below which a number is rather something else (up to March 1973)."""


def _read(value: Any) -> datetime | None:
    """The time in one of its forms; none for what is no time.

    A text of nine to thirteen digits is a number of seconds or milliseconds: a shorter one may be a date.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float | Decimal) or _NUMBER.fullmatch(str(value)):
        return _since_1970(float(value))
    if not isinstance(value, str):
        return None
    with suppress(ValueError):
        return datetime.fromisoformat(_NAMED_UTC.sub("Z", value).upper())
    with suppress(ValueError, IndexError, TypeError, OverflowError):
        return parsedate_to_datetime(value)
    return None


def _since_1970(number: float) -> datetime | None:
    if number < _FEWEST:
        return None
    seconds = number / 1_000 if number >= _MILLISECONDS else number
    try:
        return EARLIEST + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return None


def _corrected(at: datetime, *, sent: datetime, received_at: datetime) -> datetime:
    try:
        return received_at - (sent - at)
    except OverflowError:
        raise InvalidActivity("sentAt", "is too far from the event's own time") from None
