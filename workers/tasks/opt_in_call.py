"""The call by which the shop's sender is asked to mail the link that confirms a subscription."""

from __future__ import annotations

from collections.abc import Mapping

from engine.contacts.contact_lookup import follow_merges
from engine.contacts.sheet import sheets
from engine.db import Db, contact_codec
from engine.domain import opt_in
from engine.domain.activities import ContactId
from engine.domain.contact import Asked
from engine.domain.document import Document
from engine.domain.preference_links import confirmation_link
from engine.domain.rulebook import Ruleset
from engine.domain.subscriptions import Subscription, subscriptions_of
from engine.domain.webhook_secrets import UnusableSecret
from engine.pipeline.outbox import Waiting

_SENT_FIELDS = ("email", "mobile_phone", "external_id", "first_name", "last_name")

REQUESTED, REMINDER = "consent.confirmation_requested", "consent.confirmation_reminder"


def confirmation_body(
    db: Db, call: Waiting, ruleset: Ruleset, environment: Mapping[str, str]
) -> bytes | None:
    """The body of a call; None if nothing waits for this confirmation any more.

    Raises UnusableSecret.
    """
    holder = follow_merges(db, ContactId(call.contact))
    row = None if holder is None else db.contacts.find_one({"_id": holder})
    subscription = subscriptions_of(ruleset).get(call.activity["subscription"])
    if row is None or subscription is None:
        return None
    asked = contact_codec.decode(row).state.asked.get(subscription.machine)
    if asked is None or asked.cause != call.activity["id"]:
        return None
    data = _data(row, asked, subscription, _link(row, asked, subscription, ruleset, environment))
    type_ = REMINDER if opt_in.REMINDS in call.activity else REQUESTED
    return sheets.encode({"type": type_, "timestamp": call.happened_at, "data": data})


def _link(
    row: Document, asked: Asked, subscription: Subscription, ruleset: Ruleset, environment: Mapping[str, str]
) -> str:
    if ruleset.preferences is None:
        raise UnusableSecret("settings.yaml declares no `preferences`, where the link leads")
    return confirmation_link(
        row["_id"],
        ruleset.preferences,
        environment,
        subscription=subscription.machine,
        request=asked.cause,
        address=asked.address,
        asked_at=asked.at,
        expires_at=asked.expires,
    )


def _data(row: Document, asked: Asked, subscription: Subscription, link: str) -> Document:
    return {
        "confirm_url": link,
        "to": asked.address,
        "channel": subscription.channel,
        "subscription": subscription.machine,
        "label": subscription.label,
        "asked_at": asked.at,
        "expires_at": asked.expires,
        "contact": {
            "id": row["_id"],
            **{name: row.get(name) for name in _SENT_FIELDS},
            "custom": row.get("custom", {}),
        },
    }
