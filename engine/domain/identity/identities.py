"""The kinds of identity, and the keys under which identities and trackers are stored.

A key is a value with the letter of its kind before it: `e:ana@example.com`.  Only this module
knows that form.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NewType

import msgspec

Key = NewType("Key", str)
"""A tracker or an identity with its kind before it: `t:…`, `e:…`, `p:…` or `x:…`."""


class IdentityKind(StrEnum):
    """A kind of identity by its letter in keys, strongest first; a tracker is the weakest.

    Parameters:
      event_field(str): Its name in events, in `Identities` and in `identified_by` of activity types.
      contact_field(str): The field of a contact that holds its value.
      label(str): Its name on pages.
      prefix(str): What a key of this kind begins with.
    """

    event_field: str
    contact_field: str
    label: str
    prefix: str

    EXTERNAL_ID = "x", "external_id", "external_id", "External ID"
    EMAIL = "e", "email", "email", "Email"
    PHONE = "p", "phone", "mobile_phone", "Mobile phone"
    TRACKER = "t", "tracker", "trackers", "Tracker"

    def __new__(cls, letter: str, event_field: str, contact_field: str, label: str) -> IdentityKind:
        kind = str.__new__(cls, letter)
        kind._value_ = letter
        kind.event_field, kind.contact_field, kind.label = event_field, contact_field, label
        kind.prefix = f"{letter}:"
        return kind


IDENTIFYING = (IdentityKind.EXTERNAL_ID, IdentityKind.EMAIL, IdentityKind.PHONE)
"""The kinds that identify a person, strongest first; a tracker identifies a browser or an app."""

_BY_LETTER = {kind.value: kind for kind in IdentityKind}
_STRENGTH = {kind: number for number, kind in enumerate(IdentityKind)}


def make_key(kind: IdentityKind, value: str) -> Key:
    """The key of a normalised value."""
    return Key(kind.prefix + value)


def tracker_key(tracker: str) -> Key:
    """The key of a tracker."""
    return Key(IdentityKind.TRACKER.prefix + tracker)


def key_kind(key: Key) -> IdentityKind:
    """The kind of a key; raise KeyError for what is none."""
    return _BY_LETTER[key[0]]


def key_value(key: Key) -> str:
    """The value of a key, as it was normalised."""
    return key[2:]


def is_tracker(key: Key) -> bool:
    """Whether a key is a tracker's."""
    return key.startswith(IdentityKind.TRACKER.prefix)


def strongest(keys: Iterable[Key]) -> Key | None:
    """The key of the strongest kind, of several the first in the order of text; unset for none."""
    return min(keys, key=lambda key: (_STRENGTH[key_kind(key)], key), default=None)


class Identities(msgspec.Struct, frozen=True, omit_defaults=True):
    """The identities that an event names, each value normalised (see `normalisation`)."""

    external_id: str | None = None
    email: str | None = None
    phone: str | None = None

    @classmethod
    def of(cls, values: Mapping[IdentityKind, str]) -> Identities:
        """Identities from normalised values by kind."""
        return cls(**{kind.event_field: value for kind, value in values.items()})

    def keys(self) -> list[Key]:
        """The keys claimed, strongest first: external id, email, phone."""
        keys = []  # called many times an activity: written out, it takes half the time
        if self.external_id is not None:
            keys.append(Key(f"x:{self.external_id}"))
        if self.email is not None:
            keys.append(Key(f"e:{self.email}"))
        if self.phone is not None:
            keys.append(Key(f"p:{self.phone}"))
        return keys

    def claim(self, key: Key) -> bool:
        """Whether a key is among those claimed; called several times an activity, so it makes no list."""
        claimed = {"x": self.external_id, "e": self.email, "p": self.phone}
        return claimed.get(key[:1]) == key[2:]

    def __bool__(self) -> bool:
        return not (self.external_id is None and self.email is None and self.phone is None)


def stream_of(tracker: str | None, identities: Identities) -> Key:
    """Name the stream that an activity belongs to: its strongest identity, else its tracker.

    An identity's stream always belongs to the contact that holds that identity; a tracker's
    stream is divided in time among those who claimed it.  Raises ValueError for neither.
    """
    keys = identities.keys()
    if keys:
        return keys[0]
    if tracker is None:
        raise ValueError("an activity needs a tracker or an identity")
    return tracker_key(tracker)


def lane_of(stream: Key, lanes: int) -> int:
    """Spread streams evenly over `lanes`, the same everywhere and for ever."""
    return int.from_bytes(hashlib.blake2b(stream.encode(), digest_size=8).digest()) % lanes
