"""Mailgun: webhooks signed in the body."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from workers.collector.webhooks.notices import (
    Forged,
    Item,
    Notice,
    Payload,
    Reading,
    WithoutConsequence,
    filled,
    moment,
    read_each,
    unknown,
)
from workers.collector.webhooks.signatures import require_age, require_hmac

_TYPES = {
    "accepted": "email_sent",
    "delivered": "email_delivered",
    "opened": "email_opened",
    "clicked": "email_clicked",
    "failed": "email_bounced",
    "rejected": "email_bounced",
    "complained": "email_complained",
    "unsubscribed": "newsletter_unsubscribed",
}


def verify(payload: Payload, secret: str, now: datetime) -> None:
    """Check the signature of time and token with the webhook signing key."""
    body = payload.json()
    signed = body.get("signature") if isinstance(body, Mapping) else None
    if not isinstance(signed, Mapping):
        raise Forged("the signature is missing")
    time, token = str(signed.get("timestamp", "")), str(signed.get("token", ""))
    given = [str(signed.get("signature", ""))]
    require_hmac(secret.encode(), (time + token).encode(), given, hexadecimal=True)
    require_age(time, now=now)


def read(payload: Payload) -> Iterator[Reading]:
    """The one event of a payload."""
    return read_each([payload.json()], lambda item: _event(item["event-data"]))


def _event(item: Item) -> Iterable[Reading]:
    event, status = item["event"], item.get("delivery-status") or {}
    if event == "stored":
        return [WithoutConsequence("a message was stored")]
    if event not in _TYPES:
        raise unknown(event)
    # A temporary failure is tried again; Mailgun reports the end of the attempt, too.
    waits = event == "failed" and item.get("severity") == "temporary"
    failed = _TYPES[event] == "email_bounced" and not waits
    client = item.get("client-info") or {}
    properties = filled(
        message_id=((item.get("message") or {}).get("headers") or {}).get("message-id"),
        subject=((item.get("message") or {}).get("headers") or {}).get("subject"),
        bounce=_bounce(item, status) if failed else None,
        code=(status.get("enhanced-code") or str(status.get("code") or "")) if failed else None,
        reason=status.get("description") or (item.get("reject") or {}).get("reason"),
        diagnostic=status.get("message"),
        link_url=item.get("url"),
    )
    return [
        Notice(
            type="email_deferred" if waits else _TYPES[event],
            to=item["recipient"],
            at=moment(item["timestamp"]),
            id=item["id"],
            properties=properties,
            user_agent=client.get("user-agent", ""),
            machine=bool(client.get("bot")),
        )
    ]


def _bounce(item: Item, status: Mapping[str, object]) -> str | None:
    if item["event"] == "rejected" or str(item.get("reason", "")).startswith("suppress"):
        return "policy"  # not sent at all
    if status.get("bounce-type") in ("hard", "soft"):
        return str(status["bounce-type"])
    code = status.get("code")
    return "temporary" if isinstance(code, int) and 400 <= code < 500 else "permanent"
