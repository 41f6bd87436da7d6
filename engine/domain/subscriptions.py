"""What a contact can subscribe to: newsletter, SMS and topics, each a machine with a yes and a no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.domain.rulebook import Ruleset, TopicChannel

Channel = TopicChannel

SUBSCRIBED = "subscribed"
UNSUBSCRIBED = "unsubscribed"

_BUILT_IN: Mapping[str, Channel] = {"newsletter": "email", "sms": "sms"}


@dataclass(frozen=True)
class Subscription:
    """One list.

    Parameters:
      machine(str): Its status.
      channel(str): How it is sent.
      label(str): What the account calls it.
      about(str): One sentence for contacts who choose; empty without one.
      activity(str): The beginning of its types of activity: `newsletter` of `newsletter_subscribed`.
      properties(Mapping): What these activities carry to name it.
    """

    machine: str
    channel: Channel
    label: str
    about: str = ""
    activity: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)

    def activity_type(self, to: str) -> str:
        """The type of activity by which it comes to a state: subscribed or unsubscribed."""
        return f"{self.activity}_{to}"


def subscriptions_of(ruleset: Ruleset) -> dict[str, Subscription]:
    """The subscriptions of an account by their machine, in the order in which to show them."""
    found: dict[str, Subscription] = {}
    for machine, channel in _BUILT_IN.items():
        if machine in ruleset.machines:
            found[machine] = Subscription(machine, channel, ruleset.machines[machine].label, activity=machine)
        for topic in ruleset.topics.values():
            if topic.channel == channel:
                found[topic.machine] = Subscription(
                    topic.machine, channel, topic.label, topic.about, "topic", {"topic": topic.id}
                )
    return found
