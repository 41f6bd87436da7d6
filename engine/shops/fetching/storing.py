"""What was fetched, stored: by the road of webhooks, each fact once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from engine.db import Db
from engine.domain.document import Document
from engine.domain.rulebook import Ruleset
from engine.notices import not_understood, raw_notices
from engine.notices.not_understood import NotUnderstood
from engine.notices.raw_notices import EVIDENCE_OF, RawNotice
from engine.pipeline import arrivals, inbox
from engine.pipeline.arrivals import LATEST, Counted
from engine.shops import intake
from engine.shops.events import Reading, ShopEvent, UnreadableDelivery
from engine.shops.fetching.pages import Item
from engine.shops.platforms.registry import platform_of
from engine.shops.shops import ShopRecord


@dataclass(frozen=True)
class StoredPage:
    """What came of a page.

    Parameters:
      new: Activities that were not stored before.
      unclear: Payloads that were not understood, or wait for their order; they are kept to be run again.
      lanes: With new work.
    """

    new: int
    unclear: int
    lanes: frozenset[int]


def store(db: Db, shop: ShopRecord, items: Sequence[Item], ruleset: Ruleset, *, now: datetime) -> StoredPage:
    """Store what some payloads come to; doing it again changes nothing.

    Raises Unavailable and PyMongoError, and then it has to be done again.
    """
    unclear: list[NotUnderstood] = []
    readings: list[Reading] = []
    origins: dict[str, Item] = {}
    for item in items:
        try:
            read = list(_once(intake.read(platform_of(shop.platform), item.topic, item.payload)))
        except UnreadableDelivery as error:
            unclear.append(_kept(shop, item, str(error), now=now))
            continue
        readings += read
        origins |= {event.id: item for event in read if isinstance(event, ShopEvent)}
    taken = intake.take(db, shop, readings, ruleset, received_at=now)
    for event in taken.waiting:
        kept = _kept(shop, origins[event.id], "its order is not known yet", now=now, order=event.order)
        unclear.append(kept)
    for event, reason in taken.refused:
        unclear.append(_kept(shop, origins[event.id], f"{event.type}: {reason}", now=now))
    receipt = inbox.receive(db, taken.activities)
    raw_notices.keep(db, _evidence(db, shop, readings, origins, now=now))
    not_understood.keep(db, unclear)
    if receipt.accepted or unclear:  # for people to see, as of what comes by webhooks
        latest = tuple(receipt.accepted[-LATEST:])
        counted = Counted(len(receipt.accepted), len(unclear), latest)
        arrivals.add(db, {shop.source: counted}, now=now)
    # Of all orders that were read: one that died here has them stored, and what waits for them waiting.
    orders = {one.order for one in readings if isinstance(one, ShopEvent) and one.id.startswith("order:")}
    if orders:
        intake.go_on(db, shop, orders, now=now)
    return StoredPage(len(receipt.accepted), len(unclear), receipt.lanes)


def _evidence(
    db: Db, shop: ShopRecord, readings: Sequence[Reading], origins: Mapping[str, Item], *, now: datetime
) -> list[RawNotice]:
    """The records behind the consents and refusals that are stored, from whichever try."""
    events = {
        f"{shop.source}:{event.id}": event
        for event in readings
        if isinstance(event, ShopEvent) and event.type in EVIDENCE_OF
    }
    found = db.activities.find({"_id": {"$in": list(events)}}, {"identities": 1}) if events else ()
    return [_notice(shop, row, origins[events[row["_id"]].id], now=now) for row in found]


def _notice(shop: ShopRecord, row: Document, item: Item, *, now: datetime) -> RawNotice:
    body, held = msgspec.json.encode(item.payload), row.get("identities", {})
    return RawNotice(
        activity=row["_id"],
        media="application/json",
        text=raw_notices.text_of(body),
        size=len(body),
        source=shop.source,
        received_at=now,
        addresses=[held[name] for name in ("email", "phone") if held.get(name)],
    )


def _once(readings: Sequence[Reading]) -> Iterator[Reading]:
    """A fact's id names its state: what is fetched again says no more than what is stored."""
    for reading in readings:
        yield replace(reading, once=True) if isinstance(reading, ShopEvent) else reading


def _kept(shop: ShopRecord, item: Item, reason: str, *, now: datetime, order: str = "") -> NotUnderstood:
    body = msgspec.json.encode(item.payload)
    return intake.unclear(shop, item.topic, body, reason, received_at=now, order=order)
