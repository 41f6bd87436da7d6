"""The made-up shop's people: what each does over the days, as events of the tracking API.

Everything follows from the seed: the same seed, number and day give the same events with
the same ids, so that sending them again changes nothing.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from workers.demo.goods import (
    BROWSERS,
    CAMPAIGNS,
    CITIES,
    CURRENCY,
    FIRST_NAMES,
    LAST_NAMES,
    PRODUCTS,
    ROBOT,
    SEARCHES,
    Product,
)

Event = dict[str, Any]

BUSY_HOURS = (8, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20, 20, 21, 21, 21, 22, 22, 23)
"""Hours in which people shop, the lively ones more than once."""

KINDS = (("passer-by", 55), ("curious", 22), ("customer", 16), ("loyal", 6), ("robot", 1))
"""Kinds of people, and how many in a hundred are such."""


@dataclass
class _Person:
    """Somebody with browsers, habits and perhaps an account."""

    number: int
    kind: str
    random: random.Random
    prefix: str
    first: str
    last: str
    user_agent: str
    trackers: list[str]
    events: list[Event] = field(default_factory=list)
    known: bool = False
    mails: int = 0

    @property
    def user_id(self) -> str:
        return f"{self.prefix}c{self.number:05}"

    @property
    def email(self) -> str:
        plain = f"{self.first}.{self.last}".replace(" ", "").replace("'", "").lower()
        ascii_ = "".join(_PLAIN.get(character, character) for character in plain)
        return f"{ascii_}{self.number}@example.com"

    def note(self, at: datetime, kind: str, *, server: bool = False, tracker: int = 0, **said: Any) -> None:
        """Add an event; a server's carries the account, a browser's the tracker."""
        event: Event = {
            "type": kind,
            "messageId": f"demo-{self.prefix}{self.number}-{len(self.events)}",
            "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "server": server,
            **said,
        }
        if not server:
            event["anonymousId"] = self.trackers[tracker % len(self.trackers)]
            event["context"] = {"userAgent": self.user_agent}
        if self.known:
            event["userId"] = self.user_id
        self.events.append(event)

    def track(
        self, at: datetime, event: str, properties: Event, *, server: bool = False, tracker: int = 0
    ) -> None:
        self.note(at, "track", server=server, tracker=tracker, event=event, properties=properties)


_PLAIN = dict(
    zip("áàâäãåéèêëíìîïóòôöõøúùûüñçłżźśćńęąßıÁÍ", "aaaaaaeeeeiiiioooooouuuunclzzscneasiai", strict=True)
)


def generate(*, seed: int, contacts: int, days: int, now: datetime) -> list[Event]:
    """The events of `contacts` people over the `days` up to `now`, in the order of happening.

    Deterministic for a seed and a day: the history ends at the last whole hour of `now`.
    An event carries `server: true` if it comes from the shop's server and not a browser.
    """
    end = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    events: list[Event] = []
    for number in range(contacts):
        person = _person(seed, number)
        _live(person, end=end, days=days)
        events += (event for event in person.events if event["timestamp"] < _iso(end))
    return sorted(events, key=lambda event: (event["timestamp"], event["messageId"]))


def visitors(*, seed: int, now: datetime) -> Iterator[Event]:
    """Visits as they might happen now, one event after another, without end."""
    source = random.Random(seed)
    session = now.strftime("%Y%m%d%H%M%S")
    for count in range(10**9):
        number = source.randrange(200)
        tracker, product = f"demo-{seed}-t{number}-0", source.choice(PRODUCTS)
        names = ("Product Viewed", "Product Viewed", "Product Viewed", "Product Added", "Products Searched")
        event = source.choice(names)
        said = {"query": source.choice(SEARCHES)} if event == "Products Searched" else product.line()
        yield {
            "type": "track", "messageId": f"demo-live-{session}-{count}", "event": event, "properties": said,
            "anonymousId": tracker, "server": False,
            "context": {"userAgent": BROWSERS[number % len(BROWSERS)]},
        }  # fmt: skip


def _person(seed: int, number: int) -> _Person:
    source = random.Random(f"{seed}/{number}")
    kind = source.choices([name for name, _ in KINDS], [weight for _, weight in KINDS])[0]
    # One browser in forty stands in a family's living room.
    home = number - 1 if number % 40 == 1 else number
    devices = 2 if kind in ("customer", "loyal") and source.random() < 0.5 else 1
    trackers = [
        f"demo-{seed}-t{home}-0",
        *(f"demo-{seed}-t{number}-{device}" for device in range(1, devices)),
    ]
    return _Person(
        number=number,
        kind=kind,
        random=source,
        prefix=f"{seed}-",
        first=source.choice(FIRST_NAMES),
        last=source.choice(LAST_NAMES),
        user_agent=ROBOT if kind == "robot" else source.choice(BROWSERS),
        trackers=trackers,
    )


def _live(person: _Person, *, end: datetime, days: int) -> None:
    source = person.random
    visits = {"passer-by": 1, "robot": 12, "curious": 3, "customer": 7, "loyal": 16}[person.kind]
    times = sorted(_time(source, end, days) for _ in range(max(1, int(source.gauss(visits, visits / 4)))))
    for index, at in enumerate(times):
        if person.kind in ("customer", "loyal") and index == 1 + person.number % 2:
            _register(person, at)
        _visit(person, at + timedelta(minutes=2), tracker=index)
    if person.known:
        _mails(person, end=end, days=days, since=times[min(2, len(times) - 1)])


def _time(source: random.Random, end: datetime, days: int) -> datetime:
    """A moment of the period: the evenings and the weekends are livelier, and so are the last weeks."""
    for _ in range(8):
        back = min(days - 1, int(abs(source.gauss(0, days / 2))))
        day = (end - timedelta(days=back)).date()
        if day.weekday() >= 5 or source.random() < 0.75:
            break
    at = datetime(day.year, day.month, day.day, source.choice(BUSY_HOURS), tzinfo=UTC)
    return at + timedelta(seconds=source.randrange(3_600), milliseconds=source.randrange(1_000))


def _register(person: _Person, at: datetime) -> None:
    source = person.random
    person.known = True
    city, country = source.choice(CITIES)
    traits: Event = {
        "email": person.email, "firstName": person.first, "lastName": person.last, "city": city,
        "country": country, "language": "es" if country == "ES" else "en",
    }  # fmt: skip
    if source.random() < 0.4:
        traits["phone"] = f"+34 6{source.randrange(10):02}{person.number:06}"[:13]
    if source.random() < 0.6:
        traits["shoe_size"] = source.randrange(36, 46)
    person.note(at, "identify", traits=traits)
    person.track(at + timedelta(seconds=1), "registered", {"method": "email"})
    if source.random() < 0.6:
        person.track(
            at + timedelta(seconds=9), "newsletter_subscribed", {"source": "registration"}, server=True
        )


def _visit(person: _Person, at: datetime, *, tracker: int) -> None:
    source = person.random
    person.note(at, "page", tracker=tracker, name="Home", properties={"path": "/", "title": "Cumbre"})
    seen = [source.choice(PRODUCTS) for _ in range(source.randrange(1, 5))]
    if source.random() < 0.3:
        at += timedelta(seconds=source.randrange(10, 60))
        person.track(at, "Products Searched", {"query": source.choice(SEARCHES)}, tracker=tracker)
    for product in seen:
        at += timedelta(seconds=source.randrange(15, 180))
        person.track(at, "Product Viewed", product.line(), tracker=tracker)
    eager = {"passer-by": 0.05, "robot": 0.0, "curious": 0.25, "customer": 0.5, "loyal": 0.6}[person.kind]
    if source.random() < eager:
        _shop(person, at, source.sample(seen, min(len(seen), 2)), tracker=tracker)


def _shop(person: _Person, at: datetime, products: list[Product], *, tracker: int) -> None:
    source = person.random
    quantities = {product: source.choice((1, 1, 1, 2)) for product in products}
    for product, quantity in quantities.items():
        at += timedelta(seconds=source.randrange(5, 60))
        person.track(at, "Product Added", product.line(quantity), tracker=tracker)
    if not person.known or source.random() < 0.3:
        return  # the cart stays where it is
    lines = [product.line(quantity) for product, quantity in quantities.items()]
    cents = sum(product.cents * quantity for product, quantity in quantities.items()) + 495
    order = {"order_id": f"{person.prefix}{person.number}-{len(person.events)}", "currency": CURRENCY}
    at += timedelta(seconds=source.randrange(30, 300))
    person.track(at, "Checkout Started", {**order, "value": cents / 100, "products": lines}, tracker=tracker)
    at += timedelta(seconds=source.randrange(40, 200))
    bought = {**order, "total": cents / 100, "shipping": 4.95, "products": lines}
    person.track(at, "Order Completed", bought, server=True)
    fate = source.random()
    if fate < 0.05:
        person.track(at + timedelta(days=6), "Order Refunded", {**order, "total": cents / 200}, server=True)
    elif fate < 0.08:
        person.track(at + timedelta(hours=5), "Order Cancelled", order, server=True)
    elif fate < 0.2:
        said = {
            "product_id": products[0].id,
            "rating": source.choice((3, 4, 5, 5)),
            "review_body": "Muy cómodas",
        }
        person.track(at + timedelta(days=9), "Product Reviewed", said)


def _mails(person: _Person, *, end: datetime, days: int, since: datetime) -> None:
    """A mail a week to who is known; some bounce for good, some complain, some leave."""
    source = person.random
    dead = source.random() < 0.06
    for week in range(days // 7):
        at = end - timedelta(days=7 * (days // 7 - week)) + timedelta(hours=9, minutes=source.randrange(60))
        if at < since:
            continue
        mail = {
            "message_id": f"{person.user_id}-m{week}",
            "email": person.email,
            "campaign": CAMPAIGNS[week % len(CAMPAIGNS)],
        }
        mail["subject"] = mail["campaign"]
        person.track(at, "email_sent", mail, server=True)
        after = at + timedelta(seconds=source.randrange(5, 90))
        if dead:
            said = {**mail, "bounce": "permanent", "code": "5.1.1", "reason": "mailbox does not exist"}
            person.track(after, "email_bounced", said, server=True)
            continue
        person.track(after, "email_delivered", mail, server=True)
        _read(person, mail, after)


def _read(person: _Person, mail: Event, at: datetime) -> None:
    source = person.random
    mood = source.random()
    if mood < 0.35:
        person.track(at + timedelta(minutes=source.randrange(3, 900)), "email_opened", mail, server=True)
    if mood < 0.12:
        clicked = {**mail, "link_url": "https://cumbre.example/new"}
        person.track(
            at + timedelta(minutes=source.randrange(901, 1_000)), "email_clicked", clicked, server=True
        )
    elif mood > 0.995:
        person.track(at + timedelta(hours=2), "email_complained", mail, server=True)
    elif mood > 0.98:
        said = {"reason": "too many mails"}
        person.track(at + timedelta(hours=3), "newsletter_unsubscribed", said, server=True)


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
