"""Postmark: webhooks with a password in their address."""

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

_OF_BOUNCES = {
    "HardBounce": ("email_bounced", "permanent"),
    "BadEmailAddress": ("email_bounced", "permanent"),
    "SoftBounce": ("email_bounced", "temporary"),
    "DnsError": ("email_bounced", "temporary"),
    "Unknown": ("email_bounced", "temporary"),
    "Transient": ("email_deferred", ""),
    "AutoResponder": ("email_auto_replied", ""),
    "AddressChange": ("email_auto_replied", ""),
    "ChallengeVerification": ("email_auto_replied", ""),
    "SpamComplaint": ("email_complained", ""),
    "Unsubscribe": ("newsletter_unsubscribed", ""),
    **dict.fromkeys(
        (
            "SpamNotification", "VirusNotification", "Blocked", "DMARCPolicy", "OpenRelayTest",
            "SMTPApiError", "InboundError", "TemplateRenderingFailed", "ManuallyDeactivated", "Unconfirmed",
        ),
        ("email_bounced", "policy"),
    ),
}  # fmt: skip
"""The activity, and the kind of bounce, of Postmark's types of bounces."""

_TYPES = {"Delivery": "email_delivered", "Open": "email_opened", "Click": "email_clicked"}
_TIMES = {"Delivery": "DeliveredAt", "Open": "ReceivedAt", "Click": "ReceivedAt"}


def read(payload: Payload) -> Iterator[Reading]:
    """The one event of a payload."""
    return read_each(listed(payload.json()), _event)


def _event(item: Item) -> Iterable[Reading]:
    record = item["RecordType"]
    if record in ("Bounce", "SpamComplaint"):
        return [_bounced(item)]
    if record == "SubscriptionChange":
        return [_subscription(item)]
    if record not in _TYPES:
        raise unknown(record)
    properties = filled(message_id=item.get("MessageID"), link_url=item.get("OriginalLink"))
    at = moment(item[_TIMES[record]])
    agent = item.get("UserAgent", "")
    return [Notice(_TYPES[record], item["Recipient"], at, digest(item), properties, user_agent=agent)]


def _bounced(item: Item) -> Notice:
    if item["Type"] not in _OF_BOUNCES:
        raise unknown(item["Type"])
    type_, bounce = _OF_BOUNCES[item["Type"]]
    properties = filled(
        message_id=item.get("MessageID"),
        subject=item.get("Subject"),
        bounce=bounce,
        reason=item.get("Description"),
        diagnostic=item.get("Details"),
    )
    return Notice(type_, item["Email"], moment(item["BouncedAt"]), f"bounce-{item['ID']}", properties)


def _subscription(item: Item) -> Reading:
    """A recipient's own end of a subscription; what Postmark itself stops has its own notice."""
    if item.get("SuppressSending") and item.get("SuppressionReason") == "ManualSuppression" \
            and item.get("Origin") == "Recipient":  # fmt: skip
        properties = filled(message_id=item.get("MessageID"))
        return Notice(
            "newsletter_unsubscribed", item["Recipient"], moment(item["ChangedAt"]), digest(item), properties
        )
    return WithoutConsequence("Postmark's own list of suppressions changed")
