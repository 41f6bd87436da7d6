"""Reading the values of payloads, for every platform alike."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from engine.errors import InvalidActivity
from engine.shops.events import UnreadableDelivery
from engine.tracking.times import moment

Payload = Mapping[str, Any]


def an_object(payload: Any) -> Payload:
    """The payload as an object.  Raises UnreadableDelivery."""
    if not isinstance(payload, Mapping):
        raise UnreadableDelivery("must be a JSON object")
    return payload


def text(value: Any) -> str:
    """A value as text; blank for none."""
    return "" if value is None or isinstance(value, dict | list | bool) else str(value).strip()


def number(value: Any) -> str:
    """A platform's own id: required.  Raises ValueError."""
    found = text(value)
    if not found or found == "0":
        raise ValueError("an id is missing")
    return found


def time(value: Any) -> datetime | None:
    """A time, in UTC where it names no zone; unset for a blank or for what is no time."""
    if value is None or value == "":
        return None
    try:
        return moment(value, "time").astimezone(UTC)
    except InvalidActivity:
        return None


def required_time(payload: Payload, *names: str) -> datetime:
    """The first of several times.  Raises ValueError if none can be read."""
    found = next((at for name in names if (at := time(payload.get(name))) is not None), None)
    if found is None:
        raise ValueError(f"{names[0]} is missing or no time")
    return found


def address_traits(address: Any) -> dict[str, str]:
    """The traits of a customer that an address gives, under the names of both platforms."""
    if not isinstance(address, Mapping):
        return {}
    names = {
        "city": ("city",),
        "province": ("province", "state"),
        "postal_code": ("zip", "postcode"),
        "country": ("country_code", "country"),
    }
    return {trait: found for trait, keys in names.items() if (found := _first(address, keys))}


def _first(mapping: Payload, keys: tuple[str, ...]) -> str:
    return next((found for key in keys if (found := text(mapping.get(key)))), "")
