"""Values that came as JSON, fit to be stored: as data, whatever they say."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from engine.errors import InvalidActivity

MAX_DEPTH = 50
"""MongoDB takes documents 100 deep; no event of a shop is half as deep."""

MAX_DIGITS = 34
"""Digits of a Decimal128."""

_SAFE_LENGTH = 15
"""A number written in so many characters is a float exactly as it was written."""

_INT64 = 2**63


def exact_number(written: str) -> float | Decimal | str:
    """Read a JSON number with a point or exponent so that nothing is lost.

    A float if it says just what was written, else a Decimal, else (beyond 34 digits, or
    beyond what a float reaches) the text.
    """
    number = float(written)
    if not math.isfinite(number):
        return written
    if len(written) <= _SAFE_LENGTH and number:
        return number
    exact = Decimal(written)
    if Decimal(repr(number)) == exact:
        return number
    return exact if len(exact.as_tuple().digits) <= MAX_DIGITS and number else written


def storable(value: Any, path: str, depth: int = 0) -> Any:
    """Return `value` as BSON can hold it; keys such as `$where` or `a.b` stay as they are.

    Whole numbers beyond 64 bits become text.  Raises InvalidActivity, naming the path, for
    what MongoDB cannot keep: NUL characters in keys, and nesting beyond MAX_DEPTH.
    """
    if isinstance(value, dict):
        _check_depth(depth, path)
        return {key: storable(item, _below(path, key), depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        _check_depth(depth, path)
        return [storable(item, path, depth + 1) for item in value]
    if isinstance(value, int) and not -_INT64 <= value < _INT64:
        return str(value)
    return value


def _below(path: str, key: str) -> str:
    if "\0" in key:
        raise InvalidActivity(path, "has a key with a NUL character; rename it")
    return f"{path}.{key}" if len(path) < 200 else path


def _check_depth(depth: int, path: str) -> None:
    if depth > MAX_DEPTH:
        raise InvalidActivity(path, f"is nested more than {MAX_DEPTH} deep")
