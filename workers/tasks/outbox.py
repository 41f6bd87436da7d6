"""Calling webhooks, signed as in the Standard Webhooks specification (standardwebhooks.com).

Calls whose secret is missing here are held (see `engine.pipeline.outbox`): they are never sent
unsigned, and none is lost.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

import structlog
from pymongo.errors import PyMongoError

from engine.contacts.sheet import sheets
from engine.db import Db
from engine.domain import opt_in
from engine.domain.rulebook import Ruleset, Webhook
from engine.domain.webhook_secrets import UnusableSecret, is_set, signing_key, unusable, variables
from engine.errors import Unavailable
from engine.pipeline import outbox
from engine.pipeline.outbox import Outcome, Waiting
from engine.rules import versions
from workers.tasks.opt_in_call import confirmation_body

TIMEOUT = 10
"""Seconds that the receiver has to respond."""

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
    held: Mapping[str, str] = {}
    look_at = clock()
    while not stop.is_set():
        wake.clear()
        try:
            if clock() >= look_at:
                held, look_at = _hold(db, environment, before=held, now=clock()), clock() + LOOK
            outcome = send_next(db, environment, clock=clock, without=held)
        except (PyMongoError, Unavailable) as error:
            log.warning("cannot look into the outbox", error=str(error))
            outcome = None
        if outcome is None:
            wake.wait(TICK)
        else:
            called(outcome)


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
    clock: Callable[[], datetime],
    without: Collection[str] = (),
) -> Outcome | None:
    """Make the next call that is due, of no webhook in `without`; return what became of it.

    Unset if none is due.
    """
    if not outbox.any_due(db, now=clock(), without=without):
        return None
    call = outbox.claim(db, now=clock(), without=without)
    if call is None:
        return None
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
        status = _post(webhook, key, call, body, at=clock())
    except urllib.error.HTTPError as error:
        error.close()
        answer = f"answered {error.code} {error.reason}"
        return outbox.failed(db, call, error=answer, now=clock(), for_good=error.code == GONE)
    except (OSError, ValueError) as error:
        return outbox.failed(db, call, error=f"{type(error).__name__}: {error}", now=clock())
    return outbox.sent(db, call, status=status, now=clock())


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


def _post(webhook: Webhook, key: bytes | None, call: Waiting, body: bytes, *, at: datetime) -> int:
    timestamp = int(at.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "ContactSheets",
        "webhook-id": call.id,
        "webhook-timestamp": str(timestamp),
    }
    if key is not None:
        headers["webhook-signature"] = signature(key, call.id, timestamp, body)
    request = urllib.request.Request(webhook.url, body, headers)
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        return int(answer.status)
