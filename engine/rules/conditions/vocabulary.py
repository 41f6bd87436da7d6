"""The words that conditions may use: what the other files declare, and what a condition is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from zoneinfo import ZoneInfo

from engine.domain.activity_types import ActivityCatalog
from engine.domain.conditions import Not, Path, ValueType
from engine.domain.fields import CUSTOM, FIELDS, STATES
from engine.domain.fields import field as contact_field
from engine.domain.rulebook import Account, CustomField, Ruleset, Webhook
from engine.domain.valuation import RFM_CHANGED
from engine.rules.conditions.predicate import CONTEXT, OF_ACTIVITY
from engine.rules.language.nodes import Node

_CUSTOM_TYPES: Mapping[str, ValueType] = {
    "text": "text", "number": "number", "boolean": "boolean", "date": "day", "list": "list",
}  # fmt: skip

_OF_ACTIVITY_TYPES: Mapping[str, ValueType] = {
    "type": "text", "tracker": "text", "source": "text", "trusted": "boolean", "bot": "boolean",
}  # fmt: skip

DERIVED_PROPERTIES: Mapping[str, Mapping[str, ValueType]] = {
    "segment_entered": {"segment": "text"},
    "segment_left": {"segment": "text"},
    "status_changed": {"machine": "text", "from": "text", "to": "text"},
    "points_changed": {"from": "number", "to": "number", "by": "number"},
    "contacts_merged": {"from": "text", "into": "text"},
}
"""The properties of the fold's own activities."""


@dataclass(frozen=True)
class Vocabulary:
    """The declared names.

    Parameters:
      catalog: The activities.
      fields: The custom fields.
      machines: The states of each status.
      reached: The states of each status that some transition leads to.
      initial: The state in which each of the shop's own statuses begins.
      static: The ids of the segments that members are put into.
      dynamic: The ids of those whose condition decides.
      account: Among others, the time zone in which a date without one is meant.
      webhooks: The systems that rules can call.
      categories: The categories of RFM.
      any_custom: Whether undeclared custom fields can be named, too.
    """

    catalog: ActivityCatalog
    fields: Mapping[str, CustomField] = field(default_factory=dict)
    machines: Mapping[str, frozenset[str]] = field(default_factory=dict)
    reached: Mapping[str, frozenset[str]] = field(default_factory=dict)
    initial: Mapping[str, str] = field(default_factory=dict)
    static: frozenset[str] = frozenset()
    dynamic: frozenset[str] = frozenset()
    account: Account = field(default_factory=Account)
    webhooks: Mapping[str, Webhook] = field(default_factory=dict)
    categories: frozenset[str] = frozenset()
    any_custom: bool = False

    @classmethod
    def of(cls, ruleset: Ruleset) -> Vocabulary:
        """The words of a ruleset that stands, for filters: these may name any custom field."""
        dynamic = frozenset(segment.id for segment in ruleset.dynamic)
        return cls(
            catalog=ruleset.catalog,
            fields=ruleset.fields,
            machines={id_: frozenset(machine.states) for id_, machine in ruleset.machines.items()},
            initial=own_initial({id_: machine.initial for id_, machine in ruleset.machines.items()}),
            static=frozenset(ruleset.segments) - dynamic,
            dynamic=dynamic,
            account=ruleset.account,
            webhooks=ruleset.webhooks,
            categories=frozenset(() if ruleset.rfm is None else ruleset.rfm.categories),
            any_custom=True,
        )

    @property
    def segments(self) -> frozenset[str]:
        return self.static | self.dynamic

    @property
    def zone(self) -> ZoneInfo:
        return self.account.time_zone

    def contact_path(self, name: str) -> Path | None:
        """The path of a contact's field; unset if there is no such field."""
        if name.startswith(CUSTOM):
            custom = name.removeprefix(CUSTOM)
            declared = self.fields.get(custom)
            if declared is not None:
                return Path("contact", name, _CUSTOM_TYPES.get(declared.type, "any"))
            return Path("contact", name) if self.any_custom else None
        if name in self.machines:
            return Path("contact", name, "state", absent=self.initial.get(name))
        found = contact_field(name)
        return None if found is None else Path("contact", name, found.type)

    def contact_names(self) -> set[str]:
        return set(FIELDS) | set(self.machines) | {f"{CUSTOM}{name}" for name in self.fields}

    def activity_path(self, name: str, types: tuple[str, ...]) -> Path | None:
        """The path of a property of activities of some types; unset if none declares it."""
        if name in OF_ACTIVITY:
            return Path("activity", name, _OF_ACTIVITY_TYPES[name])
        if name.startswith(CONTEXT):
            return Path("activity", name)
        declared = self._properties(types)
        first = name.split(".")[0]
        if first not in declared:
            return None
        return Path("activity", name, declared[first] if first == name else "any")

    def properties_of(self, type_: str) -> Mapping[str, ValueType]:
        """The properties of activities of a type, by name."""
        return self._properties((type_,))

    def activity_names(self, types: tuple[str, ...]) -> set[str]:
        return {*self._properties(types), *OF_ACTIVITY}

    def values_of(self, name: str, types: tuple[str, ...]) -> tuple[str, frozenset[str]] | None:
        """The kind of object that a property of the fold's own activities names, and the known names."""
        if types and set(types) <= {"segment_entered", "segment_left"} and name == "segment":
            return "segment", self.segments
        if types == ("status_changed",) and name == "machine":
            return "status", frozenset(self.machines)
        if types == ("status_changed",) and name in ("from", "to"):
            return "state", frozenset(state for states in self.machines.values() for state in states)
        if types == (RFM_CHANGED,) and name in ("from", "to"):
            return "category", self.categories
        return None

    def states_of(self, name: str) -> frozenset[str] | None:
        """The values that a field of type `state` can have; unset for other fields."""
        if name in ("rfm", "rfm_before"):
            return self.categories
        return self.machines.get(name) or (frozenset(STATES[name]) if name in STATES else None)

    def _properties(self, types: tuple[str, ...]) -> dict[str, ValueType]:
        found: dict[str, ValueType] = {}
        for type_ in types:
            found.update(self.catalog.properties(type_))
            found.update(DERIVED_PROPERTIES.get(type_, {}))
        return found


@dataclass(frozen=True)
class Subject:
    """The scope of a condition: the declared names, and the activity it evaluates, if any.

    `activities` are the types of the activity at hand; none for segments, which look at
    the contact alone.  `place` says where the condition stands: a filter knows nothing of
    the past, the `where` of a `did` looks at an activity alone, and in both a name needs no
    `contact.` or `activity.` before it.  `any_activity` is for rules whose activity is itself
    wrong: one mistake is reported once.  `itself` says that what was done includes the
    activity at hand.  `negations` collects each `not` that is read, with the mapping that it is in.
    """

    words: Vocabulary
    activities: tuple[str, ...] = ()
    place: Literal["file", "filter", "where"] = "file"
    any_activity: bool = False
    itself: bool = False
    negations: list[tuple[Not, Node]] = field(default_factory=list, compare=False)


def own_initial(initial: Mapping[str, str]) -> dict[str, str]:
    """The initial states of the statuses that are not among the five of every shop."""
    return {machine: state for machine, state in initial.items() if machine not in FIELDS}
