"""The newsletter consent of a customer as a shop states it with every record of theirs.

A shop that states a consent does not say that it was given now, and often not when.  What it states is an
act of the customer only where it differs from what the same shop stated last: else a profile that is
edited would subscribe again a person who has unsubscribed elsewhere since.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from engine.db import Db
from engine.shops.events import Customer, Reading, ShopEvent
from engine.shops.orders import stamp
from engine.shops.shops import ShopRecord

_PREFIX = "newsletter:"
_SINCE = "customer_since"


def stated(
    customer: Customer,
    *,
    subscribed: bool,
    changed_at: datetime,
    customer_since: datetime,
    given_at: datetime | None = None,
) -> ShopEvent:
    """What a shop states of a customer's subscription at the time of the record.

    `given_at` is when the consent was given, where the platform keeps that.
    """
    word = "subscribed" if subscribed else "unsubscribed"
    return ShopEvent(
        f"newsletter_{word}",
        f"{_PREFIX}{customer.id}:{stamp(changed_at)}:{word}",
        given_at or changed_at,
        customer,
        {} if given_at else {_SINCE: stamp(customer_since)},
    )


def changes(db: Db, shop: ShopRecord, readings: Iterable[Reading]) -> Iterator[Reading]:
    """The readings without the consents that state nothing new.  Raises PyMongoError.

    Of a customer of whom the shop has stated nothing before, "not subscribed" is no refusal, and
    "subscribed" dates from when the customer registered, unless the shop knows better.
    """
    latest: dict[str, str] = {}
    for reading in readings:
        if not isinstance(reading, ShopEvent) or not reading.id.startswith(_PREFIX):
            yield reading
            continue
        _, customer, _ = reading.id.split(":", 2)
        word = reading.id.rpartition(":")[2]
        before = latest.get(customer) or _stored_before(db, shop, reading, customer)
        latest[customer] = word
        if before == word or (before is None and word == "unsubscribed"):
            continue
        properties = dict(reading.properties)
        since = properties.pop(_SINCE, None)
        at = datetime.fromisoformat(since) if since and before is None else reading.at
        yield replace(reading, at=at, properties=properties)


def _stored_before(db: Db, shop: ShopRecord, event: ShopEvent, customer: str) -> str | None:
    """What the shop stated last of a customer, up to the record of an event but for that itself."""
    first, own = f"{shop.source}:{_PREFIX}{customer}:", f"{shop.source}:{event.id}"
    row = db.activities.find_one({"_id": {"$gte": first, "$lt": own}}, {"_id": 1}, sort=[("_id", -1)])
    return None if row is None else str(row["_id"]).rpartition(":")[2]
