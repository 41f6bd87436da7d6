"""Webhooks of connected shops: verified, kept, and only then acknowledged.

A delivery that is not understood, or that waits for an order, is kept and acknowledged, too: a platform that
is refused tries again for hours, and then gives the webhook up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import pymongo
import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from engine.db import Db
from engine.domain.activities import SHOP, Activity, ActivityId
from engine.domain.rulebook import Ruleset
from engine.errors import NotFound
from engine.notices import not_understood, raw_notices
from engine.notices.not_understood import NotUnderstood
from engine.notices.taken import TakenNotices
from engine.shops import deliveries, intake, privacy_requests, shops
from engine.shops.events import UnreadableDelivery
from engine.shops.intake import Taken
from engine.shops.platforms.platform import Delivery, ForgedDelivery, Platform, Webhooks
from engine.shops.platforms.registry import platform_of
from engine.shops.sealing import Sealer
from engine.shops.shops import ShopRecord
from workers.collector.arrival_tally import ArrivalTally
from workers.collector.bodies import read_body
from workers.collector.limits import RateLimit
from workers.collector.metrics import Metrics

MAX_DELIVERY = 5 * 1024 * 1024
"""Bytes of a delivery: an order of hundreds of lines has some hundred kilobytes."""

MONGODB_WITHIN = 10.0
"""Seconds after which MongoDB counts as away though its connection stands."""

FORGED_RECORDED = (1.0, 20.0)
"""Forged deliveries a second, and at once, that are recorded at their shop: a flood is no load on MongoDB."""

log = structlog.get_logger()


class NoWebhooks(NotFound):
    """The platform is polled: nothing is posted here."""

    field = "path"

    def __init__(self, platform: Platform) -> None:
        super().__init__(f"{platform.label} is asked for its orders; it posts nothing here")


class ShopDoor:
    """Receives the webhooks of shops, and reads again what was kept of them.

    Parameters:
      ruleset(callable): The present rules.
      keep(callable): Keeps activities durably, or raises Unavailable.
      arrivals(ArrivalTally): Counts what each shop sends.
      sealer(callable): Opens the secrets of shops.  Raises Misconfigured.
      clock(callable): The present, aware, in whole milliseconds.
    """

    def __init__(
        self,
        db: Db,
        ruleset: Callable[[], Awaitable[Ruleset]],
        keep: Callable[[Sequence[Activity]], Awaitable[None]],
        arrivals: ArrivalTally,
        metrics: Metrics,
        *,
        sealer: Callable[[], Sealer],
        clock: Callable[[], datetime],
    ) -> None:
        self._db = db
        self._ruleset = ruleset
        self._keep = keep
        self._arrivals = arrivals
        self._metrics = metrics
        self._sealer = sealer
        self._clock = clock
        self._forged = RateLimit(per_second=FORGED_RECORDED[0], burst=FORGED_RECORDED[1])

    async def receive(self, request: Request) -> Response:
        """One delivery.

        Raises UnknownPlatform, NoWebhooks, ShopNotFound and ForgedDelivery, those of `read_body`,
        Misconfigured, Unavailable and PyMongoError.
        """
        platform = platform_of(request.path_params["platform"])
        if platform.webhooks is None:
            raise NoWebhooks(platform)
        shop = await asyncio.to_thread(self._shop, platform, request.path_params["id"])
        body = await read_body(request, at_most=MAX_DELIVERY)
        delivery = Delivery(dict(request.headers), body, self._clock())
        if platform.webhooks.is_ping(delivery):
            return JSONResponse({"success": True, "ping": True})
        await asyncio.to_thread(self._verify, platform.webhooks, shop, delivery)
        topic = platform.webhooks.topic(delivery)
        if platform.webhooks.is_test(delivery):
            await asyncio.to_thread(self._record_test, shop, topic, delivery.received_at)
            return JSONResponse({"success": True, "test": True})
        digest = deliveries.digest(shop.id, topic, body)
        if await asyncio.to_thread(self._is_repeated, shop, digest):
            return JSONResponse({"success": True, "repeated": True})
        ruleset = await self._ruleset()
        taken, kept = await asyncio.to_thread(self._take, platform, shop, topic, delivery, ruleset)
        await self._keep(taken.activities)
        await asyncio.to_thread(self._keep_beside, shop, topic, delivery, taken, kept)
        await asyncio.to_thread(self._close, shop, topic, digest, delivery.received_at)
        self._count(shop, taken, kept)
        counts = {"accepted": len(taken.activities), "kept_for_later": len(kept)}
        return JSONResponse({"success": True, **counts})

    def _shop(self, platform: Platform, id_: str) -> ShopRecord:
        with pymongo.timeout(MONGODB_WITHIN):
            shop = shops.find(self._db, id_)
        if shop.platform != platform.name:
            raise shops.ShopNotFound(id_)
        return shop

    def _verify(self, webhooks: Webhooks, shop: ShopRecord, delivery: Delivery) -> None:
        with pymongo.timeout(MONGODB_WITHIN):
            secrets = shops.secrets_of(self._db, shop.id, webhooks.secret, self._sealer())
        try:
            if not secrets:
                raise ForgedDelivery(
                    "no secret is entered for this shop: an admin does so under Settings, Shops"
                )
            webhooks.verify(delivery, secrets)
        except ForgedDelivery as error:
            self._metrics.forged.labels(shop.platform).inc()
            self._arrivals.count(shop.source, refused=1)
            if not self._forged.wait_for(shop.id, 1):
                shops.record_refused(self._db, shop.id, reason=str(error), at=delivery.received_at)
            raise

    def _is_repeated(self, shop: ShopRecord, digest: str) -> bool:
        with pymongo.timeout(MONGODB_WITHIN):
            known = deliveries.is_known(self._db, digest)
            if known:
                shops.record_repeated(self._db, shop.id)
        return known

    def _take(
        self, platform: Platform, shop: ShopRecord, topic: str, delivery: Delivery, ruleset: Ruleset
    ) -> tuple[Taken, list[NotUnderstood]]:
        """What a delivery comes to, and what of it is kept to be read again."""
        at, body = delivery.received_at, delivery.body
        try:
            readings = intake.read(platform, topic, intake.decode(body))
        except UnreadableDelivery as error:
            return Taken(), [intake.unclear(shop, topic, body, str(error), received_at=at)]
        with pymongo.timeout(MONGODB_WITHIN):
            taken = intake.take(self._db, shop, readings, ruleset, received_at=at)
        kept = [intake.unclear(shop, topic, body, reason, received_at=at) for _, reason in taken.refused[:1]]
        for event in taken.waiting[:1]:
            reason = f"its order {event.order} is not known yet; it is read again when that comes"
            kept.append(intake.unclear(shop, topic, body, reason, received_at=at, order=event.order))
        return taken, kept

    def _keep_beside(
        self,
        shop: ShopRecord,
        topic: str,
        delivery: Delivery,
        taken: Taken,
        kept: Sequence[NotUnderstood] = (),
    ) -> None:
        """Keep what is beside the activities, once they are durable.  Idempotent."""
        now = self._clock()
        with pymongo.timeout(MONGODB_WITHIN):
            not_understood.keep(self._db, kept)
            raw_notices.keep(self._db, intake.evidence(taken, delivery.body))
            for request in taken.privacy:
                privacy_requests.take(self._db, shop, request, now=now)
            intake.go_on(self._db, shop, taken.orders, now=now)
            # The order may have come between the look for it and the keeping of what waits for it.
            intake.go_on(self._db, shop, intake.now_known(self._db, shop, taken.waiting), now=now)
        if taken.ignored:
            log.info("a delivery of a shop changes nothing", shop=shop.id, topic=topic, why=taken.ignored[0])

    def _record_test(self, shop: ShopRecord, topic: str, at: datetime) -> None:
        with pymongo.timeout(MONGODB_WITHIN):
            shops.record_accepted(self._db, shop.id, topic=f"{topic} (test)", at=at)

    def _close(self, shop: ShopRecord, topic: str, digest: str, at: datetime) -> None:
        """Remember that a delivery was taken: last of all, so that one that breaks off is taken again."""
        with pymongo.timeout(MONGODB_WITHIN):
            deliveries.record(self._db, digest, at=at)
            shops.record_accepted(self._db, shop.id, topic=topic, at=at)

    def _count(self, shop: ShopRecord, taken: Taken, kept: Sequence[NotUnderstood]) -> None:
        ids: list[ActivityId] = [activity.id for activity in taken.activities]
        self._arrivals.count(shop.source, accepted=ids, refused=len(kept) if not ids else 0)
        self._metrics.kept.inc(len(ids))
        self._metrics.not_understood.inc(len(kept))

    async def read_again(self, kept: NotUnderstood) -> TakenNotices:
        """Read a kept delivery as if it came now, and keep its activities.

        Raises Unavailable and PyMongoError; ShopNotFound for a shop that was removed.
        """
        shop = await asyncio.to_thread(shops.find, self._db, kept.service)
        platform, ruleset = platform_of(shop.platform), await self._ruleset()
        delivery = Delivery({}, kept.raw, kept.received_at)
        taken, unclear = await asyncio.to_thread(self._take, platform, shop, kept.topic, delivery, ruleset)
        await self._keep(taken.activities)
        await asyncio.to_thread(self._keep_beside, shop, kept.topic, delivery, taken)
        return TakenNotices(taken.activities, unclear=unclear)


def is_of_shop(kept: NotUnderstood) -> bool:
    """Whether a kept payload is a delivery of a connected shop."""
    return kept.source.startswith(SHOP)
