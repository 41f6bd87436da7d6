"""What a message means: its kind, and for each address the kind, the codes and the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["permanent", "temporary", "complaint", "auto_reply", "delay", "none"]
"""`permanent`: the address takes no mail.  `temporary`: a failure that a later attempt may not meet, or that
says nothing about the address (policy, spam, content, size).  `delay`: still being tried.  `auto_reply`: an
absence note, a receipt or a challenge.  `none`: no notice at all, or one of success."""

Reason = Literal[
    "no_such_address",
    "mailbox_disabled",
    "domain_not_found",
    "mailbox_full",
    "connection",
    "policy",
    "spam",
    "content",
    "size",
    "protocol",
    "complaint",
    "delivered",
    "other",
]

REASON_WORDS: Mapping[str, str] = {
    "no_such_address": "no such address",
    "mailbox_disabled": "mailbox closed",
    "domain_not_found": "no such domain",
    "mailbox_full": "mailbox full",
    "connection": "server not reachable",
    "policy": "refused by the receiver's rules",
    "spam": "taken for spam",
    "content": "content refused",
    "size": "message too large",
    "protocol": "the servers did not understand each other",
    "complaint": "marked as spam",
    "delivered": "delivered",
    "other": "reason not given",
}
"""Each reason in words that need no knowledge of mail servers."""

DEAD: frozenset[Reason] = frozenset({"no_such_address", "mailbox_disabled", "domain_not_found"})
"""Reasons that are about the address itself."""


@dataclass(frozen=True)
class Recipient:
    """An address and what happened to it.

    `status` is the enhanced code (RFC 3463) and `reply_code` that of SMTP (RFC 5321); empty if not given.
    `diagnostic` has the words of the receiving server.
    """

    address: str
    kind: Kind
    status: str = ""
    reply_code: str = ""
    reason: Reason = "other"
    diagnostic: str = ""


@dataclass(frozen=True)
class Notice:
    """What a message means as a whole; `message_id` is that of the mail that it is about, if it names it."""

    kind: Kind
    recipients: tuple[Recipient, ...] = ()
    message_id: str = ""


NOTHING = Notice("none")

_STRONGEST_FIRST: tuple[Kind, ...] = ("permanent", "temporary", "complaint", "auto_reply", "delay")


def notice_of(recipients: Iterable[Recipient], message_id: str = "") -> Notice:
    """The notice about these recipients; its kind is the worst of theirs, an address counts once."""
    by_address: dict[str, Recipient] = {}
    for recipient in recipients:
        by_address.setdefault(recipient.address.lower(), recipient)
    kinds = {recipient.kind for recipient in by_address.values()}
    worst: Kind = next((kind for kind in _STRONGEST_FIRST if kind in kinds), "none")
    return Notice(worst, tuple(by_address.values()), message_id)
