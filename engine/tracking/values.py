"""The fields of an event: objects and texts, fit to be stored."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from engine.domain.identity.blanks import is_blank
from engine.domain.json_values import storable
from engine.errors import InvalidActivity


def mapping(event: dict[str, Any], field: str) -> dict[str, Any]:
    """The object at `field`, ready to be stored and the caller's own; an empty one for a blank.

    (PHP encodes an empty map as `[]`.)  Raises InvalidActivity.
    """
    value = event.get(field)
    if not isinstance(value, dict) and is_blank(value):
        return {}
    if not isinstance(value, dict):
        raise InvalidActivity(field, f"must be an object, not {_kind_of(value)}")
    kept: dict[str, Any] = storable(value, field)
    return kept


def text(event: dict[str, Any], field: str) -> str | None:
    """The text at `field`, a whole number as its digits; unset for a blank.  Raises InvalidActivity.

    A blank beside good values costs nothing: RudderStack sends `"userId": ""` with anonymous events.
    """
    value = event.get(field)
    if is_blank(value):
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool) and value == int(value):
        return str(int(value))
    raise InvalidActivity(field, f"must be text, not {_kind_of(value)}")


def _kind_of(value: Any) -> str:
    """The JSON type of a value."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    return "text" if isinstance(value, str) else "a number"
