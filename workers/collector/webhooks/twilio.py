"""Twilio: status callbacks of text messages, and what people answer to them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlencode

from workers.collector.webhooks.notices import (
    Item,
    Notice,
    Payload,
    Reading,
    WithoutConsequence,
    filled,
    read_each,
    unknown,
)
from workers.collector.webhooks.signatures import require_signed_form

_TYPES = {
    "sent": "sms_sent",
    "delivered": "sms_delivered",
    "read": "sms_delivered",
    "undelivered": "sms_bounced",
    "failed": "sms_bounced",
}
_ON_THE_WAY = ("accepted", "scheduled", "queued", "sending", "canceled")

_PERMANENT = {"21211", "21214", "21217", "21614", "30005", "30006"}
_TEMPORARY = {"", "30003", "30008"}
"""Twilio's errors that say that a number takes no messages, for good or now; the others are the
sender's, the carrier's filter or the recipient's wish."""

_STOP = {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "baja", "alto"}
_START = {"start", "unstop", "yes", "alta"}


def verify(payload: Payload, secret: str, now: datetime) -> None:  # noqa: ARG001  (no time is signed)
    """Check the signature of the address and the form's fields, by name, with the auth token."""
    require_signed_form(payload, secret, header="x-twilio-signature")


def read(payload: Payload) -> Iterator[Reading]:
    """The one event of a form.  Twilio gives no time: it is that of the receipt."""
    return read_each([dict(payload.form())], lambda item: [_event(item, payload.received_at)])


def payload_of(item: Item) -> bytes:
    """The body of a request with this event."""
    return urlencode(item).encode()


def _event(item: Item, received: datetime) -> Reading:
    id_ = item.get("MessageSid") or item["SmsSid"]
    status = (item.get("MessageStatus") or item.get("SmsStatus") or "").lower()
    if "Body" in item or status == "received":
        return _answer(item, id_, received)
    if status in _ON_THE_WAY:
        return WithoutConsequence(f"a message is {status}")
    if status not in _TYPES:
        raise unknown(status)
    code = item.get("ErrorCode", "")
    failed = _TYPES[status] == "sms_bounced"
    properties = filled(
        message_id=id_,
        bounce=_bounce(code) if failed else None,
        code=code,
        reason=item.get("ErrorMessage") or (f"Twilio error {code}" if failed and code else None),
    )
    return Notice(
        _TYPES[status], item["To"].removeprefix("whatsapp:"), received, f"{id_}:{status}", properties
    )


def _bounce(code: str) -> str:
    if code in _PERMANENT:
        return "permanent"
    return "temporary" if code in _TEMPORARY else "policy"


def _answer(item: Item, id_: str, received: datetime) -> Reading:
    """A wish to get no more messages, or to get them again; other answers are not ours."""
    wish = (item.get("OptOutType") or item.get("Body", "")).strip().strip(".!").lower()
    properties = filled(message_id=id_, source="text message")
    if wish in _STOP:
        return Notice("sms_unsubscribed", item["From"], received, id_, properties)
    if wish in _START:
        return Notice("sms_subscribed", item["From"], received, id_, properties)
    return WithoutConsequence("an answer that is neither STOP nor START")
