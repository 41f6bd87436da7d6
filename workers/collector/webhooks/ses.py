"""Amazon SES, by topics of Amazon SNS: signed with Amazon's certificate."""

from __future__ import annotations

import base64
import re
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from workers.collector.webhooks.notices import (
    Forged,
    Item,
    Notice,
    Payload,
    Reading,
    UnreadablePayload,
    WithoutConsequence,
    digest,
    filled,
    moment,
    read_each,
    unknown,
)
from workers.collector.webhooks.signatures import require_age

_AMAZON = re.compile(r"sns\.[a-z0-9-]{1,40}\.amazonaws\.com(\.cn)?")
"""The only hosts that are asked for a certificate or a confirmation."""

_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
    ),
}  # fmt: skip
_SIGNED["UnsubscribeConfirmation"] = _SIGNED["SubscriptionConfirmation"]
"""The fields that are signed, in this order."""

_MAX_CERTIFICATE = 20_000
_WITHIN = 5.0

_RECIPIENTS = {
    "bounce": ("email_bounced", "bounce", "bouncedRecipients"),
    "complaint": ("email_complained", "complaint", "complainedRecipients"),
    "delivery": ("email_delivered", "delivery", "recipients"),
    "deliverydelay": ("email_deferred", "deliveryDelay", "delayedRecipients"),
    "send": ("email_sent", "send", ""),
    "reject": ("email_bounced", "reject", ""),
    "rendering failure": ("email_bounced", "failure", ""),
    "open": ("email_opened", "open", ""),
    "click": ("email_clicked", "click", ""),
}
"""The activity of each type, the part with its details, and its list of recipients;
without a list it is about all recipients of the message."""

_NOT_THE_ADDRESS = frozenset(
    {"MessageTooLarge", "ContentRejected", "AttachmentRejected", "Suppressed", "OnAccountSuppressionList"}
)
_NO_COMPLAINTS = frozenset({"not-spam", "auth-failure"})
"""Types of feedback that are no complaint (RFC 5965, RFC 6591)."""


def verify(
    payload: Payload, secret: str, now: datetime, *, certificate: Callable[[str], bytes] | None = None
) -> None:
    """Check the topic, which is the secret, and the signature with Amazon's certificate."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256
    from cryptography.x509 import load_pem_x509_certificate

    envelope = _envelope(payload)
    if envelope.get("TopicArn") != secret:
        raise Forged("comes from another topic: the secret of this webhook is the ARN of its topic")
    hash_ = {"1": SHA1(), "2": SHA256()}.get(str(envelope.get("SignatureVersion")))
    names = _SIGNED.get(str(envelope.get("Type")))
    url = str(envelope.get("SigningCertURL", ""))
    if hash_ is None or names is None or not _is_amazons(url) or not urlsplit(url).path.endswith(".pem"):
        raise Forged("is signed in no way that Amazon signs")
    signed = "".join(f"{name}\n{envelope[name]}\n" for name in names if name in envelope)
    try:
        key = load_pem_x509_certificate((certificate or _certificate)(url)).public_key()
        assert isinstance(key, RSAPublicKey)
        key.verify(base64.b64decode(str(envelope.get("Signature"))), signed.encode(), PKCS1v15(), hash_)
    except (InvalidSignature, ValueError, AssertionError):
        raise Forged("the signature is wrong") from None
    require_age(envelope.get("Timestamp"), now=now)


def confirmation(payload: Payload) -> str | None:
    """The address that confirms a subscription, if the payload asks for it; only one of Amazon's."""
    envelope = _envelope(payload)
    url = str(envelope.get("SubscribeURL", ""))
    asked = envelope.get("Type") == "SubscriptionConfirmation"
    return url if asked and _is_amazons(url) else None


def read(payload: Payload) -> Iterator[Reading]:
    """The notice of a payload, for each of its recipients."""
    envelope = _envelope(payload)
    if "Type" in envelope and envelope["Type"] != "Notification":
        return iter([WithoutConsequence(str(envelope["Type"]))])
    message = Payload(envelope["Message"].encode()).json() if "Message" in envelope else envelope
    return read_each([message], _event)


def _event(item: Item) -> Iterable[Reading]:
    name = str(item.get("eventType") or item["notificationType"]).lower()
    if name == "subscription":
        return _subscription(item)
    if name == "amazonsnssubscriptionsucceeded":
        return [WithoutConsequence("a test notification")]
    if name not in _RECIPIENTS:
        raise unknown(name)
    type_, part, listing = _RECIPIENTS[name]
    details, mail = item.get(part) or {}, item["mail"]
    if details.get("complaintFeedbackType") in _NO_COMPLAINTS:
        return [WithoutConsequence(f"feedback of type {details['complaintFeedbackType']}")]
    at = moment(details.get("timestamp") or mail["timestamp"])
    people = details[listing] if listing else mail["destination"]
    return [
        _notice(type_, person if isinstance(person, dict) else {"emailAddress": person}, details, mail, at)
        for person in people
    ]


def _notice(
    type_: str, person: Mapping[str, Any], details: Mapping[str, Any], mail: Mapping[str, Any], at: datetime
) -> Notice:
    failed = type_ == "email_bounced"
    sub_type = details.get("bounceSubType")
    properties = filled(
        message_id=mail.get("messageId"),
        subject=(mail.get("commonHeaders") or {}).get("subject"),
        bounce=_bounce(details) if failed else None,
        code=person.get("status") if failed else None,
        reason=(sub_type or details.get("reason") or details.get("errorMessage")) if failed else None,
        diagnostic=person.get("diagnosticCode"),
        link_url=details.get("link"),
    )
    address = person["emailAddress"]
    id_ = details.get("feedbackId") or digest([type_, mail.get("messageId"), details])
    return Notice(
        type_,
        address,
        at,
        f"{id_}:{digest(address)[:8]}",
        properties,
        user_agent=details.get("userAgent", ""),
    )


def _bounce(details: Mapping[str, Any]) -> str:
    if "bounceType" not in details or details.get("bounceSubType") in _NOT_THE_ADDRESS:
        return "policy"
    return str(details["bounceType"])


def _subscription(item: Item) -> Iterable[Reading]:
    """An unsubscription from all topics of a list of SES; a subscription there is no consent of ours."""
    part, mail = item["subscription"], item["mail"]
    if not (part.get("newTopicPreferences") or {}).get("unsubscribeAll"):
        return [WithoutConsequence("topics of a list of SES changed")]
    at = moment(part["timestamp"])
    properties = filled(message_id=mail.get("messageId"))
    return [
        Notice("newsletter_unsubscribed", to, at, digest([part, to]), properties)
        for to in mail["destination"]
    ]


def _envelope(payload: Payload) -> dict[str, Any]:
    found = payload.json()
    if not isinstance(found, dict):
        raise UnreadablePayload("is no message of Amazon SNS")
    return found


def _is_amazons(url: str) -> bool:
    parts = urlsplit(url)
    return (
        parts.scheme == "https"
        and parts.netloc == (parts.hostname or "")
        and bool(_AMAZON.fullmatch(parts.netloc))
    )


@lru_cache(maxsize=20)
def _certificate(url: str) -> bytes:
    return fetch(url)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def fetch(url: str) -> bytes:
    """Read one of Amazon's addresses, following no redirect.  Raises Forged if it does not answer."""
    if not _is_amazons(url):
        raise Forged("names an address that is not Amazon's")
    try:
        with urllib.request.build_opener(_NoRedirects).open(url, timeout=_WITHIN) as answer:
            found: bytes = answer.read(_MAX_CERTIFICATE)
            return found
    except OSError as error:
        raise Forged(f"Amazon's certificate could not be read: {error}") from None
