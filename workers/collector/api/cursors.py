"""Cursors of the API: signed, and bound to the list that they are a place in.

A cursor of another list, or one that was changed, is refused; the engine's own would begin anew.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

from workers.collector.api.errors import InvalidParameters

_MAC = 12
"""Bytes of a signature."""


@dataclass(frozen=True)
class Cursors:
    """Signs and reads the cursors of one list.

    Parameters:
      secret(bytes): This installation's.
      of(str): The list: its path and its parameters but for the place and the size of a page.
    """

    secret: bytes
    of: str

    def sign(self, place: str | None) -> str | None:
        """Return the cursor of a place; unset for none."""
        if place is None:
            return None
        encoded = place.encode()
        return base64.urlsafe_b64encode(self._mac(encoded) + encoded).decode().rstrip("=")

    def read(self, cursor: str | None) -> str | None:
        """Return the place of a cursor; unset for none.  Raises InvalidParameters."""
        if not cursor:
            return None
        try:
            decoded = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            place = decoded[_MAC:].decode()
        except (binascii.Error, ValueError):
            raise _invalid() from None
        if not hmac.compare_digest(decoded[:_MAC], self._mac(decoded[_MAC:])):
            raise _invalid()
        return place

    def _mac(self, place: bytes) -> bytes:
        keyed = hmac.new(self.secret, b"cursor\n" + self.of.encode() + b"\n" + place, hashlib.sha256)
        return keyed.digest()[:_MAC]


def _invalid() -> InvalidParameters:
    return InvalidParameters(
        {"cursor": "is no cursor of this list; take `next` of the page before, with the same parameters"}
    )
