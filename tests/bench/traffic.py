"""Activities for the benches: a skewed crowd, in the order of time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from engine.db.connection import utc_now
from engine.domain.activities import Activity, ActivityId
from engine.domain.identity.identities import Identities, stream_of

START = utc_now() - timedelta(hours=1)
"""The present, as in a shop: nothing that is scored falls due while it is measured."""

TYPES = (
    "page_visited",
    "product_visited",
    "product_visited",
    "searched",
    "added_to_cart",
    "email_sent",
    "email_delivered",
)


def traffic(count: int, *, contacts: int, seed: int, first: int = 0) -> Iterator[Activity]:
    """`count` activities of `contacts` people, a few of whom do most; about half give points."""
    source = random.Random(seed)
    for number in range(first, first + count):
        person = (
            min(int(source.paretovariate(0.5)) - 1, contacts - 1)
            if number % 4 == 0
            else source.randrange(contacts)
        )
        yield one(
            f"b{seed}-{number}",
            person,
            source.choice(TYPES),
            START + timedelta(milliseconds=number),
            source,
        )


def one(id_: str, person: int, type_: str, at: datetime, source: random.Random) -> Activity:
    product = source.randrange(500)
    said: dict[str, Any] = {
        "product_id": f"p{product}",
        "name": f"Product {product}",
        "category": "boots",
        "price": 10 + product / 4,
    }
    identities = Identities(email=f"person{person}@example.com")
    return Activity(
        id=ActivityId(id_),
        type=type_,
        stream=stream_of(None, identities),
        happened_at=at,
        received_at=at,
        identities=identities,
        properties=said,
        context={"userAgent": "Mozilla/5.0 (X11; Linux x86_64)", "page": {"path": f"/p/{product}"}},
        trusted=True,
    )
