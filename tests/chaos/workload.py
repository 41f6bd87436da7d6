"""A made-up history for breaking things over, and what must come of it, counted apart."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from engine.domain.activities import DASHBOARD, Activity, ActivityId
from engine.domain.identity.identities import Identities, IdentityKind, make_key, stream_of, tracker_key
from engine.domain.identity.merge_decisions import JOINED, TRACKER_SPLIT

START = datetime(2025, 1, 6, 8, 0, tzinfo=UTC)
"""Long past, so that nothing falls due between the two runs that are compared."""

FAIR = 200
"""Activities of a stretch, some hours long."""

VISITS = (
    "page_visited",
    "product_visited",
    "product_visited",
    "category_visited",
    "searched",
    "added_to_cart",
    "removed_from_cart",
)
MAILS = (
    "email_sent",
    "email_delivered",
    "email_opened",
    "email_bounced",
    "newsletter_subscribed",
    "newsletter_unsubscribed",
)


@dataclass(frozen=True)
class Workload:
    """Activities in the order of happening, and each person's orders and money."""

    activities: list[Activity]
    orders: dict[str, tuple[int, Decimal]]


def workload(*, activities: int, contacts: int, seed: int) -> Workload:
    """Visits, carts, orders, mails and claims of `contacts` people over a few months.

    Most browse without a name and are identified now and then; some have two browsers,
    some share one, and at fairs a tablet is used by many people within hours.  Users join
    browsers to people and split them off, and the server tells the customers' numbers.
    """
    source = random.Random(seed)
    made: list[Activity] = []
    orders: dict[str, tuple[int, Decimal]] = defaultdict(lambda: (0, Decimal(0)))
    at = START
    for number in range(activities):
        at += timedelta(milliseconds=source.randrange(0, 240_000))
        person = (
            min(int(source.paretovariate(0.6)) - 1, contacts - 1)
            if number % 3
            else source.randrange(contacts)
        )
        activity = _one(source, f"c{number}", person, at, fair=number // FAIR)
        made.append(activity)
        if activity.type == "order_completed":
            count, spent = orders[str(activity.identities.email)]
            total = Decimal(str(activity.properties["total"]))
            orders[str(activity.identities.email)] = (count + 1, spent + total)
    return Workload(made, dict(orders))


def _one(source: random.Random, id_: str, person: int, at: datetime, *, fair: int) -> Activity:
    email, chance = f"person{person}@example.com", source.random()
    if chance < 0.02:
        return _decided(source, id_, person, at)
    if chance < 0.05:  # the server names the customer, who may have been known by email alone
        return _made(id_, "logged_in", at, email=email, external_id=f"n{person}", trusted=True)
    if chance < 0.55:
        product = source.randrange(40)
        said = {
            "product_id": f"p{product}",
            "name": f"Product {product}",
            "price": product + 0.5,
            "query": "x",
        }
        return _made(id_, source.choice(VISITS), at, tracker=_browser(source, person, fair), properties=said)
    if chance < 0.70:
        return _made(
            id_,
            "identified",
            at,
            tracker=_browser(source, person, fair),
            email=email,
            traits={"first_name": f"N{id_}"},
        )
    if chance < 0.85:
        total = source.randrange(100, 20_000) / 100
        said = {"order_id": f"o{id_}", "total": total, "currency": "EUR"}
        return _made(id_, "order_completed", at, email=email, properties=said, trusted=True)
    said = {"message_id": f"m{id_}", "bounce": source.choice(("temporary", "permanent"))}
    return _made(id_, source.choice(MAILS), at, email=email, properties=said, trusted=True)


def _decided(source: random.Random, id_: str, person: int, at: datetime) -> Activity:
    """A user gives a browser to a person, or takes one away from them."""
    tracker = tracker_key(f"browser{person}-{source.randrange(2)}")
    return Activity(
        id=ActivityId(id_),
        type=source.choice((JOINED, TRACKER_SPLIT)),
        stream=make_key(IdentityKind.EMAIL, f"person{person}@example.com"),
        happened_at=at,
        received_at=at,
        also=[tracker],
        properties={"author": "Mia"},
        trusted=True,
        source=DASHBOARD,
    )


def _browser(source: random.Random, person: int, fair: int) -> str:
    """Whose browser it is: every tenth stretch is a fair, where a tablet goes from hand to hand."""
    chance = source.random()
    if fair % 10 == 0 and chance < 0.5:
        return f"tablet{fair}"
    if chance < 0.05:
        return f"shared{person // 7}"
    return f"browser{person}-{int(chance < 0.35)}"


def _made(
    id_: str,
    type_: str,
    at: datetime,
    *,
    tracker: str | None = None,
    email: str | None = None,
    external_id: str | None = None,
    properties: dict[str, Any] | None = None,
    traits: dict[str, Any] | None = None,
    trusted: bool = False,
) -> Activity:
    identities = Identities(email=email, external_id=external_id)
    return Activity(
        id=ActivityId(id_),
        type=type_,
        stream=stream_of(tracker, identities),
        happened_at=at,
        received_at=at,
        tracker=tracker,
        identities=identities,
        properties=properties or {},
        traits=traits or {},
        trusted=trusted,
    )
