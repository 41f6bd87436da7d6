"""A message that came back, as activities of the addresses that it is about."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from engine.domain.activities import Activity, id_of_sender
from engine.domain.bounce_messages import Envelope, Kind, Notice, Reason, Recipient, envelope_of, read
from engine.domain.identity.identities import Identities, stream_of
from engine.domain.identity.normalisation import normalise_email
from engine.domain.rulebook import Ruleset
from engine.errors import InvalidIdentity

TYPES: Mapping[Kind, str] = {
    "permanent": "email_bounced",
    "temporary": "email_bounced",
    "complaint": "email_complained",
    "delay": "email_deferred",
    "auto_reply": "email_auto_replied",
}
"""The activity of each kind; a recipient of no kind has none."""

_NOT_THE_ADDRESS: Mapping[Reason, str] = {
    "policy": "policy", "protocol": "policy", "size": "policy", "spam": "spam", "content": "content",
}  # fmt: skip
"""Failures that say nothing about the address: they are shown and do not count."""


@dataclass(frozen=True)
class ReturnedMail:
    """What a message means.

    `unclear` says why it was not understood; empty if it was, or if it is no notice at all.
    `addresses` are all that it reports on.
    """

    kind: Kind
    activities: list[Activity] = field(default_factory=list)
    unclear: str = ""
    addresses: list[str] = field(default_factory=list)


def read_mail(raw: bytes, ruleset: Ruleset, *, source: str, received_at: datetime) -> ReturnedMail:
    """Read a message (RFC 5322) of any bytes; the same message always makes the same activities.

    `source` is what handed it over, such as `webhook:bounce`.
    """
    envelope = envelope_of(raw)
    notice = _with_author(read(raw), envelope)
    if notice.kind == "none":
        lost = envelope.by_a_server and not notice.recipients and not notice.message_id
        return ReturnedMail("none", unclear=_NO_RESULT if lost else "")
    activities, unclear = [], "" if notice.recipients else f"a {_words(notice.kind)} that names no address"
    for recipient in notice.recipients:
        try:
            activity = _activity(recipient, notice, envelope, ruleset, source, received_at)
        except InvalidIdentity as error:
            unclear = f"{recipient.address[:200]!r} {error.reason}"
            continue
        activities += [] if activity is None else [activity]
    return ReturnedMail(notice.kind, activities, unclear, [r.address for r in notice.recipients])


_NO_RESULT = "a mail server sent this, and what it reports was not recognised"


def _with_author(notice: Notice, envelope: Envelope) -> Notice:
    """An automatic answer is its author's, if it answers a mail; without one it is nobody's."""
    if notice.kind != "auto_reply" or notice.recipients:
        return notice
    if not (envelope.sender and envelope.answers):
        return Notice("none", (), envelope.id)
    author = Recipient(envelope.sender, "auto_reply")
    return replace(notice, recipients=(author,), message_id=notice.message_id or envelope.answers)


def _activity(
    recipient: Recipient,
    notice: Notice,
    envelope: Envelope,
    ruleset: Ruleset,
    source: str,
    received_at: datetime,
) -> Activity | None:
    type_ = TYPES.get(recipient.kind)
    if type_ is None:
        return None
    identities = Identities(email=normalise_email(recipient.address))
    at = envelope.sent_at or received_at
    return Activity(
        id=id_of_sender(f"bounce:{_fingerprint(recipient.address, envelope)}", trusted=True),
        type=type_,
        stream=stream_of(None, identities),
        happened_at=min(at, received_at),
        received_at=received_at,
        identities=identities,
        properties=ruleset.catalog.typed(type_, _properties(recipient, notice), ruleset.account.decimal_mark),
        trusted=True,
        clamped=at > received_at,
        ruleset=ruleset.version,
        source=source,
    )


def _properties(recipient: Recipient, notice: Notice) -> dict[str, Any]:
    bounced = TYPES[recipient.kind] == "email_bounced"
    found = {
        "email": recipient.address,
        "message_id": notice.message_id,
        "bounce": _NOT_THE_ADDRESS.get(recipient.reason, recipient.kind) if bounced else "",
        "code": recipient.status or recipient.reply_code,
        "reason": "" if recipient.reason == "other" else _words(recipient.reason),
        "diagnostic": recipient.diagnostic,
    }
    return {name: value for name, value in found.items() if value}


def _fingerprint(address: str, envelope: Envelope) -> str:
    """The same for the same notice, however often and by whichever way it comes.

    The time, too: some servers give all their messages one Message-ID.
    """
    named = f"{envelope.id}\0{envelope.sent_at}\0{address.lower()}"
    return hashlib.blake2b(named.encode(errors="replace"), digest_size=16).hexdigest()


def _words(name: str) -> str:
    return {"auto_reply": "automatic answer", "permanent": "bounce", "temporary": "bounce"}.get(
        name, name.replace("_", " ")
    )
