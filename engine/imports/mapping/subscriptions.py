"""The subscriptions that a file can tell of: the newsletter, SMS and the topics, each with four columns."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from engine.domain.rulebook import TOPIC, Ruleset

COLUMNS = {
    "": "subscribed or not",
    "_at": "date of subscribing",
    "_ended_at": "date of unsubscribing",
    "_out": "opted out or not",
}
"""What the targets of a subscription are called after its id, with their labels."""

_HEADINGS: dict[str, tuple[str, ...]] = {
    "": ("", "subscription status", "subscription", "status", "consent"),
    "_at": ("subscription date", "subscribed at", "consent timestamp", "opt in date"),
    "_ended_at": ("unsubscription date", "unsubscribed at", "opt out date"),
    "_out": ("opted out", "opt out", "unsubscribed"),
}
"""What follows the name of a topic in the headings of its columns."""


@dataclass(frozen=True)
class Subscription:
    """One of them: the id of its status, its label, and its name within a sentence."""

    id: str
    label: str
    name: str

    @property
    def targets(self) -> dict[str, str]:
        """The targets of its columns, with their labels."""
        return {f"{self.id}{part}": f"{self.label}: {words}" for part, words in COLUMNS.items()}


_FIXED = (Subscription("newsletter", "Newsletter", "the newsletter"), Subscription("sms", "SMS", "SMS"))


def subscriptions(ruleset: Ruleset) -> tuple[Subscription, ...]:
    """All subscriptions, those of topics last."""
    topics = ruleset.topics.values()
    return (*_FIXED, *(Subscription(t.machine, f"Topic {t.label}", f"the topic {t.label}") for t in topics))


def subscription(id_: str, ruleset: Ruleset) -> Subscription | None:
    """The subscription of a status; unset for another status."""
    return next((one for one in subscriptions(ruleset) if one.id == id_), None)


def channel_of(target: str) -> str:
    """The status of the subscription that a column tells of; empty for another column."""
    is_one = target.startswith((*(one.id for one in _FIXED), TOPIC))
    return _PART.sub("", target) if is_one else ""


_PART = re.compile("(_at|_ended_at|_out)$")


def targets_of(ruleset: Ruleset) -> dict[str, str]:
    """The targets of all subscriptions, with their labels."""
    return {id_: label for one in subscriptions(ruleset) for id_, label in one.targets.items()}


def headings_of_topic(names: Collection[str], machine: str) -> dict[str, tuple[str, ...]]:
    """The known headings of the columns of a topic; `names` are what it is called in them."""
    return {
        f"{machine}{part}": tuple(f"{name} {after}".strip() for after in afters for name in names)
        for part, afters in _HEADINGS.items()
    }
