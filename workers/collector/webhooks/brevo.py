"""Brevo: webhooks with a token or a password that one sets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from workers.collector.webhooks.notices import (
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

_TYPES = {
    "request": ("email_sent", ""),
    "delivered": ("email_delivered", ""),
    "opened": ("email_opened", ""),
    "unique_opened": ("email_opened", ""),
    "proxy_open": ("email_opened", ""),
    "unique_proxy_open": ("email_opened", ""),
    "click": ("email_clicked", ""),
    "hard_bounce": ("email_bounced", "permanent"),
    "invalid_email": ("email_bounced", "permanent"),
    "soft_bounce": ("email_bounced", "temporary"),
    "blocked": ("email_bounced", "policy"),
    "error": ("email_bounced", "policy"),
    "deferred": ("email_deferred", ""),
    "spam": ("email_complained", ""),
    "unsubscribed": ("newsletter_unsubscribed", ""),
    # The names of the webhook for campaigns:
    "unsubscribe": ("newsletter_unsubscribed", ""),
    "complaint": ("email_complained", ""),
}


def read(payload: Payload) -> Iterator[Reading]:
    """The event of a payload, or those of a batch."""
    return read_each(listed(payload.json()), _event)


def _event(item: Item) -> Iterable[Reading]:
    event = item["event"]
    if event in ("list_addition", "contact_updated", "contact_deleted"):
        return [WithoutConsequence("a list of Brevo's changed")]
    if event not in _TYPES:
        raise unknown(event)
    type_, bounce = _TYPES[event]
    properties = filled(
        message_id=item.get("message-id"),
        subject=item.get("subject"),
        bounce=bounce,
        reason=item.get("reason"),
        link_url=item.get("link") or item.get("URL"),
        campaign=item.get("campaign name"),
    )
    at = moment(item.get("ts_epoch") or item.get("ts_event") or item["ts"])
    return [
        Notice(
            type_,
            item["email"],
            at,
            digest(item),
            properties,
            user_agent=item.get("user_agent", ""),
            machine="proxy" in event,
        )
    ]
