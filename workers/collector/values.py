"""Making what came as JSON fit to be stored: as data, whatever it says."""

from __future__ import annotations

from typing import Any

from engine.errors import InvalidActivity

MAX_DEPTH = 50
"""MongoDB takes documents 100 deep; no event of a shop is half as deep."""

_INT64 = 2**63


def storable(value: Any, field: str, depth: int = 0) -> Any:
    """Return `value` as BSON can hold it; keys such as `$where` or `a.b` stay as they are.

    Whole numbers beyond 64 bits become text.  Raises InvalidActivity for what cannot be
    kept: NUL characters in keys, and nesting beyond MAX_DEPTH.
    """
    if depth > MAX_DEPTH:
        raise InvalidActivity(field, f"is nested more than {MAX_DEPTH} deep")
    if isinstance(value, dict):
        return {_key(key, field): storable(item, field, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [storable(item, field, depth + 1) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and not -_INT64 <= value < _INT64:
        return str(value)
    return value


def mapping(event: dict[str, Any], field: str) -> dict[str, Any]:
    """The object at `field`, ready to be stored; an empty one if there is none."""
    value = event.get(field)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidActivity(field, f"must be an object, not {type(value).__name__}")
    kept: dict[str, Any] = storable(value, field)
    return kept


def text(event: dict[str, Any], field: str) -> str | None:
    """The text at `field`; a number is taken as its digits.  Raises InvalidActivity."""
    value = event.get(field)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise InvalidActivity(field, f"must be text, not {type(value).__name__}")


def _key(key: str, field: str) -> str:
    if "\0" in key:
        raise InvalidActivity(field, "has a key with a NUL character")
    return key
