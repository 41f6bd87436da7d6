"""Identity verification: the shop's server signed the user id or email that a browser names.

The signature is HMAC-SHA256 of the value with an identity secret, in hexadecimal, as in
Intercom's identity verification.  The browser sends it in `context.identity_signature`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from typing import Any

from engine.domain.identity.identities import Identities, IdentityKind, Key, make_key

FIELD = "identity_signature"
"""The field of an event's context that has the signature."""

NOT_VERIFIED = "identity_not_verified"
"""The field of an activity's context that says why a signature was not accepted."""

MISMATCH = "the signature matches neither the user id nor the email: sign exactly one of them, as it is sent"


def signed(secret: str, value: str) -> str:
    """The signature of a user id or email."""
    return hmac.new(secret.encode(), value.encode(), hashlib.sha256).hexdigest()


def verified_key(
    context: dict[str, Any], identities: Identities, typed_email: Any, secrets: Sequence[str]
) -> Key | None:
    """The identity that an event's signature is of; unset if it has none, or one that does not match."""
    signature = context.get(FIELD)
    if not isinstance(signature, str) or not signature.isascii():
        return None
    if identities.external_id is not None and _matches(signature, [identities.external_id], secrets):
        return make_key(IdentityKind.EXTERNAL_ID, identities.external_id)
    if identities.email is not None:
        spellings = [identities.email, *([typed_email.strip()] if isinstance(typed_email, str) else [])]
        if _matches(signature, spellings, secrets):
            return make_key(IdentityKind.EMAIL, identities.email)
    return None


def _matches(signature: str, values: Iterable[str], secrets: Iterable[str]) -> bool:
    given = signature.strip().lower()
    return any(hmac.compare_digest(given, signed(secret, value)) for value in values for secret in secrets)
