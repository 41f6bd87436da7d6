"""What a write key, which everybody can read, may be used for."""

from __future__ import annotations

from dataclasses import dataclass

from engine.accounts.origins import parse_origin
from engine.errors import Invalid

MAX_ORIGINS = 100

MAX_RATE = 1_000_000
"""Events a second of one address."""

MAX_NEW_CONTACTS = 1_000_000_000


class InvalidLimits(Invalid):
    """Limits that a key cannot have; the message says why."""


@dataclass(frozen=True)
class KeyLimits:
    """The limits of a write key; what is unset is not limited.

    Parameters:
      origins(tuple): Of the pages that may send with it; none: any page.
      address_rate(float): Events a second that one address may send continuously.
      new_contacts(int): Contacts that its events may create in a day of the account.
    """

    origins: tuple[str, ...] = ()
    address_rate: float | None = None
    new_contacts: int | None = None

    def checked(self) -> KeyLimits:
        """Return the limits with each origin once, normalised.  Raises InvalidOrigin, InvalidLimits."""
        origins = tuple(dict.fromkeys(parse_origin(origin) for origin in self.origins))
        if len(origins) > MAX_ORIGINS:
            raise InvalidLimits(f"a key can have at most {MAX_ORIGINS} origins; a *. covers all subdomains")
        if self.address_rate is not None and not 0 < self.address_rate <= MAX_RATE:
            raise InvalidLimits(f"a rate per IP address is above 0, up to {MAX_RATE:,} events a second")
        if self.new_contacts is not None and not 0 < self.new_contacts <= MAX_NEW_CONTACTS:
            raise InvalidLimits(f"a daily limit of new contacts is from 1 to {MAX_NEW_CONTACTS:,}")
        return KeyLimits(origins, self.address_rate, self.new_contacts)


NO_LIMITS = KeyLimits()

NEW_KEY = KeyLimits(address_rate=100, new_contacts=100_000)
"""The limits of a new write key unless others are given: an office or a mobile network behind one
address stays below the rate, and all but the largest shops below the ceiling."""
