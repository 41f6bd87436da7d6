"""Errors of a request as a whole; `field` is the invalid part."""

from __future__ import annotations

from engine.accounts.scopes import Scope
from engine.errors import Invalid, LimitExceeded, NotAllowed, NotFound, TooManyRequests, Unauthenticated


class UnknownCall(NotFound):
    """The path names no call of the API."""

    field = "path"


class InvalidRequest(Invalid):
    """A body that holds no events, or an envelope that spoils them all."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        super().__init__(reason)


class UnsupportedEncoding(InvalidRequest):
    """A body that is packed in a way that is not understood here."""


class BodyTimeout(InvalidRequest):
    """A body that took too long to arrive."""


class BodyTooLarge(LimitExceeded):
    """A body with more bytes than MAX_BODY, packed or unpacked."""

    field = "body"


class UnknownWriteKey(Unauthenticated):
    """The request names no key, or none in force."""

    field = "writeKey"

    def __init__(
        self,
        reason: str = "is missing, unknown or revoked; send a key as the user name of Basic authentication",
    ) -> None:
        super().__init__(reason)


class SecretKeyInBrowser(NotAllowed):
    """A page, or an address, has a secret key in it."""

    field = "writeKey"

    def __init__(self) -> None:
        super().__init__(
            "is a secret key, which anyone can read there: revoke it, and use a write key in web pages"
        )


class ScopeMissing(NotAllowed):
    """A secret key without the scope that a request needs."""

    field = "scope"

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        super().__init__(
            f"{scope.value} is missing: an admin can give it to this key in the settings, under API keys, "
            "or with `sheets keys change`"
        )


class OriginNotAllowed(NotAllowed):
    """A page sends with a key that names other origins."""

    field = "Origin"

    def __init__(self, origin: str) -> None:
        self.origin = origin[:200]
        super().__init__(
            f"{self.origin!r} is not among the allowed origins of this key; "
            "an admin can add it in the settings, under API keys"
        )


class RateLimited(TooManyRequests):
    """The key sends more events than it may; after `wait` seconds it may again."""

    field = "writeKey"

    def __init__(self, wait: float, reason: str = "sends more events than it may; slow down") -> None:
        self.wait = wait
        super().__init__(reason)


class AddressRateLimited(RateLimited):
    """One address sends more events with a key than it may; after `wait` seconds it may again."""

    field = "address"

    def __init__(self, wait: float) -> None:
        super().__init__(wait, "sends more events with this key than one IP address may; slow down")
