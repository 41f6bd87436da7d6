"""What the fold obeys: a compiled ruleset, as values and plain functions.

`engine.rules` makes these from YAML; the core neither reads files nor interprets trees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from engine.core.activities import Activity, RuleId
from engine.core.catalog import ActivityCatalog
from engine.core.contact import ContactState

Condition = Callable[[Activity, ContactState], bool]
"""A compiled `when`: the activity, and the contact as the activity leaves it."""

Period = Literal["minute", "hour", "day", "week", "month", "ever"]


@dataclass(frozen=True)
class Account:
    """What holds for the whole shop.

    Parameters:
      name(str): The shop's name.
      time_zone(ZoneInfo): In which days begin and end.
      currency(str): ISO 4217; unset: that of the account's first order.
      rates(dict): Worth of one unit of another currency in the account's.
      default_region(str): ISO 3166 code that reads national phone numbers.
      cart_idle(timedelta): After how long without change a cart counts as abandoned.
      keep_undeclared_traits(bool): Whether traits that no field declares become custom fields.
    """

    name: str = "My shop"
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    currency: str | None = None
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    default_region: str = "ES"
    cart_idle: timedelta = timedelta(hours=4)
    keep_undeclared_traits: bool = True


@dataclass(frozen=True)
class Limit:
    """At most `times` within one `per`, in the account's time zone."""

    times: int
    per: Period


@dataclass(frozen=True)
class ScoringRule:
    """Points for an activity of type `on` that meets `when`."""

    id: RuleId
    name: str
    on: str
    points: int
    when: Condition
    limit: Limit | None = None
    expires_after: timedelta | None = None


@dataclass(frozen=True)
class Transition:
    """A move of one machine, when an activity of type `on` meets `when`."""

    on: str
    sources: frozenset[str]
    to: str
    when: Condition


@dataclass(frozen=True)
class Machine:
    """One status: its states, where it starts and how it moves."""

    id: str
    label: str
    states: Mapping[str, str]
    """State to the word that a person reads."""
    initial: str
    transitions: Mapping[str, tuple[Transition, ...]]
    """By activity type, in the order of the file: the first that fits moves it."""


@dataclass(frozen=True)
class CustomField:
    """A field that the shop declares for its contacts."""

    id: str
    label: str
    type: str


@dataclass(frozen=True, eq=False)
class Ruleset:
    """One published version of all YAML files, compiled."""

    version: int
    account: Account
    catalog: ActivityCatalog
    scoring: Mapping[str, tuple[ScoringRule, ...]]
    machines: Mapping[str, Machine]
    fields: Mapping[str, CustomField] = field(default_factory=dict)
    published_at: datetime | None = None

    def rule_name(self, rule: str) -> str:
        """The name that a person reads for a rule, or its id if it is gone."""
        return next((r.name for rules in self.scoring.values() for r in rules if r.id == rule), rule)


@dataclass(frozen=True)
class Rulebook:
    """The rulesets by version: an activity is judged under the one in force at its receipt."""

    rulesets: Mapping[int, Ruleset]
    present: Ruleset

    def at(self, version: int) -> Ruleset:
        return self.rulesets.get(version, self.present)
