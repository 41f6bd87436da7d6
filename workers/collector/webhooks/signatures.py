"""How services prove that a request is theirs."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta

from workers.collector.webhooks.notices import Forged, Payload, moment

MAX_AGE = timedelta(minutes=15)
"""How far from now a signed time may be; services sign each attempt anew."""


def require_hmac(
    key: bytes, signed: bytes, given: Iterable[str], *, hash_name: str = "sha256", hexadecimal: bool = False
) -> None:
    """Raise Forged unless one of the given signatures is that of the content."""
    mac = hmac.new(key, signed, hash_name).digest()
    if not any(hmac.compare_digest(mac, _decoded(text, hexadecimal=hexadecimal)) for text in given):
        raise Forged("the signature is missing or wrong: check the signing key of this webhook")


def require_age(time: object, *, now: datetime) -> None:
    """Raise Forged unless a signed time is about now."""
    try:
        away = abs(now - moment(time))
    except (ValueError, TypeError, OverflowError):
        raise Forged("the signed time is missing or unreadable") from None
    if away > MAX_AGE:
        raise Forged(f"was signed {away} from now: a request is accepted for {MAX_AGE}")


def require_shared_secret(payload: Payload, secret: str, now: datetime) -> None:  # noqa: ARG001  (no time is signed)
    """Raise Forged unless the secret is the password of Basic authentication, or the Bearer token.

    For services that sign nothing: the secret stands in the address or a header that one gives them.
    """
    scheme, _, value = payload.headers.get("authorization", "").partition(" ")
    given = value.strip()
    if scheme.lower() == "basic":
        _, _, given = _decoded(given).decode("utf-8", "replace").partition(":")
    if not hmac.compare_digest(
        hashlib.sha256(given.encode()).digest(), hashlib.sha256(secret.encode()).digest()
    ):
        raise Forged("the secret is missing or wrong: give it as the password in the webhook's address")


def require_signed_form(payload: Payload, secret: str, *, header: str) -> None:
    """Raise Forged unless a header has the signature of the address and the form's fields, by name."""
    signed = payload.url + "".join(name + value for name, value in sorted(payload.form()))
    require_hmac(secret.encode(), signed.encode(), [payload.headers.get(header, "")], hash_name="sha1")


def _decoded(text: str, *, hexadecimal: bool = False) -> bytes:
    try:
        return bytes.fromhex(text) if hexadecimal else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return b""
