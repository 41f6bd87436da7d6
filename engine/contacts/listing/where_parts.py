"""The conditions of a list one by one, together, and as an address carries them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.domain.document import Document

Part = Mapping[str, Any]
"""One condition, such as `{"points": {"gte": 20}}` or `{"not": {"segments": "vip"}}`."""

MAX_ADDRESS = 8_000
"""Characters of conditions that an address may carry."""


def parts_of(where: Mapping[str, Any]) -> Iterator[Part]:
    """Each condition by itself, also those under `all`."""
    for key, value in where.items():
        if key == "all" and isinstance(value, list):
            for part in value:
                yield from parts_of(part)
        else:
            yield {key: value}


def joined(parts: Iterable[Part]) -> Document:
    """Conditions in one mapping; what names a field once more goes under `all`."""
    where: Document = {}
    more = []
    for part in parts:
        if where.keys() & part.keys():
            more.append(dict(part))
        else:
            where.update(part)
    return {**where, "all": more} if more else where


def compact(where: Mapping[str, Any]) -> str:
    """Conditions as an address carries them."""
    return json.dumps(where, separators=(",", ":"), ensure_ascii=False)


def read_where(text: str) -> Document:
    """Conditions out of an address: those that are some, or none."""
    if not text or len(text) > MAX_ADDRESS:
        return {}
    try:
        where = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return joined(_readable(where)) if isinstance(where, dict) else {}


def _readable(where: Document) -> Iterator[Part]:
    """The parts that can be conditions, whatever they name."""
    for key, value in where.items():
        if key == "all":
            for item in value if isinstance(value, list) else ():
                if isinstance(item, dict):
                    yield from _readable(item)
        elif value is not None:
            yield {key: value}
