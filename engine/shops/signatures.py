"""How shop platforms sign what they send: an HMAC-SHA256 of the raw body, in base64."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

from engine.shops.platforms.platform import Delivery, Forged


def require_signature(delivery: Delivery, secrets: Sequence[str], *, header: str) -> None:
    """Raise Forged unless a secret in force signed the body."""
    given = delivery.headers.get(header, "").strip()
    if not given:
        raise Forged(f"{header} is missing: only the shop itself may post here")
    for secret in secrets:
        signed = base64.b64encode(hmac.new(secret.encode(), delivery.body, hashlib.sha256).digest())
        if hmac.compare_digest(signed, given.encode()):
            return
    raise Forged(f"{header} is wrong: the secret here is not the one that the shop signs with")
