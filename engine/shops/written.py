"""Times, phone numbers and flags as the shops' databases write them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from typing import Any

from engine.domain.identity.normalisation import normalise_phone_of
from engine.errors import InvalidIdentity


def time_of(value: Any, zone: tzinfo = UTC) -> datetime | None:
    """A time of a shop's database in UTC; unset for none, `0000-00-00 00:00:00` among them.

    Raises ValueError for what is no time.
    """
    text = str(value or "").strip()
    if not text or text.startswith("0000-00-00"):
        return None
    at = datetime.fromisoformat(text)
    return (at.replace(tzinfo=zone) if at.tzinfo is None else at).astimezone(UTC)


def certain_time(value: Any, zone: tzinfo = UTC) -> datetime:
    """A time that has to be there.  Raises ValueError."""
    at = time_of(value, zone)
    if at is None:
        raise ValueError(f"{str(value)[:40]!r} is no time")
    return at


def latest_of(values: Iterable[Any], zone: tzinfo = UTC) -> datetime | None:
    """The latest of some times; unset for none.  Raises ValueError."""
    return max((at for at in (time_of(value, zone) for value in values) if at is not None), default=None)


def phone_of(numbers: Iterable[Any], country: str) -> str:
    """The first number that is valid in a country (ISO 3166), as E.164; empty for none.

    A number that cannot be read costs no order: it is left out.
    """
    for number in numbers:
        if not number:
            continue
        try:
            return normalise_phone_of(str(number), region=country.upper() or "ZZ")
        except InvalidIdentity:
            continue
    return ""


def is_set(value: Any) -> bool:
    """A flag of a shop's database: `"1"`, `1` and `true` are set."""
    return value in (True, 1, "1", "true")


def text_of(value: Any) -> str:
    """A text in one of PrestaShop's forms: plain, or by language (the first one then)."""
    while isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict):
        value = value.get("value", "")
    return str(value) if value not in (None, False, []) else ""
