"""Mail that comes back, read without I/O: what a message means for the addresses that it is about."""

from __future__ import annotations

from engine.domain.bounce_messages.envelope import Envelope, envelope_of
from engine.domain.bounce_messages.notice import REASON_WORDS, Kind, Notice, Reason, Recipient
from engine.domain.bounce_messages.reader import MAX_BYTES, read

__all__ = [
    "MAX_BYTES",
    "REASON_WORDS",
    "Envelope",
    "Kind",
    "Notice",
    "Reason",
    "Recipient",
    "envelope_of",
    "read",
]
