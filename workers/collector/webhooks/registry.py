"""The sending services whose webhooks are understood."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import msgspec

from engine.errors import NotFound
from workers.collector.webhooks import (
    brevo,
    mailersend,
    mailgun,
    mailjet,
    mandrill,
    postmark,
    resend,
    sendgrid,
    ses,
    sparkpost,
    twilio,
)
from workers.collector.webhooks.notices import Payload, Reading
from workers.collector.webhooks.signatures import require_shared_secret


class Verify(Protocol):
    """Raises Forged unless a payload is the service's own, and recent where it signs the time."""

    def __call__(self, payload: Payload, secret: str, now: datetime) -> None: ...


class Read(Protocol):
    """The readings of a payload, an event at a time.  Raises UnreadablePayload."""

    def __call__(self, payload: Payload) -> Iterator[Reading]: ...


@dataclass(frozen=True)
class Provider:
    """A sending service.

    Parameters:
      label(str): Its name for people.
      read(Read): What its payloads mean.
      verify(Verify): Whether they are its own.
      secret(str): What its secret is, and where its user finds or sets it.
      payload_of(callable): The body of a request with one event alone, to read it again.
    """

    label: str
    read: Read
    verify: Verify
    secret: str
    payload_of: Callable[[Any], bytes] = msgspec.json.encode


class UnknownProvider(NotFound):
    """No module understands this service."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no sending service {name!r}; there are {', '.join(PROVIDERS)}")


def provider_of(name: str) -> Provider:
    """The service of a name.  Raises UnknownProvider."""
    if name not in PROVIDERS:
        raise UnknownProvider(name)
    return PROVIDERS[name]


_PASSWORD = "a password of your own, in the webhook's address: https://hook:PASSWORD@…"

PROVIDERS: Mapping[str, Provider] = {
    "brevo": Provider("Brevo", brevo.read, require_shared_secret, _PASSWORD),
    "mailersend": Provider("MailerSend", mailersend.read, mailersend.verify, "the webhook's signing secret"),
    "mailgun": Provider("Mailgun", mailgun.read, mailgun.verify, "the HTTP webhook signing key"),
    "mailjet": Provider("Mailjet", mailjet.read, require_shared_secret, _PASSWORD),
    "mandrill": Provider(
        "Mailchimp Transactional", mandrill.read, mandrill.verify, "the webhook's key", mandrill.payload_of
    ),
    "postmark": Provider("Postmark", postmark.read, require_shared_secret, _PASSWORD),
    "resend": Provider("Resend", resend.read, resend.verify, "the webhook's signing secret, whsec_…"),
    "sendgrid": Provider("SendGrid", sendgrid.read, sendgrid.verify, "the verification key of signed events"),
    "ses": Provider("Amazon SES", ses.read, ses.verify, "the ARN of the SNS topic"),
    "sparkpost": Provider("SparkPost", sparkpost.read, require_shared_secret, _PASSWORD),
    "twilio": Provider("Twilio", twilio.read, twilio.verify, "the account's auth token", twilio.payload_of),
}
"""By the name in `POST /webhooks/{provider}`."""
