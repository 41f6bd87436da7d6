"""The activities of one person as events of the tracking API."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from workers.demo.goods import SHOP, SITE
from workers.demo.people import Device, Person

Event = dict[str, Any]
"""An event as `/v1/batch` takes it."""


@dataclass
class Diary:
    """The events of one person, in the order of writing; ids count on from `prefix`.

    A browser's event carries its tracker, and the account after a sign-in there.
    An event of the shop's server carries no tracker: it knows people by account or email.

    Parameters:
      person(Person): Who it is about.
      prefix(str): What the ids of events and orders begin with.
      chance(Random): Every decision of this person comes from it.
      until(datetime): Nothing needs to be written beyond this.
      account_since(datetime): When the account was opened.
      signed_in(dict): Since when the account is signed in, by tracker.
      subscribed(bool): Whether the newsletter was ever subscribed to.
    """

    person: Person
    prefix: str
    chance: random.Random
    until: datetime
    account_since: datetime | None = None
    signed_in: dict[str, datetime] = field(default_factory=dict)
    subscribed: bool = False
    events: list[Event] = field(default_factory=list)
    orders: int = 0

    def fresh(self, prefix: str, chance: random.Random, *, until: datetime) -> Diary:
        """An empty diary of the same person, who keeps account and signed-in browsers."""
        return Diary(
            person=self.person,
            prefix=prefix,
            chance=chance,
            until=until,
            account_since=self.account_since,
            signed_in=dict(self.signed_in),
            subscribed=self.subscribed,
        )

    def has_account(self, at: datetime) -> bool:
        return self.account_since is not None and self.account_since <= at

    def is_signed_in(self, device: Device, at: datetime) -> bool:
        since = self.signed_in.get(device.tracker)
        return since is not None and since <= at

    def page(self, at: datetime, device: Device, *, path: str, title: str, referrer: str = "") -> None:
        properties = {"path": path, "title": f"{title} · {SHOP}", "url": SITE + path}
        if referrer:
            properties["referrer"] = referrer
        self._from_browser(at, device, type="page", name=title, properties=properties)

    def track(self, at: datetime, device: Device, event: str, properties: Event) -> None:
        """An event of a browser."""
        self._from_browser(at, device, type="track", event=event, properties=properties)

    def identify(self, at: datetime, device: Device, traits: Event) -> None:
        """Identify the person in a browser; an existing account counts as signed in there."""
        if self.has_account(at):
            self.signed_in.setdefault(device.tracker, at)
        self._from_browser(at, device, type="identify", traits=traits)

    def serve(self, at: datetime, event: str, properties: Event) -> None:
        """An event of the shop's server about a known person."""
        call: Event = {"type": "track", "event": event, "properties": properties}
        if self.has_account(at):
            call["userId"] = self.person.user_id
        else:
            call["context"] = {"traits": {"email": self.person.email}}
        self._add(at, call)

    def next_order(self) -> str:
        """A name for an order, never given before."""
        self.orders += 1
        return f"{self.prefix}-o{self.orders}"

    def _from_browser(self, at: datetime, device: Device, **call: Any) -> None:
        call["anonymousId"] = device.tracker
        call["context"] = {"userAgent": device.user_agent, "locale": self.person.country.language}
        if self.is_signed_in(device, at):
            call["userId"] = self.person.user_id
        self._add(at, call)

    def _add(self, at: datetime, call: Event) -> None:
        self.events.append({"messageId": f"{self.prefix}-{len(self.events)}", "timestamp": iso(at), **call})


def comes_from_server(event: Event) -> bool:
    """Whether the shop's server says it (with its secret key) and no browser."""
    return "anonymousId" not in event


def iso(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds; such texts sort as the times do."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
