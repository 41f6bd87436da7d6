"""What a message means, of any bytes.

In this order: a complaint, a delivery status, a receipt, an automatic answer, a notice in plain words.
In doubt a message is none: a missed bounce comes again, a wrong one costs a living address.
"""

from __future__ import annotations

import re

from engine.domain.bounce_messages import texts
from engine.domain.bounce_messages.auto_replies import is_auto_reply, is_challenge
from engine.domain.bounce_messages.notice import NOTHING, Notice
from engine.domain.bounce_messages.parts import Mail, enclosed, header, own_text, parsed
from engine.domain.bounce_messages.reports import delivery_status, feedback, report_type

MAX_BYTES = 10 * 1024 * 1024
"""A larger message is read up to here; notices say what happened at their beginning."""


def read(raw: bytes) -> Notice:
    """What a message (RFC 5322) means; never raises, whatever the bytes are."""
    mail = parsed(raw[:MAX_BYTES])
    if found := feedback(mail) or _status(mail):
        return found
    if report_type(mail) == "disposition-notification":
        return _receipt(mail)
    if is_challenge(mail) or (is_auto_reply(mail) and not texts.names_a_server(mail)):
        return Notice("auto_reply")
    return texts.in_words(mail) or (Notice("auto_reply") if is_auto_reply(mail) else NOTHING)


def _status(mail: Mail) -> Notice | None:
    """A delivery status; in a message of a person it is one that the person asks about."""
    if report_type(mail) != "delivery-status" and not texts.is_from_a_server(mail):
        return None
    return delivery_status(mail) or _wrapped_status(mail)


def _wrapped_status(mail: Mail) -> Notice | None:
    """The status in a notice that a gateway has wrapped: both are a server's, and have one subject."""
    inner = enclosed(mail)
    if inner is None or report_type(inner) != "delivery-status" or not texts.is_from_a_server(mail):
        return None
    return delivery_status(inner) if header(inner, "Subject") == header(mail, "Subject") else None


def _receipt(mail: Mail) -> Notice:
    """Read, deleted or displayed: nothing failed.  Dovecot's rejections over quota come in this form, too."""
    found = re.search(
        r"(?i)your message to <?([^\s<>]+@[^\s<>]+?)>? was automatically rejected", own_text(mail)
    )
    if found is None:
        return Notice("auto_reply") if "auto-replied" in header(mail, "Auto-Submitted").lower() else NOTHING
    words = " ".join(own_text(mail).split())[:500]
    recipient = texts.failed(found[1], words, words)
    return Notice(recipient.kind, (recipient,))
