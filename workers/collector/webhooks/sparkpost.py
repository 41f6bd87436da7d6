"""SparkPost: event webhooks with Basic authentication."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from workers.collector.webhooks.notices import (
    Item,
    Notice,
    Payload,
    Reading,
    WithoutConsequence,
    filled,
    listed,
    moment,
    read_each,
    unknown,
)

_TYPES = {
    "injection": "email_sent",
    "delivery": "email_delivered",
    "open": "email_opened",
    "initial_open": "email_opened",
    "amp_open": "email_opened",
    "amp_initial_open": "email_opened",
    "click": "email_clicked",
    "amp_click": "email_clicked",
    "delay": "email_deferred",
    "bounce": "email_bounced",
    "out_of_band": "email_bounced",
    "policy_rejection": "email_bounced",
    "generation_rejection": "email_bounced",
    "generation_failure": "email_bounced",
    "spam_complaint": "email_complained",
    "list_unsubscribe": "newsletter_unsubscribed",
    "link_unsubscribe": "newsletter_unsubscribed",
}

_PERMANENT = {"10", "30", "90"}
_TEMPORARY = {"1", "20", "21", "22", "24", "40", "70"}
_REPLIES = {"60", "100"}
"""SparkPost's classes of bounces: invalid recipients; failures that pass; auto-replies and challenges.
The others are the sender's, policy, content or spam."""


def read(payload: Payload) -> Iterator[Reading]:
    """The events of a batch; a test call has one without content."""
    return read_each(listed(payload.json()), _wrapped)


def _wrapped(item: Item) -> Iterable[Reading]:
    inner = item["msys"]
    return [_event(event) for event in inner.values()] or [WithoutConsequence("a test call")]


def _event(item: Item) -> Reading:
    event = item["type"]
    if event not in _TYPES:
        raise unknown(event)
    type_, class_ = _TYPES[event], str(item.get("bounce_class", ""))
    bounce = ""
    if type_ == "email_bounced":
        type_, bounce = ("email_auto_replied", "") if class_ in _REPLIES else (type_, _bounce(class_))
    properties = filled(
        message_id=item.get("message_id"),
        subject=item.get("subject"),
        campaign=item.get("campaign_id"),
        bounce=bounce,
        code=item.get("error_code") if bounce else None,
        reason=item.get("reason"),
        diagnostic=item.get("raw_reason"),
        link_url=item.get("target_link_url"),
    )
    to = item.get("raw_rcpt_to") or item["rcpt_to"]
    at = moment(item["timestamp"])
    return Notice(type_, to, at, str(item["event_id"]), properties, user_agent=item.get("user_agent", ""))


def _bounce(class_: str) -> str:
    if class_ in _PERMANENT:
        return "permanent"
    return "temporary" if class_ in _TEMPORARY else "policy"
