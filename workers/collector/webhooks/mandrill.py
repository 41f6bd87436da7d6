"""Mailchimp Transactional (Mandrill): forms signed together with their address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from urllib.parse import urlencode

import msgspec

from workers.collector.webhooks.notices import (
    Item,
    Notice,
    Payload,
    Reading,
    UnreadablePayload,
    WithoutConsequence,
    digest,
    filled,
    listed,
    moment,
    read_each,
    unknown,
)
from workers.collector.webhooks.signatures import require_signed_form

_TYPES = {
    "send": ("email_sent", ""),
    "delivered": ("email_delivered", ""),
    "open": ("email_opened", ""),
    "click": ("email_clicked", ""),
    "hard_bounce": ("email_bounced", "permanent"),
    "soft_bounce": ("email_bounced", "temporary"),
    "reject": ("email_bounced", "policy"),
    "deferral": ("email_deferred", ""),
    "spam": ("email_complained", ""),
    "unsub": ("newsletter_unsubscribed", ""),
}


def verify(payload: Payload, secret: str, now: datetime) -> None:  # noqa: ARG001  (no time is signed)
    """Check the signature of the address and the form's fields, by name."""
    require_signed_form(payload, secret, header="x-mandrill-signature")


def read(payload: Payload) -> Iterator[Reading]:
    """The events of a form; a test call has none."""
    text = dict(payload.form()).get("mandrill_events")
    if text is None:
        raise UnreadablePayload("has no field mandrill_events")
    items = listed(Payload(text.encode()).json())
    return read_each(items, _event) if items else iter([WithoutConsequence("a test call")])


def payload_of(item: Item) -> bytes:
    """The body of a request with this event."""
    return urlencode({"mandrill_events": msgspec.json.encode([item]).decode()}).encode()


def _event(item: Item) -> Iterable[Reading]:
    if item.get("type") in ("blacklist", "whitelist", "allowlist", "denylist"):
        return [WithoutConsequence("a list of Mandrill's changed")]
    event, message = item["event"], item["msg"]
    if event not in _TYPES:
        raise unknown(event)
    type_, bounce = _TYPES[event]
    last = (message.get("smtp_events") or [{}])[-1]
    properties = filled(
        message_id=message.get("_id"),
        subject=message.get("subject"),
        bounce=bounce,
        reason=message.get("bounce_description") or message.get("reject"),
        diagnostic=message.get("diag") or (last.get("diag") if event == "deferral" else None),
        link_url=item.get("url"),
    )
    agent = item.get("user_agent") or ""
    id_ = digest(
        {name: item.get(name) for name in ("event", "ts", "_id", "url")} | {"msg": message.get("_id")}
    )
    return [Notice(type_, message["email"], moment(item["ts"]), id_, properties, user_agent=agent)]
