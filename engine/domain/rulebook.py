"""The compiled ruleset that the fold applies, as values and plain functions.

`engine.rules` makes these from YAML; the core neither reads files nor interprets trees.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal
from zoneinfo import ZoneInfo

from engine.domain.activities import RuleId
from engine.domain.activity_types import ActivityCatalog
from engine.domain.conditions import ALWAYS, Compare, Condition, Track, TrackId, leaves
from engine.domain.fields import VALUED_FIELDS
from engine.domain.lifetime import LifetimeRules
from engine.domain.money import DecimalMark
from engine.domain.preferences import DoubleOptIn, Preferences
from engine.domain.rfm import RfmRules

BY_HAND = RuleId("by-hand")
"""The rule of ledger entries by which a user corrected the points."""

MAX_REPEATS = 20
"""How often rules in a cycle may set each other off, if their limits allow it."""

Period = Literal["minute", "hour", "day", "week", "month", "ever"]


ConsentFromBrowser = Literal["accept", "confirm", "refuse"]
CONSENT_FROM_BROWSER: tuple[ConsentFromBrowser, ...] = ("accept", "confirm", "refuse")


@dataclass(frozen=True)
class Account:
    """The settings of the account.

    Parameters:
      name(str): The shop's name.
      time_zone(ZoneInfo): In which days begin and end.
      locale(str): How the pages write dates and numbers: a language, and where it differs a country.
      decimal_mark(str): What the locale writes before decimals; amounts that leave it open are read by it.
      currency(str): ISO 4217: of all totals, and of what is sent without a currency.
      rates(dict): Worth of one unit of another currency in the account's.
      default_region(str): ISO 3166 code that reads national phone numbers.
      cart_idle(timedelta): After how long without change a cart counts as abandoned.
      calculation_hour(int): From which hour on RFM and lifetime value are calculated each night.
      keep_undeclared_traits(bool): Whether traits that no field declares become custom fields.
      consent_from_browser(str): Whether a browser alone may subscribe a contact that never refused.
      mask_for_viewers(bool): Whether viewers see personal data hidden.
    """

    name: str = "My shop"
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    locale: str = "en"
    decimal_mark: DecimalMark = "."
    currency: str = "EUR"
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    default_region: str = "ES"
    cart_idle: timedelta = timedelta(hours=4)
    calculation_hour: int = 1
    keep_undeclared_traits: bool = True
    consent_from_browser: ConsentFromBrowser = "accept"
    mask_for_viewers: bool = False


@dataclass(frozen=True)
class Limit:
    """At most `times` within one `per`, in the account's time zone."""

    times: int
    per: Period


@dataclass(frozen=True)
class Award:
    """An amount of points: `fixed`, or `times` a number of the activity.

    A computed amount is rounded down to a whole number, and is `at_most` so many.
    """

    fixed: int = 0
    per: tuple[str, ...] = ()
    times: Decimal = Decimal(1)
    at_most: int | None = None


@dataclass(frozen=True)
class Fading:
    """Points that lose `lost` percent of what was given every `every`, down to nothing."""

    lost: int
    every: timedelta


@dataclass(frozen=True)
class RuleGroup:
    """Rules that together give at most `at_most` points within one `per`."""

    id: str
    name: str
    at_most: int
    per: Period


@dataclass(frozen=True)
class AddToSegment:
    """Make the contact a member of a static segment."""

    segment: str


@dataclass(frozen=True)
class RemoveFromSegment:
    """Remove the contact from a static segment."""

    segment: str


@dataclass(frozen=True)
class SetField:
    """Write a custom field; no value empties it."""

    field: str
    value: Any


@dataclass(frozen=True)
class MoveStatus:
    """Move a machine to a state, where a transition of the machine leads there."""

    machine: str
    to: str


@dataclass(frozen=True)
class CallWebhook:
    """Call another system: `name` is one of the webhooks of settings.yaml."""

    name: str


@dataclass(frozen=True)
class Webhook:
    """Another system that receives calls of rules.

    `secret` signs what it is sent (see `webhook_secrets`); unset: calls are not signed.
    """

    name: str
    url: str
    secret: str | None = None


@dataclass(frozen=True)
class SendingService:
    """A service that sends the shop's mail or messages, and reports by webhook what became of them.

    Parameters:
      secrets(tuple): Environment variables with what proves its requests; two while one replaces the other.
      url(str): The public address of its webhook, which some services sign; empty if it is as called.
    """

    secrets: tuple[str, ...]
    url: str = ""


@dataclass(frozen=True)
class BounceMailbox:
    """A mailbox that is watched for mail that came back: a path, or a folder of an IMAP server.

    Parameters:
      path(str): A Maildir or an mbox file; empty for IMAP.
      security(str): `tls`, `starttls` or `none`, of IMAP.
      password(str): The environment variable with the password.
      move_to(str): The folder for messages that were read; empty: they stay, and are marked as read.
    """

    id: str
    path: str = ""
    host: str = ""
    port: int = 0
    security: str = "tls"
    user: str = ""
    password: str = ""
    folder: str = "INBOX"
    move_to: str = ""


Effect = AddToSegment | RemoveFromSegment | SetField | MoveStatus | CallWebhook


@dataclass(frozen=True)
class Rule:
    """The effects of an activity of type `on` that meets `when`: points, and others.

    `once_per` names what it may score once for each (a product, say).  `begins` and
    `ends` (exclusive) bound when it is active, by the time of happening.
    """

    id: RuleId
    name: str
    on: str
    when: Condition = ALWAYS
    award: Award | None = None
    limit: Limit | None = None
    once_per: tuple[str, ...] = ()
    group: RuleGroup | None = None
    expires_after: timedelta | None = None
    fades: Fading | None = None
    begins: datetime | None = None
    ends: datetime | None = None
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True)
class Segment:
    """A named set of contacts.  A dynamic one has a condition; members of others are put in.

    `since` is when the condition was published.
    """

    id: str
    name: str
    condition: Condition | None = None
    description: str = ""
    since: datetime | None = None

    @property
    def dynamic(self) -> bool:
        return self.condition is not None


@dataclass(frozen=True)
class Transition:
    """A move of one machine, when an activity of type `on` meets `when`."""

    on: str
    sources: frozenset[str]
    to: str
    when: Condition = ALWAYS


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

    def leads(self, source: str, to: str) -> bool:
        """Whether some transition goes from one state to the other."""
        return any(
            source in transition.sources and transition.to == to
            for transitions in self.transitions.values()
            for transition in transitions
        )


TOPIC = "topic_"
"""The prefix of the machine of a topic: the topic `offers` is the machine `topic_offers`."""

TopicChannel = Literal["email", "sms"]
TOPIC_CHANNELS: tuple[TopicChannel, ...] = ("email", "sms")


@dataclass(frozen=True)
class Topic:
    """A list of its own besides the newsletter and SMS.

    Parameters:
      id(str): What activities name in their property `topic`.
      label(str): What people read.
      about(str): One sentence for contacts who choose; empty without one.
      channel(str): How it is sent.
    """

    id: str
    label: str
    about: str = ""
    channel: TopicChannel = "email"

    @property
    def machine(self) -> str:
        """The id of its machine."""
        return f"{TOPIC}{self.id}"


EDITORS = ("marketer", "admin")
"""The roles that can be let edit a field of contacts; an admin always may."""


@dataclass(frozen=True)
class CustomField:
    """A field that the shop declares for its contacts.

    Parameters:
      options(tuple): What a person may choose by hand, of a text; empty: anything.
      edit(frozenset): The roles that may change it by hand.
    """

    id: str
    label: str
    type: str
    options: tuple[str, ...] = ()
    edit: frozenset[str] = frozenset(EDITORS)


TracksByType = Mapping[str, tuple[Track, ...]]
"""Tracks by the type of activity that they remember."""


def by_activity_type(tracks: Iterable[Track]) -> TracksByType:
    """Sort tracks by the types of activity that they remember."""
    found: dict[str, tuple[Track, ...]] = {}
    for track in tracks:
        for type_ in dict.fromkeys(track.activities):
            found[type_] = (*found.get(type_, ()), track)
    return found


@dataclass(frozen=True, eq=False)
class Ruleset:
    """One published version of all YAML files, compiled.

    `segments` are in an order in which each comes after those that it refers to.
    `upkeep` is the version that last changed what is kept of every contact, and
    `kept_from` the oldest for which a contact may have been kept and still be right;
    activities received before version `recomputed` are judged by that one.
    """

    version: int
    account: Account
    catalog: ActivityCatalog
    rules: Mapping[str, tuple[Rule, ...]]
    machines: Mapping[str, Machine]
    fields: Mapping[str, CustomField] = field(default_factory=dict)
    segments: Mapping[str, Segment] = field(default_factory=dict)
    webhooks: Mapping[str, Webhook] = field(default_factory=dict)
    services: Mapping[str, SendingService] = field(default_factory=dict)
    topics: Mapping[str, Topic] = field(default_factory=dict)
    mailboxes: tuple[BounceMailbox, ...] = ()
    preferences: Preferences | None = None
    double_opt_in: DoubleOptIn | None = None
    rfm: RfmRules | None = None
    lifetime: LifetimeRules = field(default_factory=LifetimeRules)
    published_at: datetime | None = None
    upkeep: int = 1
    kept_from: int = 1
    recomputed: int = 1

    def rule_name(self, rule: str) -> str:
        """The name that a person reads for a rule, or its id if it is gone."""
        if rule == BY_HAND:
            return "Corrected by hand"
        return next((r.name for rules in self.rules.values() for r in rules if r.id == rule), rule)

    @cached_property
    def moved_by(self) -> Mapping[str, tuple[Machine, ...]]:
        """The machines that a type of activity may move, in their order."""
        types = {type_ for machine in self.machines.values() for type_ in machine.transitions}
        return {
            type_: tuple(machine for machine in self.machines.values() if type_ in machine.transitions)
            for type_ in types
        }

    @cached_property
    def longest_limited_chain(self) -> int:
        """The steps in which rules may set each other off and end by their limits.

        A rule is two steps: what it changes, and what follows from that.
        """
        return 2 * MAX_REPEATS * sum(map(len, self.rules.values()))

    @cached_property
    def dynamic(self) -> tuple[Segment, ...]:
        """The segments that a condition decides, in the order in which to look at them."""
        return tuple(segment for segment in self.segments.values() if segment.dynamic)

    @cached_property
    def timed(self) -> tuple[Segment, ...]:
        """The segments that time alone can change."""
        return tuple(s for s in self.dynamic if s.condition is not None and s.condition.timed)

    @cached_property
    def valued(self) -> bool:
        """Whether a segment asks for figures that are calculated of all contacts."""
        trees = (segment.condition.tree for segment in self.dynamic if segment.condition is not None)
        asked = (leaf.path for tree in trees for leaf in leaves(tree) if isinstance(leaf, Compare))
        return any(path.source == "contact" and path.name in VALUED_FIELDS for path in asked)

    @cached_property
    def tracks(self) -> Mapping[TrackId, Track]:
        """The facts to remember about a contact's past."""
        conditions = [segment.condition for segment in self.dynamic]
        conditions += [rule.when for rules in self.rules.values() for rule in rules]
        conditions += [
            transition.when
            for machine in self.machines.values()
            for transitions in machine.transitions.values()
            for transition in transitions
        ]
        return {track.id: track for found in conditions if found is not None for track in found.tracks}

    @cached_property
    def tracks_by_type(self) -> TracksByType:
        """The same by the type of activity that they remember."""
        return by_activity_type(self.tracks.values())

    @cached_property
    def settles_at_once(self) -> bool:
        """Whether one look at the segments in their order is enough: they ask for others by name alone."""
        trees = (segment.condition.tree for segment in self.dynamic if segment.condition is not None)
        asked = (leaf for tree in trees for leaf in leaves(tree) if isinstance(leaf, Compare))
        return all(
            leaf.operator in ("has", "has_any", "has_all")
            for leaf in asked
            if leaf.path.source == "contact" and leaf.path.name == "segments"
        )


@dataclass(frozen=True)
class Rulebook:
    """The rulesets by version: an activity is judged under the one in force at its receipt.

    `published` are the times at which versions came into force, in order.  `boundaries`
    are those of them at which segments changed: at each, every contact is looked at.
    """

    rulesets: Mapping[int, Ruleset]
    present: Ruleset
    published: tuple[tuple[datetime, int], ...] = ()
    boundaries: tuple[datetime, ...] = ()

    def at(self, version: int) -> Ruleset:
        """The ruleset that judges what was received under a version."""
        if version == self.present.version:
            return self.present
        judging = max(version, self.present.recomputed)
        return self.present if judging == self.present.version else self.rulesets.get(judging, self.present)

    def in_force(self, at: datetime) -> Ruleset:
        """The ruleset whose segments hold at a time, and that judges what time alone brings about."""
        if not self.published or at >= self.published[-1][0]:
            return self.present
        index = bisect_right(self.published, at, key=lambda published: published[0])
        return self.at(self.published[index - 1][1] if index else 1)

    def between(self, first: datetime, last: datetime) -> list[Ruleset]:
        """The rulesets whose segments hold at some time from `first` to `last`, and the present."""
        times = [first, *(at for at in self.boundaries if first < at <= last)]
        return list(
            {ruleset.version: ruleset for ruleset in (*map(self.in_force, times), self.present)}.values()
        )

    @property
    def last_boundary(self) -> datetime | None:
        """The last time at which every contact was looked at."""
        return self.boundaries[-1] if self.boundaries else None

    def next_boundary(self, after: datetime) -> datetime | None:
        index = bisect_right(self.boundaries, after)
        return self.boundaries[index] if index < len(self.boundaries) else None
