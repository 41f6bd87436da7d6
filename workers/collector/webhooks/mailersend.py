"""MailerSend: signed webhooks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from workers.collector.webhooks.notices import (
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
from workers.collector.webhooks.signatures import require_hmac

_TYPES = {
    "sent": ("email_sent", ""),
    "delivered": ("email_delivered", ""),
    "deferred": ("email_deferred", ""),
    "soft_bounced": ("email_bounced", "temporary"),
    "hard_bounced": ("email_bounced", "permanent"),
    "opened": ("email_opened", ""),
    "opened_unique": ("email_opened", ""),
    "clicked": ("email_clicked", ""),
    "clicked_unique": ("email_clicked", ""),
    "unsubscribed": ("newsletter_unsubscribed", ""),
    "spam_complaint": ("email_complained", ""),
}


def verify(payload: Payload, secret: str, now: datetime) -> None:  # noqa: ARG001  (no time is signed)
    """Check the signature of the body with the signing secret."""
    require_hmac(secret.encode(), payload.body, [payload.headers.get("signature", "")], hexadecimal=True)


def read(payload: Payload) -> Iterator[Reading]:
    """The one event of a payload."""
    return read_each([payload.json()], _event)


def _event(item: Item) -> Iterable[Reading]:
    event = item["type"].removeprefix("activity.")
    if not item["type"].startswith("activity.") or event in ("survey_opened", "survey_submitted"):
        return [WithoutConsequence(item["type"])]
    if event not in _TYPES:
        raise unknown(event)
    data = item["data"]
    email, more = data["email"], data.get("morph") or {}
    type_, bounce = _TYPES[event]
    properties = filled(
        message_id=(email.get("message") or {}).get("id") or email.get("id"),
        subject=email.get("subject"),
        bounce=bounce,
        reason=more.get("readable_reason") or more.get("reason"),
        diagnostic=more.get("reason"),
        link_url=more.get("url"),
    )
    at = moment(data.get("created_at") or item["created_at"])
    return [Notice(type_, email["recipient"]["email"], at, data["id"], properties)]
