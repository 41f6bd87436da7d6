"""Resend: webhooks in the form of Svix."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from datetime import datetime

from workers.collector.webhooks.notices import (
    Item,
    Notice,
    Payload,
    Reading,
    WithoutConsequence,
    digest,
    filled,
    moment,
    read_each,
    unknown,
)
from workers.collector.webhooks.signatures import require_age, require_hmac

_TYPES = {
    "email.sent": "email_sent",
    "email.delivered": "email_delivered",
    "email.delivery_delayed": "email_deferred",
    "email.bounced": "email_bounced",
    "email.failed": "email_bounced",
    "email.suppressed": "email_bounced",
    "email.complained": "email_complained",
    "email.opened": "email_opened",
    "email.clicked": "email_clicked",
}


def verify(payload: Payload, secret: str, now: datetime) -> None:
    """Check one of the signatures (HMAC of id, time and body) with the signing secret `whsec_…`."""
    time = payload.headers.get("svix-timestamp", "")
    signed = f"{payload.headers.get('svix-id', '')}.{time}.".encode() + payload.body
    given = [
        text.removeprefix("v1,")
        for text in payload.headers.get("svix-signature", "").split()
        if text.startswith("v1,")
    ]
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = secret.encode()
    require_hmac(key, signed, given)
    require_age(time, now=now)


def read(payload: Payload) -> Iterator[Reading]:
    """The one event of a payload, for each of its recipients."""
    return read_each([payload.json()], _event)


def _event(item: Item) -> Iterable[Reading]:
    event, data = item["type"], item["data"]
    if event.startswith(("contact.", "domain.")) or event in ("email.scheduled", "email.received"):
        return [WithoutConsequence(event)]
    if event not in _TYPES:
        raise unknown(event)
    bounce, click = data.get("bounce") or {}, data.get("click") or {}
    failed = data.get("failed") or data.get("suppressed") or {}
    properties = filled(
        message_id=data.get("email_id"),
        subject=data.get("subject"),
        bounce=_bounce(event, bounce),
        reason=bounce.get("message") or failed.get("reason") or failed.get("message"),
        diagnostic=" ".join(bounce.get("diagnosticCode") or []),
        link_url=click.get("link"),
    )
    at, to = moment(click.get("timestamp") or item["created_at"]), data["to"]
    return [
        Notice(
            _TYPES[event],
            address,
            at,
            digest([item, address]),
            properties,
            user_agent=click.get("userAgent", ""),
        )
        for address in (to if isinstance(to, list) else [to])
    ]


def _bounce(event: str, bounce: Item) -> str:
    """The type that Resend gives; policy for what was not sent, or was rejected for its content."""
    if event in ("email.failed", "email.suppressed"):
        return "policy"
    rejected = bounce.get("subType") in (
        "MessageRejected",
        "ContentRejected",
        "AttachmentRejected",
        "Suppressed",
    )
    return "policy" if rejected else str(bounce.get("type", ""))
