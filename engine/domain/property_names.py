"""Names of properties as senders spell them: `orderId`, `OrderID` and `order-id` are `order_id`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from engine.domain.identity.blanks import is_blank


def value_of(properties: Mapping[str, Any], name: str) -> Any:
    """The value of a property, in whatever way its name is spelt; unset if it is blank."""
    value = properties.get(name)
    if not is_blank(value):
        return value
    wanted = bare(name)
    found = (value for key, value in properties.items() if bare(key) == wanted and not is_blank(value))
    return next(found, None)


@lru_cache(maxsize=4096)
def bare(name: str) -> str:
    """A name as it is compared: without regard to case, spaces, dashes and underscores."""
    return "".join(letter for letter in name if letter not in " _-").lower()
