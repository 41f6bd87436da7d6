"""Calling webhooks, signed as in the Standard Webhooks specification (standardwebhooks.com)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from pymongo.database import Database
from pymongo.errors import PyMongoError

from engine.contacts.sheet import sheets
from engine.domain.rulebook import Webhook
from engine.errors import Unavailable
from engine.pipeline import outbox
from engine.pipeline.outbox import Waiting
from engine.rules import rulesets

TIMEOUT = 10
"""Seconds that the other side has to answer."""

TICK = 0.5
"""Seconds between two looks while nothing waits."""

GONE = 410
"""The answer of somebody who wants to hear no more of it."""

log = structlog.get_logger()


def run(db: Database[dict[str, Any]], *, clock: Callable[[], datetime], stop: threading.Event) -> None:
    """Send what waits until told to stop.  Any number may run side by side."""
    while not stop.is_set():
        try:
            busy = send_next(db, clock=clock)
        except (PyMongoError, Unavailable) as error:
            log.warning("cannot look into the outbox", error=str(error))
            busy = False
        if not busy:
            stop.wait(TICK)


def send_next(db: Database[dict[str, Any]], *, clock: Callable[[], datetime]) -> bool:
    """Make the next call that is due; false if none is."""
    call = outbox.claim(db, now=clock())
    if call is None:
        return False
    webhook = rulesets.current(db).webhooks.get(call.webhook)
    if webhook is None:
        gone = f"settings.yaml declares no webhook {call.webhook!r} any more"
        outbox.failed(db, call, error=gone, now=clock(), for_good=True)
        return True
    try:
        status = _post(webhook, call, body_of(db, call), at=clock())
    except urllib.error.HTTPError as error:
        error.close()
        answer = f"answered {error.code} {error.reason}"
        outbox.failed(db, call, error=answer, now=clock(), for_good=error.code == GONE)
    except (OSError, ValueError) as error:
        outbox.failed(db, call, error=f"{type(error).__name__}: {error}", now=clock())
    else:
        outbox.sent(db, call, status=status, now=clock())
    return True


def body_of(db: Database[dict[str, Any]], call: Waiting) -> bytes:
    """What the other side is told: the rule, the activity, and the contact as it is now."""
    contact = db.contacts.find_one({"_id": call.contact}) or {"_id": call.contact}
    told = {
        "id": contact["_id"],
        **{name: contact.get(name) for name in _TOLD},
        "custom": contact.get("custom", {}),
        "points": contact.get("points", {}).get("total", 0),
        "segments": sorted(contact.get("segments", {})),
    }
    message = {
        "type": "rule.acted",
        "timestamp": call.happened_at,
        "data": {"rule": call.rule, "contact": told, "activity": call.activity},
    }
    return sheets.encode(message)


_TOLD = ("email", "mobile_phone", "external_id", "first_name", "last_name")


def signature(secret: str, id_: str, timestamp: int, body: bytes) -> str:
    """`v1,…`: the HMAC-SHA256 of `id.timestamp.body`, in base64."""
    signed = f"{id_}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(_key(secret), signed, hashlib.sha256)).decode()


def _key(secret: str) -> bytes:
    """A secret as it is written: `whsec_` and base64, or plain text; `$NAME` is of the environment."""
    if secret.startswith("$"):
        secret = os.environ.get(secret[1:], "")
    if secret.startswith("whsec_"):
        return base64.b64decode(secret.removeprefix("whsec_"))
    return secret.encode()


def _post(webhook: Webhook, call: Waiting, body: bytes, *, at: datetime) -> int:
    timestamp = int(at.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "ContactSheets",
        "webhook-id": call.id,
        "webhook-timestamp": str(timestamp),
    }
    if webhook.secret:
        headers["webhook-signature"] = signature(webhook.secret, call.id, timestamp, body)
    request = urllib.request.Request(webhook.url, body, headers)
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        return int(answer.status)
