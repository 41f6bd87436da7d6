"""How shop platforms sign what they send: an HMAC-SHA256 of the raw body, in base64."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import timedelta

from engine.shops.platforms.payloads import time
from engine.shops.platforms.platform import Delivery, ForgedDelivery


def require_signature(delivery: Delivery, secrets: Sequence[str], *, header: str) -> None:
    """Raise ForgedDelivery unless a secret in force signed the body."""
    given = delivery.headers.get(header.lower(), "").strip()
    if not given:
        raise ForgedDelivery(f"{header} is missing: only the shop itself may post here")
    for secret in secrets:
        signed = base64.b64encode(hmac.new(secret.encode(), delivery.body, hashlib.sha256).digest())
        if hmac.compare_digest(signed, given.encode()):
            return
    raise ForgedDelivery(f"{header} is wrong: the secret here is not the one that the shop signs with")


MAX_AGE = timedelta(days=3)
"""How old a delivery may be: longer than any platform tries again."""

AHEAD = timedelta(minutes=15)
"""How far a platform's clock may be ahead."""


def require_age(delivery: Delivery, *, header: str) -> None:
    """Raise ForgedDelivery if the platform says when the event was, and that is long ago or still to come."""
    at = time(delivery.headers.get(header.lower()))
    if at is not None and not -AHEAD <= delivery.received_at - at <= MAX_AGE:
        raise ForgedDelivery(
            f"{header} is {at:%Y-%m-%d %H:%M} UTC: a delivery is accepted for {MAX_AGE.days} days"
        )
