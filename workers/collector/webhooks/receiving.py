"""The doors for what sending services and mail servers report."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

import msgspec
import pymongo
import structlog
from pymongo.errors import PyMongoError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from engine.db import Db
from engine.domain.activities import Activity
from engine.domain.bounce_messages import MAX_BYTES
from engine.domain.rulebook import Ruleset
from engine.errors import Invalid, Unavailable
from engine.notices import not_understood, push_gone
from engine.notices.not_understood import NotUnderstood
from engine.notices.taken import MAIL, TakenNotices, take_mail
from engine.rules.files.settings_file import BOUNCE, PUSH
from workers.collector.bodies import read_body
from workers.collector.errors import UnsupportedEncoding
from workers.collector.metrics import Metrics
from workers.collector.shops.door import ShopDoor, is_of_shop
from workers.collector.webhooks.door import (
    confirm,
    declared,
    payload_of,
    secrets_of,
    sender_of,
    take,
    unclear,
    verify,
)
from workers.collector.webhooks.notices import Forged, Payload, UnreadablePayload, listed
from workers.collector.webhooks.registry import Provider, provider_of
from workers.collector.webhooks.signatures import require_shared_secret

MONGODB_WITHIN = 10.0
"""Seconds after which MongoDB counts as away though its connection stands."""

RUN_AGAIN_EVERY = 1.0
"""Seconds between two looks for payloads that are to be run again."""

MAIL_TYPES = ("message/rfc822", "message/global")
"""What `POST /webhooks/bounce` takes."""

MAIL_DOOR = Provider(
    "Mail that came back", lambda _: iter(()), require_shared_secret, "a password of your own"
)

PUSH_DOOR = Provider("Web push", lambda _: iter(()), require_shared_secret, "a password of your own")

log = structlog.get_logger()


class NoticeDoor:
    """Receives webhooks and returned mail, and runs again what was not understood.

    Parameters:
      ruleset(callable): The present rules.
      keep(callable): Keeps activities durably, or raises Unavailable.
      shops(ShopDoor): Reads kept deliveries of shops again.
      environment(Mapping): Has the secrets that the rules name.
      clock(callable): The present, aware, in whole milliseconds.
    """

    def __init__(
        self,
        db: Db,
        ruleset: Callable[[], Awaitable[Ruleset]],
        keep: Callable[[Sequence[Activity]], Awaitable[None]],
        metrics: Metrics,
        *,
        shops: ShopDoor,
        environment: Mapping[str, str],
        clock: Callable[[], datetime],
    ) -> None:
        self._db = db
        self._shops = shops
        self._ruleset = ruleset
        self._keep_activities = keep
        self._metrics = metrics
        self._environment = environment
        self._clock = clock

    async def receive_webhook(self, request: Request) -> Response:
        """A webhook of a sending service.

        Raises UnknownProvider, ServiceNotDeclared, SecretNotSet, Forged and UnreadablePayload, and those of
        `read_body`; Unavailable and PyMongoError.
        """
        name = request.path_params["provider"]
        provider, ruleset = provider_of(name), await self._ruleset()
        service = declared(ruleset, name)
        secrets = secrets_of(service, name, self._environment)
        body, received_at = await read_body(request), self._clock()
        payload = payload_of(request, body, service, received_at)
        await self._verify(provider, name, payload, secrets, received_at)
        try:
            taken = take(provider.read(payload), name, ruleset, received_at=received_at)
        except UnreadablePayload as error:  # its service sends it again, and may do so for ever
            await self._keep(TakenNotices(unclear=[unclear(body, name, str(error), received_at=received_at)]))
            raise
        await self._keep(taken)
        await asyncio.to_thread(confirm, name, payload)
        return _answer(taken)

    async def receive_bounce(self, request: Request) -> Response:
        """A message that came back, as a mail server hands it over.

        The secret is checked before the message is read: it may be large.  Raises like `receive_webhook`.
        """
        ruleset = await self._ruleset()
        service = declared(ruleset, BOUNCE)
        secrets, received_at = secrets_of(service, BOUNCE, self._environment), self._clock()
        await self._verify(
            MAIL_DOOR, BOUNCE, payload_of(request, b"", service, received_at), secrets, received_at
        )
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in MAIL_TYPES:
            raise UnsupportedEncoding("Content-Type", f"must be {MAIL_TYPES[0]}: the message as it came")
        raw = await read_body(request, at_most=MAX_BYTES)
        found, taken = await asyncio.to_thread(
            take_mail, raw, ruleset, source=sender_of(BOUNCE).key, received_at=received_at
        )
        await self._keep(taken)
        return _answer(taken, kind=found.kind)

    async def receive_push(self, request: Request) -> Response:
        """Subscriptions to web push that a push service no longer knows, as the shop's sender reports them.

        One that no contact has is counted as unknown.  Raises like `receive_webhook`.
        """
        ruleset = await self._ruleset()
        service = declared(ruleset, PUSH)
        secrets, received_at = secrets_of(service, PUSH, self._environment), self._clock()
        payload = payload_of(request, await read_body(request), service, received_at)
        await self._verify(PUSH_DOOR, PUSH, payload, secrets, received_at)
        reports = listed(payload.json())
        try:
            gone = [end for report in reports if (end := push_gone.end_of(report)) is not None]
        except ValueError as error:
            raise UnreadablePayload(str(error)) from None
        activities = await asyncio.to_thread(
            push_gone.activities_of, self._db, gone, ruleset, source=sender_of(PUSH).key, now=received_at
        )
        await self._keep(TakenNotices(activities))
        unknown = len({*gone} - {activity.properties["endpoint"] for activity in activities})
        return JSONResponse({"success": True, "accepted": len(activities), "unknown": unknown})

    async def _verify(
        self, provider: Provider, name: str, payload: Payload, secrets: list[str], now: datetime
    ) -> None:
        try:
            await asyncio.to_thread(verify, provider, payload, secrets, now)
        except Forged:
            self._metrics.forged.labels(name).inc()
            raise

    async def _keep(self, taken: TakenNotices) -> None:
        """Store all of a payload durably: only then is it answered.  Raises Unavailable."""
        await self._keep_activities(taken.activities)
        self._metrics.kept.inc(len(taken.activities))
        self._metrics.not_understood.inc(len(taken.unclear))
        if taken.evidence or taken.unclear:
            await asyncio.to_thread(self._keep_beside, taken)

    def _keep_beside(self, taken: TakenNotices) -> None:
        with pymongo.timeout(MONGODB_WITHIN):
            taken.keep_beside(self._db)

    # Running again

    async def keep_running_again(self) -> None:
        """Run again what is marked, until cancelled."""
        while True:
            try:
                await self.run_marked()
            except (PyMongoError, Unavailable) as error:
                log.warning("cannot run payloads again", error=str(error)[:300])
            await asyncio.sleep(RUN_AGAIN_EVERY)

    async def run_marked(self) -> None:
        """Run again each payload that is marked.  Raises PyMongoError and Unavailable."""
        for kept in await asyncio.to_thread(not_understood.marked, self._db):
            try:
                taken = await self._read_again(kept)
                reason = taken.unclear[0].reason if taken.unclear else ""
                await self._keep(TakenNotices(taken.activities, taken.evidence))
            except (PyMongoError, Unavailable):
                raise
            except Exception as error:
                log.exception("a payload cannot be run again", payload=kept.id)
                taken, reason = TakenNotices(), f"{type(error).__name__}: {error}"[:500]
            ids = [activity.id for activity in taken.activities]
            await asyncio.to_thread(
                not_understood.settle, self._db, kept.id, ids, unclear=reason, now=self._clock()
            )

    async def _read_again(self, kept: NotUnderstood) -> TakenNotices:
        """Read a kept payload as if it came now; times that it does not give are those of its receipt."""
        if is_of_shop(kept):
            return await self._shops.read_again(kept)
        ruleset = await self._ruleset()
        if kept.media == MAIL:
            _, taken = await asyncio.to_thread(
                take_mail, kept.raw, ruleset, source=kept.source, received_at=kept.received_at
            )
            return taken
        try:
            provider = provider_of(kept.service)
            body = provider.payload_of(msgspec.json.decode(kept.raw))
            readings = provider.read(Payload(body, received_at=kept.received_at))
            return take(readings, kept.service, ruleset, received_at=kept.received_at)
        except (Invalid, msgspec.DecodeError) as error:
            reason = f"is not readable: {error}"
            return TakenNotices(
                unclear=[unclear(kept.raw, kept.service, reason, received_at=kept.received_at)]
            )


def _answer(taken: TakenNotices, **more: str) -> Response:
    counts = {"accepted": len(taken.activities), "not_understood": len(taken.unclear)}
    return JSONResponse({"success": True, **more, **counts})
