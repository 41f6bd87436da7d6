"""The types of activity: what each is called, looks like and carries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from string import Formatter
from typing import Any, Literal

from engine.domain.money import DecimalMark, storable_number
from engine.domain.property_names import bare

PropertyType = Literal["text", "number", "money", "date", "boolean", "list"]

CUSTOM_ICON = "✨"
"""The icon of undeclared types."""


@dataclass(frozen=True)
class ActivityType:
    """A declared type of activity.

    Parameters:
      name(str): Our own name, `product_visited`.
      label(str): What a person reads.
      icon(str): One emoji.
      segment_names(tuple): Names in the specifications of Segment and GA4 that mean the same.
      identified_by(tuple): Properties that say whose it is: `email`, `phone`, `external_id`.
      accepted_from(str): `both`, or `secret` if a public write key may show it but not make it count.
      summary(str): A line for the timeline, with `{property}` where a value goes.
      properties(dict): What it carries, by type.
    """

    name: str
    label: str
    icon: str = CUSTOM_ICON
    segment_names: tuple[str, ...] = ()
    identified_by: tuple[str, ...] = ()
    accepted_from: Literal["both", "secret"] = "both"
    summary: str = ""
    properties: Mapping[str, PropertyType] = field(default_factory=dict)


class ActivityCatalog:
    """All declared types, found by our name or by a sender's."""

    def __init__(self, types: Iterable[ActivityType]) -> None:
        self._types = {type_.name: type_ for type_ in types}
        self._spellings = {
            name: {bare(declared): declared for declared in type_.properties}
            for name, type_ in self._types.items()
        }
        self._by_event_name = {
            folded_name(name): type_.name for type_ in self._types.values() for name in type_.segment_names
        }
        self._by_event_name |= {folded_name(name): name for name in self._types}

    def types(self) -> list[str]:
        """The declared names, in the order of the file."""
        return list(self._types)

    def type_of(self, event_name: str) -> str:
        """Our name for a sender's event; an undeclared event keeps its own."""
        if event_name in self._types:
            return event_name
        return self._by_event_name.get(folded_name(event_name), event_name)

    def label(self, type_: str) -> str:
        declared = self._types.get(type_)
        return type_ if declared is None else declared.label

    def icon(self, type_: str) -> str:
        declared = self._types.get(type_)
        return CUSTOM_ICON if declared is None else declared.icon

    def properties(self, type_: str) -> Mapping[str, PropertyType]:
        """The declared properties of a type."""
        declared = self._types.get(type_)
        return {} if declared is None else declared.properties

    def typed(
        self, type_: str, properties: Mapping[str, Any], decimal_mark: DecimalMark = "."
    ) -> dict[str, Any]:
        """Properties with text parsed as numbers where a number or money is declared.

        Text that is no number, or names a currency, stays as it came.  `decimal_mark` is that of the
        account, and reads money alone.  A declared property under another spelling (`orderId`) is there
        under both.
        """
        marks: dict[PropertyType | None, DecimalMark | None] = {"money": decimal_mark, "number": None}
        declared = self.properties(type_)
        return {
            name: _as_number(value, marks[declared[name]])
            if isinstance(value, str) and declared.get(name) in marks
            else value
            for name, value in {**self._respelled(type_, properties), **properties}.items()
        }

    def _respelled(self, type_: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        """The declared properties that are there under another spelling alone."""
        spellings = self._spellings.get(type_, {})
        return {
            spellings[bare(name)]: value
            for name, value in properties.items()
            if spellings.get(bare(name), name) != name
        }

    def identified_by(self, type_: str) -> tuple[str, ...]:
        declared = self._types.get(type_)
        return () if declared is None else declared.identified_by

    def needs_secret(self, type_: str) -> bool:
        """Whether the type has effects only with a secret key."""
        declared = self._types.get(type_)
        return declared is not None and declared.accepted_from == "secret"

    def summary(self, type_: str, properties: Mapping[str, Any]) -> str:
        """The one-line summary of an activity; missing values leave no gap."""
        declared = self._types.get(type_)
        template = "" if declared is None else declared.summary
        if not template:
            return ""
        return _fill(template, properties, types=declared.properties if declared else {})


def _as_number(text: str, decimal_mark: DecimalMark | None) -> Decimal | str:
    """The number that a text says, exactly as it is written; any other text as it came."""
    number = storable_number(text, decimal_mark)
    return text if number is None else number


def _fill(template: str, properties: Mapping[str, Any], *, types: Mapping[str, PropertyType]) -> str:
    """Fill a template; the words that stand before a missing value go with it."""
    parts = []
    for literal, name, _, _ in Formatter().parse(template):
        if name is None:
            parts.append(literal)
            continue
        value = _readable(properties.get(name), types.get(name))
        if value:
            parts.append(literal + value)
    return " ".join("".join(parts).split()).strip(" ·,:")


def _readable(value: Any, type_: PropertyType | None) -> str:
    if value is None:
        return ""
    if type_ == "money" and isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return f"{value:,.2f}"
    if isinstance(value, list):
        return ", ".join(_readable(item, None) for item in value[:3]) + (" …" if len(value) > 3 else "")
    if isinstance(value, dict):
        return str(value.get("name") or value.get("product_id") or "")
    return str(value)[:200]


@lru_cache(maxsize=4096)
def folded_name(name: str) -> str:
    """The name of an event as it is compared: `Order Completed`, `order_completed`, `orderCompleted`."""
    return _SEPARATORS.sub("", name).lower()


_SEPARATORS = re.compile(r"[\s_\-.:/]+")
