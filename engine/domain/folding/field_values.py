"""The values of a contact's fields, each in the form in which a field of its type keeps it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from engine.domain.identity.blanks import is_blank

MAX_TEXT = 1_000
"""Characters of a field's value; a longer one stays on the activity alone."""

MAX_ITEMS = 50
"""Items of an undeclared list, which together are no longer than MAX_TEXT."""


def converted(value: Any, type_: str, zone: ZoneInfo) -> Any:
    """A value as a field of a type keeps it; unset if it cannot be one.  `zone` is the account's."""
    return as_date(value, zone) if type_ == "date" else _COERCE[type_](value)


def undeclared(value: Any) -> Any:
    """A value as an undeclared field keeps it, of the type that it came in; unset if it cannot be kept."""
    if isinstance(value, Decimal):
        return _as_number(value)
    if isinstance(value, bool | int | float | datetime):
        return value
    return _plain_list(value) if isinstance(value, list) else as_text(value)


def _plain_list(items: Sequence[Any]) -> list[str] | None:
    """A list as texts, objects in it as JSON; unset if it is blank, or too long to be kept whole."""
    texts = [_item_text(item) for item in items[: MAX_ITEMS + 1] if not is_blank(item)]
    kept = bool(texts) and len(items) <= MAX_ITEMS and sum(map(len, texts)) <= MAX_TEXT
    return texts if kept else None


def _item_text(item: Any) -> str:
    if isinstance(item, bool | list | dict):
        return msgspec.json.encode(item).decode()
    return str(item).strip()


def as_text(value: Any) -> str | None:
    """Text as it was given, trimmed; unset if it is blank, too long or no text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    text = str(value).strip()
    return text if len(text) <= MAX_TEXT and not is_blank(text) else None


def as_date(value: Any, zone: ZoneInfo) -> str | None:
    """A calendar day as `YYYY-MM-DD`; unset for what is none.

    A moment is its day in `zone`, the account's; midnight in UTC is how a day without a time is
    mostly written, and keeps its day.  A number is a moment in milliseconds since 1970.  A time
    without a zone is a time of the account, whose day is the one written.
    """
    found = _read_moment(value)
    if isinstance(found, datetime) and found.tzinfo is not None:
        found = _local_day(found, zone)
    return None if found is None else found.isoformat()[:10]


def _read_moment(value: Any) -> date | None:
    """A day, or a day and a time; unset for what is neither."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return _EPOCH + timedelta(milliseconds=value)
        except (OverflowError, ValueError):
            return None
    if not isinstance(value, str):
        return value if isinstance(value, datetime) else None
    text = value.strip()
    for read, written in ((date, text), (datetime, text.upper()), (date, text[:10])):
        try:
            return read.fromisoformat(written)
        except ValueError:
            continue
    return None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _local_day(moment: datetime, zone: ZoneInfo) -> date | None:
    """The day of a moment in a time zone; unset beyond the calendar's ends."""
    if moment.utcoffset() == timedelta(0) and moment.time() == time(0):
        return moment.date()
    try:
        return moment.astimezone(zone).date()
    except OverflowError:
        return None


def _as_number(value: Any) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    try:
        number = value if isinstance(value, int) else float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _as_boolean(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    return words.get(str(value).strip().lower())


def _as_list(value: Any) -> list[str] | None:
    items = value if isinstance(value, list) else [value]
    return [text for item in items if (text := as_text(item)) is not None] or None


_COERCE: Mapping[str, Any] = {
    "text": as_text, "number": _as_number, "boolean": _as_boolean, "list": _as_list,
}  # fmt: skip

FIELD_TYPES = frozenset({*_COERCE, "date"})
