"""Messages that came back, for tests: each a bounce of its own mail to one address."""

from __future__ import annotations

from email.utils import format_datetime

from engine.db.connection import utc_now
from tests.unit.domain.bounce_messages.corpus import ORIGINAL, report


def bounce(
    number: int,
    *,
    to: str = "ana@x.example",
    status: str = "5.1.1",
    words: str = "550 5.1.1 User unknown",
    headers: str = "",
) -> bytes:
    """The notice that mail `number` to an address failed."""
    return report(
        f"Final-Recipient: rfc822; {to}\nAction: failed\nStatus: {status}\nDiagnostic-Code: smtp; {words}\n",
        original=ORIGINAL.format(to=to).replace("20260302.4711", f"mail-{number}"),
        headers=f"Message-ID: <notice-{number}@mx.example>\nDate: {format_datetime(utc_now())}\n{headers}",
    )


def complaint(number: int, *, to: str = "ana@x.example") -> bytes:
    """The feedback report that an address complains of mail `number`."""
    return report(
        f"Feedback-Type: abuse\nUser-Agent: x/1\nVersion: 1\nOriginal-Rcpt-To: {to}\n",
        kind="feedback-report",
        part="message/feedback-report",
        subject="Abuse report",
        original=ORIGINAL.format(to=to).replace("20260302.4711", f"mail-{number}"),
        headers=f"Message-ID: <complaint-{number}@mx.example>\n",
    )


def absence(*, sender: str = "ana@x.example", headers: str = "In-Reply-To: <mail-1@shop.example>\n") -> bytes:
    """An absence note, which names no address but its author's."""
    return (
        f"From: Ana <{sender}>\nTo: news@shop.example\nSubject: Out of office\nAuto-Submitted: auto-replied\n"
        f"Message-ID: <away@x.example>\n{headers}\nI am away until Monday."
    ).encode()


LETTER = b"From: Ben <ben@x.example>\nTo: shop@shop.example\nSubject: My order\n\nWhere is it?\n"
"""A letter of a person: no notice of any kind."""

RIDDLE = (
    b"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nSubject: Mail-System Bericht\n"
    b"Message-ID: <riddle@mx.example>\n\nCode 17: siehe Handbuch.\n"
)
"""A notice of a mail server in words that nobody knows."""
