"""The headers of a message itself: who sends it, when, and what it answers."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from engine.domain.bounce_messages.addresses import addresses_in
from engine.domain.bounce_messages.parts import Mail, header, parsed
from engine.domain.bounce_messages.reports import report_type
from engine.domain.bounce_messages.texts import is_from_a_server

MAX_ID = 500


@dataclass(frozen=True)
class Envelope:
    """What the headers of a message say of it.

    Parameters:
      id(str): Its Message-ID without brackets, else a fingerprint of its body; the same wherever it lies.
      sender(str): The address of its author; empty without one.
      answers(str): The Message-ID of the mail that it answers; empty if it answers none.
      sent_at(datetime): By its Date, aware and in UTC; unset if that cannot be read.
      by_a_server(bool): Whether a mail server sends it, or it has the form of a report.
    """

    id: str
    sender: str
    answers: str
    sent_at: datetime | None
    by_a_server: bool


def envelope_of(raw: bytes) -> Envelope:
    """Read the headers of a message; never raises, whatever the bytes are."""
    head, _, body = _divided(raw)
    mail = parsed(head + b"\n\n")
    return Envelope(
        id=_id(mail, "Message-ID") or hashlib.blake2b(body or raw, digest_size=16).hexdigest(),
        sender=next(iter(addresses_in(header(mail, "From"))), ""),
        answers=_id(mail, "In-Reply-To") or _id(mail, "References", last=True),
        sent_at=_time(header(mail, "Date")),
        by_a_server=report_type(mail) in ("delivery-status", "feedback-report") or is_from_a_server(mail),
    )


def _divided(raw: bytes) -> tuple[bytes, bytes, bytes]:
    raw = raw.lstrip(b"\r\n \t\x00\xef\xbb\xbf")
    found = re.search(rb"\r?\n\r?\n", raw)
    return (raw, b"", b"") if found is None else (raw[: found.start()], found[0], raw[found.end() :])


def _id(mail: Mail, name: str, *, last: bool = False) -> str:
    found = re.findall(r"<([^<>\s]+)>", header(mail, name)) or header(mail, name).split()
    return found[-1 if last else 0][:MAX_ID] if found else ""


def _time(written: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(written)
        zoned = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return zoned if zoned.year >= 1970 else None
