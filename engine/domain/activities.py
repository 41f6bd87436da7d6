"""Activities: everything that happens to a contact, and their order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

import msgspec

from engine.domain.identity.identities import Identities, Key, tracker_key
from engine.domain.preload_types import preload

ActivityId = NewType("ActivityId", str)
ContactId = NewType("ContactId", str)
RuleId = NewType("RuleId", str)
DELETED = "contact_deleted"
"""The edit by which a person deletes a contact: what came before it is forgotten."""

DASHBOARD = "dashboard"
"""The source of what users do by hand, on pages or by commands: no API key has this id."""

IMPORT = "import"
"""The source of activities from imported files: no API key has this id, so no sender can claim it."""

ORIGIN = "import"
"""The part of an activity's context that says which line of which file it is from."""

PREFERENCE_PAGE = "preference page"
"""The source of what contacts choose on their preference page: no API key has this id."""

SHOP = "shop:"
"""The beginning of the source of what a connected shop reports, before its id: no API key has such an id."""

CALCULATION = "calculation"
"""The source of what follows from figures that are calculated of all contacts: no API key has this id."""

UNDOES = "undoes"
"""The property of an edit that names the activity it undoes."""

DERIVED_STREAM = "c:"
"""The prefix of the streams of activities that the fold itself adds to a contact."""

Moment = tuple[datetime, int, ActivityId]
"""The position of an activity in the order of happening.  At equal times a claim comes
before what is not one (so that a tracker changes hands at a whole millisecond), of either
a refusal last (so that it holds), and the id settles the rest."""

_REFUSALS = frozenset(
    {"newsletter_unsubscribed", "sms_unsubscribed", "topic_unsubscribed", "email_complained"}
)


BROWSER_ID, SERVER_ID = "browser:", "server:"
"""Prefixes of ids: a browser cannot take an id from the shop's server (see `id_of_sender`)."""


def id_of_sender(given: str, *, trusted: bool) -> ActivityId:
    """The id under which an event is kept, from its sender's `messageId`.

    Browsers have a name space of their own; ids of the server stay as they are, unless they look
    like another name space.
    """
    if not trusted:
        return ActivityId(BROWSER_ID + given)
    return ActivityId(SERVER_ID + given if given.startswith((BROWSER_ID, SERVER_ID)) else given)


class Source(StrEnum):
    """The sender of an activity; its weight decides what the activity may change."""

    SERVER = "server"
    SHOP = "shop"
    VERIFIED_BROWSER = "verified_browser"
    BROWSER = "browser"
    IMPORT = "import"
    PERSON = "person"
    PREFERENCE_PAGE = "preference_page"


SOURCE_LABELS = {
    Source.SERVER: "Server",
    Source.SHOP: "Connected shop",
    Source.VERIFIED_BROWSER: "Browser, identity verified",
    Source.BROWSER: "Browser",
    Source.IMPORT: "Import",
    Source.PERSON: "User",
    Source.PREFERENCE_PAGE: "Preference page",
}


def source_of(row: Mapping[str, Any]) -> Source:
    """The kind of sender of an activity, given as its document."""
    sender = row.get("source", "")
    if sender == IMPORT:
        return Source.IMPORT
    if sender == DASHBOARD:
        return Source.PERSON
    if sender == PREFERENCE_PAGE:
        return Source.PREFERENCE_PAGE
    if row.get("trusted"):
        return Source.SHOP if str(sender).startswith(SHOP) else Source.SERVER
    return Source.BROWSER if row.get("verified") is None else Source.VERIFIED_BROWSER


class ActivityState(StrEnum):
    """The processing state of an activity."""

    RECEIVED = "received"
    APPLIED = "applied"
    FAILED = "failed"


class Activity(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that happened.

    `happened_at` and `received_at` are aware datetimes in UTC, whole milliseconds.
    `stream` is fixed when the activity is received (see `identities.stream_of`) and
    never changes: whose activity it is follows from who holds the stream at that time.
    `trusted` is true if it came with a secret key; `verified` is the identity that the shop's
    server signed for a browser.  `also` are keys of other contacts that it is about: an alias,
    a decision on a merge.  A bounce is `discounted` when its whole
    sending is in doubt: it is shown and has no effect.  `ruleset` is the version in force
    when it was received.
    """

    id: ActivityId
    type: str
    stream: Key
    happened_at: datetime
    received_at: datetime
    tracker: str | None = None
    identities: Identities = Identities()
    properties: dict[str, Any] = {}
    traits: dict[str, Any] = {}
    context: dict[str, Any] = {}
    trusted: bool = False
    verified: Key | None = None
    also: list[Key] = []
    bot: bool = False
    clamped: bool = False
    discounted: bool = False
    ruleset: int = 1
    source: str = ""

    @property
    def moment(self) -> Moment:
        rank = 0 if self.is_claim else 2
        return (self.happened_at, rank + self.refuses, self.id)

    @property
    def refuses(self) -> bool:
        """Whether the contact says no to being written to, or a user or file says so of it."""
        reported = self.by_import or self.by_hand
        return self.type in _REFUSALS or (reported and "unsubscribed" in self.properties.values())

    @property
    def is_claim(self) -> bool:
        """Whether this says that its keys are one person's, or are not."""
        return bool(self.identities) or bool(self.also)

    @property
    def by_hand(self) -> bool:
        """Whether a user, or the contact on its own page, did this: its stream alone leads to the contact."""
        return self.tracker is None and not self.identities.claim(self.stream) and not self.calculated

    @property
    def calculated(self) -> bool:
        """Whether figures that were calculated of all contacts changed by this."""
        return self.source == CALCULATION

    @property
    def by_import(self) -> bool:
        """Whether a file that a person imported says this of a contact."""
        return self.source == IMPORT and self.tracker is None

    @property
    def by_shop(self) -> bool:
        """Whether a connected shop reports this, by a verified webhook or as it is asked for it."""
        return self.trusted and self.source.startswith(SHOP)

    @property
    def senders_id(self) -> str:
        """The id that the sender gave, of whatever weight."""
        return self.id.removeprefix(SERVER_ID if self.trusted else BROWSER_ID)

    @property
    def counterpart(self) -> ActivityId | None:
        """The id of the same event from a source of the other weight; unset where there is none."""
        if self.source in ("", DASHBOARD, IMPORT, PREFERENCE_PAGE, CALCULATION):
            return None
        return id_of_sender(self.senders_id, trusted=not self.trusted)

    @property
    def undoes(self) -> ActivityId | None:
        """The activity that this manual edit undoes."""
        undone = self.properties.get(UNDOES)
        return ActivityId(undone) if isinstance(undone, str) and self.by_hand else None

    @property
    def deletes(self) -> bool:
        """Whether a person deleted the contact by this."""
        return self.type == DELETED and self.by_hand

    def keys(self) -> list[Key]:
        """Every key named here, identities first."""
        keys = [*self.identities.keys(), *self.also] if self.also else self.identities.keys()
        if self.tracker is not None:
            keys.append(tracker_key(self.tracker))
        if self.stream not in keys:
            keys.append(self.stream)
        return keys


def derived_stream(contact: ContactId) -> Key:
    """The stream of the activities that the fold itself adds to a contact."""
    return Key(DERIVED_STREAM + contact)


def undone_activities(history: Iterable[Activity]) -> set[ActivityId]:
    """The undone activities: an undo counts unless a later one undoes it."""
    taking = sorted((activity for activity in history if activity.undoes), key=lambda a: a.moment)
    undone: set[ActivityId] = set()
    for activity in reversed(taking):
        if activity.undoes is not None and activity.id not in undone:
            undone.add(activity.undoes)
    return undone


preload(Activity)
