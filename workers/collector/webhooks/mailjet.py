"""Mailjet: the event API, with a password in its address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from workers.collector.webhooks.notices import (
    Item,
    Notice,
    Payload,
    Reading,
    digest,
    filled,
    listed,
    moment,
    read_each,
    unknown,
)

_TYPES = {
    "sent": "email_delivered",  # "the message was successfully delivered"
    "open": "email_opened",
    "click": "email_clicked",
    "bounce": "email_bounced",
    "blocked": "email_bounced",
    "spam": "email_complained",
    "unsub": "newsletter_unsubscribed",
}

_THE_ADDRESS = ("recipient", "mailbox inactive", "quota exceeded", "domain")
"""What an error is related to if not to content, spam, policy or the systems."""


def read(payload: Payload) -> Iterator[Reading]:
    """The event of a payload, or those of a group."""
    return read_each(listed(payload.json()), _event)


def _event(item: Item) -> Iterable[Reading]:
    event = item["event"]
    if event not in _TYPES:
        raise unknown(event)
    properties = filled(
        message_id=item.get("Message_GUID") or str(item.get("MessageID") or ""),
        bounce=_bounce(item) if _TYPES[event] == "email_bounced" else None,
        reason=item.get("error"),
        diagnostic=item.get("comment") or (item.get("smtp_reply") if event == "bounce" else None),
        link_url=item.get("url"),
        campaign=item.get("customcampaign"),
    )
    at = moment(item["time"])
    return [
        Notice(_TYPES[event], item["email"], at, digest(item), properties, user_agent=item.get("agent", ""))
    ]


def _bounce(item: Item) -> str:
    if item["event"] == "blocked":
        return "policy"  # not sent at all
    if item.get("error_related_to", "recipient") not in _THE_ADDRESS:
        return "policy"
    return "permanent" if item.get("hard_bounce") else "temporary"
