"""Contacts without what says who they are, for those who may look and not know.

What a viewer sees of a masked value must not let them find it: a first letter and two last
digits, not the length.  Of an activity only what its type is declared to carry is shown,
and of that nothing that names, reaches or quotes a person.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from engine.domain.activity_types import ActivityCatalog
from engine.domain.fields import FIELDS, Mask

HIDDEN = "•••"

PERSONAL_PROPERTIES = frozenset(
    {
        "email", "phone", "ip", "what", "reason", "diagnostic", "endpoint", "device_id", "query", "search",
        "review_body",
    }
)  # fmt: skip
"""Declared properties that name, reach or quote a person."""

PRODUCT_PROPERTIES = frozenset(
    {
        "product_id", "sku", "name", "category", "brand", "variant", "price", "quantity", "currency",
        "position", "coupon",
    }
)  # fmt: skip
"""The visible fields of an item in a list of products."""

_OPEN_DETAILS = frozenset({"received_at", "ruleset", "cause"})
_ADDRESS = re.compile(r"[^\s@<>\"'(),;:=/?&]+(?:@|%40)[^\s@<>\"'(),;:=/?&]+")
_NUMBER = re.compile(r"(?<![\w-])\+\d[\d\s().-]{6,}\d")


def masked_email(value: str) -> str:
    """`a•••@example.com`: the first letter and the provider, which identifies no single person."""
    name, at, domain = value.rpartition("@")
    return f"{name[:1]}{HIDDEN}{at}{domain}" if at else HIDDEN


def masked_phone(value: str) -> str:
    """`+34•••22`: the country, near enough, and the last two digits."""
    return f"{value[:3]}{HIDDEN}{value[-2:]}" if len(value) >= 9 else HIDDEN


def masked_name(value: str) -> str:
    """`A••• R•••`: initials."""
    return " ".join(part[:1] + HIDDEN for part in value.split())


def masked_id(value: str) -> str:
    """`•••42`: the end of an external id that is long enough to hide the rest."""
    return f"{HIDDEN}{value[-2:]}" if len(value) >= 5 else HIDDEN


_MASKS: Mapping[Mask, Callable[[str], str]] = {
    "name": masked_name, "email": masked_email, "phone": masked_phone, "id": masked_id,
    "all": lambda _: HIDDEN,
}  # fmt: skip


def masked_field(name: str, value: str | None) -> str | None:
    """The value of a personal field under the mask that the field declares; no value stays none."""
    mask = FIELDS[name].mask
    return value if value is None or mask is None else _MASKS[mask](value)


def without_addresses(text: str) -> str:
    """A text of ours or a provider's with email addresses and international numbers hidden."""
    return _NUMBER.sub(HIDDEN, _ADDRESS.sub(HIDDEN, text))


def hidden(value: Any) -> Any:
    """The same shape with every value hidden but booleans."""
    if isinstance(value, Mapping):
        return {str(name): hidden(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [HIDDEN] if value else []
    return value if value is None or isinstance(value, bool) else HIDDEN


def masked_custom(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Custom fields, of which nothing is known but their names: yes and no stay readable."""
    return {name: hidden(value) for name, value in fields.items()}


def masked_properties(type_: str, properties: Mapping[str, Any], catalog: ActivityCatalog) -> dict[str, Any]:
    """The properties of an activity: declared impersonal values unchanged, all others hidden."""
    declared = catalog.properties(type_)
    personal = PERSONAL_PROPERTIES | ({"name"} if catalog.identified_by(type_) else frozenset())
    return {
        name: hidden(value) if name in personal or name not in declared else _masked(value, declared[name])
        for name, value in properties.items()
    }


def masked_details(type_: str, details: Mapping[str, Any], catalog: ActivityCatalog) -> dict[str, Any]:
    """The raw data of an activity, with traits, context, identities and trackers hidden."""
    shown = {name: value if name in _OPEN_DETAILS else hidden(value) for name, value in details.items()}
    if "properties" in details:
        shown["properties"] = masked_properties(type_, details["properties"], catalog)
    return shown


def _masked(value: Any, type_: str) -> Any:
    if isinstance(value, str):
        return without_addresses(value.partition("?")[0] if "://" in value else value)
    if isinstance(value, list) and type_ == "list":
        return [_masked_item(item) for item in value]
    return hidden(value) if isinstance(value, Mapping | list | tuple) else value


def _masked_item(item: Any) -> Any:
    if not isinstance(item, Mapping):
        return hidden(item)
    return {
        name: _masked(value, "") if name in PRODUCT_PROPERTIES else hidden(value)
        for name, value in item.items()
    }
