"""The filter bar: what the list of contacts can be filtered by, declared once, and its chips.

Conditions that no filter could have made (out of an address, or a view) are chips all the
same, in the words of the rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.contacts.listing.filters import (
    PLAINLY,
    Choice,
    ChoiceFilter,
    DaysFilter,
    Filter,
    FlagFilter,
    NumberFilter,
    RecencyFilter,
    SegmentFilter,
    TextFilter,
    Written,
)
from engine.contacts.listing.listing import Listing
from engine.contacts.listing.where_parts import Part
from engine.domain.fields import CUSTOM, FIELDS, STATES
from engine.domain.rulebook import CustomField, Ruleset, TopicChannel
from engine.errors import InvalidRules
from engine.rules.conditions.explain import words as words_of
from engine.rules.conditions.filter_reader import read_filters
from engine.rules.conditions.vocabulary import Vocabulary


@dataclass(frozen=True)
class Chip:
    """A condition in force, as a person reads it; `filter` is the one that can change it, if any."""

    words: str
    part: Part
    filter: str | None = None


# The bar


def offered(ruleset: Ruleset) -> list[Filter]:
    """All filters, in the order of the bar, with what the ruleset declares to choose from."""
    segments = tuple(
        Choice(segment.id, segment.name)
        for segment in sorted(ruleset.segments.values(), key=lambda segment: segment.name.casefold())
    )
    currency = f" {ruleset.account.currency}"
    return [
        FlagFilter(
            "identified", "Identified", "Contact", "identified", yes="Identified", no="Anonymous visitor"
        ),
        SegmentFilter("segments", "In segment", "Contact", "segments", choices=segments),
        SegmentFilter(
            "outside", "Not in segment", "Contact", "segments", choices=segments, outside=True
        ),
        NumberFilter("points", "Points", "Contact", "points"),
        RecencyFilter("last_seen", "Last seen", "Contact", "last_seen", optional=True),
        _presence("email", "Email", article="an", what="email"),
        *_status(ruleset, "email_status", "Email status", "Email"),
        *_status(ruleset, "newsletter", "Newsletter", "Email"),
        *_topics(ruleset, "email", "Email"),
        _presence("mobile_phone", "Mobile", article="a", what="mobile phone"),
        *_status(ruleset, "mobile_status", "Mobile status", "Mobile"),
        *_status(ruleset, "sms", "SMS", "Mobile"),
        *_topics(ruleset, "sms", "Mobile"),
        *_status(ruleset, "push", "Web push", "Web push"),
        NumberFilter("orders", "Orders", "Shopping", "orders"),
        NumberFilter("spent", "Spent", "Shopping", "spent", unit=currency),
        ChoiceFilter("cart", "Cart", "Shopping", "cart", choices=_CARTS),
        _rfm(ruleset),
        NumberFilter("clv", "Lifetime value", "Shopping", "clv", unit=currency),
        *(_custom(field) for field in ruleset.fields.values()),
    ]  # fmt: skip


_CARTS = tuple(Choice(state, state.capitalize()) for state in STATES["cart"])


def _rfm(ruleset: Ruleset) -> Filter:
    categories = () if ruleset.rfm is None else ruleset.rfm.categories.values()
    return ChoiceFilter(
        "rfm",
        "RFM category",
        "Shopping",
        "rfm",
        choices=tuple(Choice(category.id, category.label) for category in categories),
        unavailable="" if categories else "The rules declare no RFM categories",
    )


def _presence(field: str, group: str, *, article: str, what: str) -> Filter:
    label = FIELDS[field].label
    some = f"Has {article} {what}"
    return FlagFilter(field, label, group, field, yes=some, no=f"Has no {what}", presence=True)


def _status(ruleset: Ruleset, machine: str, label: str, group: str) -> Iterator[Filter]:
    declared = ruleset.machines.get(machine)
    if declared is not None:
        choices = tuple(Choice(state, word.capitalize()) for state, word in declared.states.items())
        yield ChoiceFilter(machine, label, group, machine, choices=choices)


def _topics(ruleset: Ruleset, channel: TopicChannel, group: str) -> Iterator[Filter]:
    for topic in ruleset.topics.values():
        if topic.channel == channel:
            yield from _status(ruleset, topic.machine, topic.label, group)


def _custom(field: CustomField) -> Filter:
    name = f"{CUSTOM}{field.id}"
    about = (name, field.label, "Custom fields", name, "", True)
    if field.type == "number":
        return NumberFilter(*about)
    if field.type == "boolean":
        return FlagFilter(*about, yes=field.label, no=f"Not {field.label.lower()}")
    if field.type == "date":
        return DaysFilter(*about)
    if field.options:
        return ChoiceFilter(*about, choices=tuple(Choice(o, o) for o in field.options))
    return TextFilter(*about)


# Chips


def chips(listing: Listing, ruleset: Ruleset, written: Written = PLAINLY) -> list[Chip]:
    """The conditions of a list, each as a chip that can be taken away (`listing.without`)."""
    bar = offered(ruleset)
    return [_chip(part, bar, ruleset, written) for part in listing.parts]


def with_part(listing: Listing, part: Part, *, instead_of: Part | None) -> Listing:
    """The list with one more condition, or one in the place of another; the same twice is one."""
    parts = listing.parts
    if part in parts:
        return listing if instead_of in (None, part) else listing.without(instead_of)
    if instead_of not in parts:
        return listing.with_parts([*parts, part])
    return listing.with_parts(part if other == instead_of else other for other in parts)


def _chip(part: Part, bar: Sequence[Filter], ruleset: Ruleset, written: Written) -> Chip:
    for filter_ in bar:
        found = filter_.chosen(part)
        if found is not None:
            return Chip(filter_.words(found, written), part, filter_.id)
    try:
        tree = read_filters(part, Vocabulary.of(ruleset))
    except InvalidRules as error:
        return Chip(error.problems[0].message, part)
    return Chip("" if tree is None else words_of(tree, ruleset), part)
