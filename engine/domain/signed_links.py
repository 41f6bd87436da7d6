"""Signed tokens: what a link to the preference page says, and proof that we made it.

A token is its content and an HMAC-SHA256 of that, both in URL-safe base64.  The first secret signs;
all are accepted, so that a new secret can be put before the old one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import msgspec

from engine.domain.activities import ContactId
from engine.domain.webhook_secrets import UnusableSecret
from engine.errors import NotAllowed, NotFound

MIN_SECRET = 16
"""Characters of a secret; a shorter one could be guessed from a link."""

MAX_TOKEN = 2_000
"""Characters; no token of ours is longer."""

_CONTEXT = b"contact-sheets link 1\n"
"""Signed before the content, so that no other use of the secret makes a valid link."""


class Purpose(StrEnum):
    """The one use that a token is good for."""

    PREFERENCES = "p"
    CONFIRM = "c"
    FORM = "f"


class Token(msgspec.Struct, frozen=True, array_like=True):
    """The content of a link.

    Parameters:
      purpose(Purpose): A token of one purpose is invalid for any other.
      contact(str): The public id of the contact, which leads to whoever holds it after a merge.
      issued(int): Seconds since 1970.
      expires(int): Seconds since 1970; 0 for never.
      subscription(str): The subscription that the link is about; empty for none.
      data(tuple): What else its purpose needs.
    """

    purpose: Purpose
    contact: ContactId
    issued: int
    expires: int = 0
    subscription: str = ""
    data: tuple[str, ...] = ()

    @property
    def issued_at(self) -> datetime:
        return datetime.fromtimestamp(self.issued, UTC)

    def is_older(self, age: timedelta, *, now: datetime) -> bool:
        """Whether the token was issued longer ago than an age."""
        return now - self.issued_at > age


_TOKENS = msgspec.json.Decoder(Token)


class InvalidLink(NotFound):
    """A link that was cut, changed, or not made with a secret of this account."""

    def __init__(self) -> None:
        super().__init__("the link is incomplete or was not made by this shop")


class ExpiredLink(NotAllowed):
    """A link that was valid until a time."""

    def __init__(self, token: Token) -> None:
        self.token = token
        super().__init__("the link has expired")


def sign(token: Token, secrets: Sequence[str]) -> str:
    """Return the token as text, signed with the first secret."""
    content = msgspec.json.encode(token)
    return f"{_encoded(content)}.{_encoded(_mac(content, secrets[0]))}"


def read(text: str, secrets: Iterable[str], purpose: Purpose, *, now: datetime) -> Token:
    """Return the content of a token of a purpose.  Raises InvalidLink and ExpiredLink."""
    if len(text) > MAX_TOKEN or not text.isascii():
        raise InvalidLink
    content, _, mac = text.partition(".")
    raw, given = _decoded(content), _decoded(mac)
    if not any(hmac.compare_digest(given, _mac(raw, secret)) for secret in secrets):
        raise InvalidLink
    try:
        token = _TOKENS.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):  # a token of another version of ours
        raise InvalidLink from None
    if token.purpose is not purpose:
        raise InvalidLink
    if token.expires and now.timestamp() > token.expires:
        raise ExpiredLink(token)
    return token


def secrets_of(variables: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Return the secrets that environment variables hold, the signing one first.  Raises UnusableSecret."""
    found = {name: environment.get(name, "").strip() for name in variables}
    if not found[variables[0]]:
        raise UnusableSecret(
            f"the secret ${variables[0]} of the preference page is not set in this environment: "
            "set it and restart"
        )
    short = next((name for name, secret in found.items() if secret and len(secret) < MIN_SECRET), None)
    if short is not None:
        raise UnusableSecret(
            f"the secret ${short} of the preference page is too short: "
            f"give it at least {MIN_SECRET} random characters"
        )
    return [secret for secret in found.values() if secret]


def _mac(content: bytes, secret: str) -> bytes:
    return hmac.digest(secret.encode(), _CONTEXT + content, hashlib.sha256)


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise InvalidLink from None
