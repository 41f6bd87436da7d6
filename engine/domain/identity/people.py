"""People: contacts seen from the side of identity, and the decisions of identity resolution.

What a contact did is folded afterwards (`fold`), over the activities that `resolver` places on it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from engine.domain.activities import Activity, ActivityId, ContactId, Moment
from engine.domain.identity.identities import IdentityKind, Key, is_tracker, key_kind, key_value, tracker_key
from engine.domain.preload_types import preload

SuggestionReason = Literal["shared_event", "same_device", "alias"]
"""Why two contacts may be one: an event names both, a browser claimed both, an alias links both."""

MAX_AGENT = 500
"""Characters that are kept of what a browser or app says it is."""

MAX_NAMED = 100
"""Keys of nobody that are kept of a contact's claims: a stranger's browser may name any number."""


class Span(msgspec.Struct, omit_defaults=True):
    """A stream that is a contact's own from `since` (inclusive) to `until` (exclusive).

    `moved` says that it was another contact's before.
    """

    key: Key
    since: datetime | None = None
    until: datetime | None = None
    moved: bool = False

    def covers(self, stream: Key, at: datetime) -> bool:
        """Whether what happened in a stream at a time lies in it."""
        within = (self.since is None or at >= self.since) and (self.until is None or at < self.until)
        return stream == self.key and within


class RecentClaim(msgspec.Struct, array_like=True):
    """Identities that claimed a tracker, and when they last did."""

    keys: list[Key]
    at: datetime


class Tracker(msgspec.Struct, omit_defaults=True):
    """A tracker that a person holds now, and who claimed it within the last day.

    `seen` is the time of its last activity, and `agent` its last user agent.  `created` says
    that the holder was first identified by a browser with this tracker, `proven` that a trusted
    source named both together: either gives the browser the right to change the holder.
    """

    id: str
    recent: list[RecentClaim] = []
    shared: bool = False
    seen: datetime | None = None
    agent: str = ""
    created: bool = False
    proven: bool = False


class Person(msgspec.Struct, omit_defaults=True):
    """A living contact from the side of identity.

    `identities` are the keys held, by kind; `former` are keys that were once its own and
    still lead to it.  `merged` are the contacts that became this one, `renamed` the ids that it
    had while it was anonymous.  `vouched` says that a trusted source has reported it.  `split_off`
    are activities in its streams that a user moved to another contact, `taken_over` those that were
    moved to this one.  `named` are keys that its claims named and nobody holds: who comes to hold one
    is folded together with this contact.  `apart` are contacts that users keep apart from this one.
    """

    id: ContactId
    first_seen: datetime
    identities: dict[IdentityKind, Key] = {}
    former: list[Key] = []
    trackers: list[Tracker] = []
    spans: list[Span] = []
    merged: list[ContactId] = []
    renamed: list[ContactId] = []
    vouched: bool = False
    split_off: list[ActivityId] = []
    taken_over: list[ActivityId] = []
    named: list[Key] = []
    apart: list[ContactId] = []

    @property
    def identified(self) -> bool:
        return bool(self.identities)

    def identity(self, kind: IdentityKind) -> str | None:
        """The value that it has of a kind of identity."""
        key = self.identities.get(kind)
        return None if key is None else key_value(key)

    @property
    def on_shared_device(self) -> bool:
        """Whether it is the contact of a shared device, which is a component of its own."""
        return any(tracker.shared for tracker in self.trackers)

    def keys(self) -> list[Key]:
        """Every tracker and identity that leads here."""
        return [*self.identities.values(), *self.former, *(tracker_key(t.id) for t in self.trackers)]

    def first_keys(self) -> list[Key]:
        """The keys that no other contact held before; it may have lost a tracker since."""
        trackers = (span.key for span in self.spans if is_tracker(span.key) and not span.moved)
        return [*self.identities.values(), *self.former, *trackers]

    def ids(self) -> frozenset[ContactId]:
        """The ids that it has and had."""
        return frozenset({self.id, *self.merged, *self.renamed})

    def tracker(self, id_: str | None) -> Tracker | None:
        """The tracker that it holds, by its id."""
        return next((tracker for tracker in self.trackers if tracker.id == id_), None)

    def contradicts(self, keys: Iterable[Key]) -> bool:
        """Whether one of `keys` is of a kind in which this person has another value."""
        return any(self.identities.get(key_kind(key), key) != key for key in keys)


@dataclass(frozen=True)
class Placement:
    """The contact of an activity, and the strength of its claim.

    `gaps_only` means that its traits fill gaps: a merged contact's, which the survivor's own
    win over.  `fills_only` means that they fill empty fields and change none: its source has no
    right to change the contact.  `proven` says that its source is trusted for this contact.
    The others are the contact's own after the activity, unset if it does not say.
    """

    activity: Activity
    contact: ContactId
    gaps_only: bool = False
    fills_only: bool = False
    proven: bool = False
    email: str | None = None
    phone: str | None = None
    external_id: str | None = None
    identified: bool = False
    first_seen: datetime | None = None
    forgotten: bool = False
    """Whether the contact was deleted afterwards: all that is kept of it is consent and deliverability."""


@dataclass(frozen=True)
class Deleted:
    """A deletion: what these contacts did before `moment` is ignored."""

    contacts: frozenset[ContactId]
    moment: Moment


@dataclass(frozen=True)
class Merged:
    """Contact `loser` became contact `winner` at `at`, because of an activity."""

    loser: ContactId
    winner: ContactId
    at: datetime
    cause: ActivityId


@dataclass(frozen=True)
class Suggested:
    """Two contacts that may be one person, and the activity that says so."""

    pair: tuple[ContactId, ContactId]
    cause: ActivityId
    at: datetime
    reason: SuggestionReason


def contact_id_of(key: Key, namespace: bytes) -> ContactId:
    """Derive the id of the contact that `key` first brings into being.

    Keyed with the installation's own secret, so that an id reveals nothing of the email
    or number behind it.  24 hexadecimal characters.
    """
    digest = hashlib.blake2b(key.encode(), key=namespace, digest_size=12)
    return ContactId(digest.hexdigest())


preload(Person)
