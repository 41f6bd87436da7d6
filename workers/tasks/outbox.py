"""Calling webhooks, signed as in the Standard Webhooks specification (standardwebhooks.com).

Calls whose secret is missing here are held (see `engine.pipeline.outbox`): they are never sent
unsigned, and none is lost.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from functools import partial

import structlog
from pymongo.errors import PyMongoError

from engine.contacts.sheet import sheets
from engine.db import Db
from engine.domain import opt_in
from engine.domain.rulebook import Ruleset, Webhook
from engine.domain.webhook_secrets import UnusableSecret, is_set, signing_key, unusable, variables
from engine.errors import ContactSheetsError, Unavailable
from engine.http_client import HttpClient, Response
from engine.pipeline import outbox
from engine.pipeline.outbox import Outcome, Waiting
from engine.rules import versions
from workers.tasks.opt_in_call import confirmation_body

AT_ONCE = 16
"""Webhooks that are called at the same time, each one call at a time: a slow one delays its own alone."""

TICK = 1.0
"""Seconds between two checks while nothing waits; calls of this process are sent at once."""

GONE = 410
"""The response of a receiver that wants no more calls."""

LOOK = timedelta(seconds=5)
"""Time between two checks of which webhooks cannot be signed here."""

log = structlog.get_logger()


def run(
    db: Db,
    environment: Mapping[str, str],
    *,
    client: HttpClient,
    clock: Callable[[], datetime],
    stop: threading.Event,
    wake: threading.Event | None = None,
    called: Callable[[Outcome], None] = lambda _outcome: None,
) -> None:
    """Send waiting calls until stopped.  Any number may run concurrently.

    `environment` holds the secrets that the rules name as `$NAME`.  Adding a call to the
    outbox sets `wake`; `called` receives each outcome.
    """
    wake = threading.Event() if wake is None else wake
    send = partial(_send, db, environment, client=client, clock=clock)
    senders = _Senders(send, called, done=wake)
    held: Mapping[str, str] = {}
    look_at = clock()
    while not stop.is_set():
        wake.clear()
        call = None
        try:
            if clock() >= look_at:
                held, look_at = _hold(db, environment, before=held, now=clock()), clock() + LOOK
            if senders.are_free:
                call = _next(db, clock=clock, without={*held, *senders.busy})
        except (PyMongoError, Unavailable) as error:
            log.warning("cannot look into the outbox", error=str(error))
        if call is None:
            wake.wait(TICK)
        else:
            senders.begin(call)
    senders.finish()


class _Senders:
    """Threads that make calls, one at a time for each webhook.

    Parameters:
      send(callable): Makes a call and returns its outcome.
      called(callable): Receives each outcome.
      done(Event): Is set after each call.
    """

    def __init__(
        self, send: Callable[[Waiting], Outcome], called: Callable[[Outcome], None], *, done: threading.Event
    ) -> None:
        self._send, self._called, self._done = send, called, done
        self._busy: dict[str, threading.Thread] = {}

    @property
    def busy(self) -> set[str]:
        """The webhooks that are being called."""
        return set(self._busy)

    @property
    def are_free(self) -> bool:
        return len(self._busy) < AT_ONCE

    def begin(self, call: Waiting) -> None:
        """Make a call, of a webhook that is not busy."""
        thread = threading.Thread(target=self._make, args=(call,), name=f"call {call.webhook}", daemon=True)
        self._busy[call.webhook] = thread
        thread.start()

    def finish(self) -> None:
        """Wait for the calls that are being made; their deadline bounds it."""
        for thread in list(self._busy.values()):
            thread.join()

    def _make(self, call: Waiting) -> None:
        try:
            self._called(self._send(call))
        except (PyMongoError, Unavailable) as error:
            log.warning("the outcome of a call was not kept: it is made again", error=str(error))
        except Exception:
            log.exception("a call failed by a fault of ours", call=call.id)
        finally:
            del self._busy[call.webhook]
            self._done.set()


def secrets_not_set(db: Db, environment: Mapping[str, str]) -> list[str] | None:
    """The variables that the rules name as secrets and this environment does not set; unset without rules."""
    try:
        ruleset = versions.current(db)
        links = () if ruleset.preferences is None else ruleset.preferences.secrets[:1]
        named = variables(ruleset.webhooks.values()).union(links)
    except Unavailable:
        return None
    return sorted(name for name in named if not is_set(name, environment))


def _hold(
    db: Db, environment: Mapping[str, str], *, before: Mapping[str, str], now: datetime
) -> Mapping[str, str]:
    """Store at the calls that cannot be signed here why they wait; return the reasons by webhook."""
    reasons = unusable(versions.current(db).webhooks.values(), environment)
    outbox.hold(db, reasons, now=now)
    if reasons != before:
        log.warning("webhooks that cannot be signed: their calls wait", reasons=reasons)
    return reasons


def send_next(
    db: Db,
    environment: Mapping[str, str],
    *,
    client: HttpClient,
    clock: Callable[[], datetime],
    without: Collection[str] = (),
) -> Outcome | None:
    """Make the next call that is due, of no webhook in `without`; return what became of it.

    Unset if none is due.
    """
    call = _next(db, clock=clock, without=without)
    return None if call is None else _send(db, environment, call, client=client, clock=clock)


def _next(db: Db, *, clock: Callable[[], datetime], without: Collection[str]) -> Waiting | None:
    """Claim the next call that is due; unset if none is."""
    if not outbox.any_due(db, now=clock(), without=without):
        return None
    return outbox.claim(db, now=clock(), without=without)


def _send(
    db: Db,
    environment: Mapping[str, str],
    call: Waiting,
    *,
    client: HttpClient,
    clock: Callable[[], datetime],
) -> Outcome:
    """Make a call that was claimed; return what became of it."""
    ruleset = versions.current(db)
    webhook = ruleset.webhooks.get(call.webhook)
    if webhook is None:
        gone = f"settings.yaml declares no webhook {call.webhook!r} any more"
        return outbox.failed(db, call, error=gone, now=clock(), for_good=True)
    try:
        key = signing_key(webhook, environment)
        body = body_of(db, call, ruleset, environment)
    except UnusableSecret as error:  # the rules have changed since the last look
        return outbox.put_back(db, call, reason=str(error), due_at=clock() + LOOK)
    if body is None:
        return outbox.drop(db, call, reason="the contact no longer waits for a confirmation", now=clock())
    try:
        response = _post(client, webhook, key, call, body, at=clock())
    except ContactSheetsError as error:
        return outbox.failed(db, call, error=str(error), now=clock())
    if not response.is_success:
        answer = f"answered {response.status} {response.reason}{_location(response)}"
        return outbox.failed(db, call, error=answer, now=clock(), for_good=response.status == GONE)
    return outbox.sent(db, call, status=response.status, now=clock())


def _location(response: Response) -> str:
    """Where a redirect leads: the address to declare instead, as a redirected call would lose its body."""
    to = response.headers.get("location")
    return f", a redirect to {to[:200]}: declare that address" if 300 <= response.status < 400 and to else ""


def body_of(db: Db, call: Waiting, ruleset: Ruleset, environment: Mapping[str, str]) -> bytes | None:
    """The body of a call; None if it is no longer to be made.  Raises UnusableSecret."""
    if call.rule == opt_in.RULE:
        return confirmation_body(db, call, ruleset, environment)
    return _body_of_rule(db, call)


def _body_of_rule(db: Db, call: Waiting) -> bytes:
    """The rule, the activity, and the present contact."""
    contact = db.contacts.find_one({"_id": call.contact}) or {"_id": call.contact}
    fields = {
        "id": contact["_id"],
        **{name: contact.get(name) for name in _SENT_FIELDS},
        "custom": contact.get("custom", {}),
        "points": contact.get("points", {}).get("total", 0),
        "segments": sorted(contact.get("segments", {})),
    }
    message = {
        "type": "rule.acted",
        "timestamp": call.happened_at,
        "data": {"rule": call.rule, "contact": fields, "activity": call.activity},
    }
    return sheets.encode(message)


_SENT_FIELDS = ("email", "mobile_phone", "external_id", "first_name", "last_name")


def signature(key: bytes, id_: str, timestamp: int, body: bytes) -> str:
    """`v1,…`: the HMAC-SHA256 of `id.timestamp.body`, in base64."""
    signed = f"{id_}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def _post(
    client: HttpClient, webhook: Webhook, key: bytes | None, call: Waiting, body: bytes, *, at: datetime
) -> Response:
    timestamp = int(at.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "ContactSheets",
        "webhook-id": call.id,
        "webhook-timestamp": str(timestamp),
    }
    if key is not None:
        headers["webhook-signature"] = signature(key, call.id, timestamp, body)
    return client.deliver(webhook.url, body, headers)
