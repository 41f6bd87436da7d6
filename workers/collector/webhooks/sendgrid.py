"""Twilio SendGrid: the signed event webhook."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from datetime import datetime

from workers.collector.webhooks.notices import (
    Forged,
    Item,
    Notice,
    Payload,
    Reading,
    WithoutConsequence,
    digest,
    filled,
    listed,
    moment,
    read_each,
    unknown,
)
from workers.collector.webhooks.signatures import require_age

_TYPES = {
    "processed": "email_sent",
    "delivered": "email_delivered",
    "open": "email_opened",
    "click": "email_clicked",
    "bounce": "email_bounced",
    "dropped": "email_bounced",
    "deferred": "email_deferred",
    "spamreport": "email_complained",
    "unsubscribe": "newsletter_unsubscribed",
    "group_unsubscribe": "newsletter_unsubscribed",
}

_NOT_THE_ADDRESS = ("Content", "Reputation", "Frequency or Volume Too High")


def verify(payload: Payload, secret: str, now: datetime) -> None:
    """Check the signature (ECDSA over time and body) with the verification key, in base64."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    time = payload.headers.get("x-twilio-email-event-webhook-timestamp", "")
    signature = payload.headers.get("x-twilio-email-event-webhook-signature", "")
    try:
        key = load_der_public_key(base64.b64decode(secret))
        assert isinstance(key, EllipticCurvePublicKey)
        key.verify(base64.b64decode(signature), time.encode() + payload.body, ECDSA(SHA256()))
    except (InvalidSignature, ValueError, AssertionError):
        raise Forged("the signature is missing or wrong: check the verification key") from None
    require_age(time, now=now)


def read(payload: Payload) -> Iterator[Reading]:
    """The events of a payload."""
    return read_each(listed(payload.json()), _event)


def _event(item: Item) -> Iterable[Reading]:
    event = item["event"]
    if event == "group_resubscribe":
        return [WithoutConsequence("subscribed to a group again")]
    if event not in _TYPES:
        raise unknown(event)
    failed = event in ("bounce", "dropped")
    properties = filled(
        message_id=item.get("sg_message_id"),
        bounce=_bounce(item) if failed else None,
        code=item.get("status") if failed else None,
        reason=item.get("reason"),
        diagnostic=item.get("response"),
        link_url=item.get("url"),
        campaign=item.get("singlesend_name") or item.get("marketing_campaign_name"),
    )
    return [
        Notice(
            type=_TYPES[event],
            to=item["email"],
            at=moment(item["timestamp"]),
            id=item.get("sg_event_id") or digest(item),
            properties=properties,
            user_agent=item.get("useragent", ""),
            machine=item.get("sg_machine_open") is True,
        )
    ]


def _bounce(item: Item) -> str | None:
    """The kind of a failure: what was dropped was not sent, and a block is not the address's fault."""
    if item["event"] == "dropped" or item.get("type") == "blocked":
        return "policy"
    return "policy" if item.get("bounce_classification") in _NOT_THE_ADDRESS else None
