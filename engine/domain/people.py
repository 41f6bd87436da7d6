"""Identity resolution: the claims on trackers and identities, folded in the order they happened.

The table of SEMANTICS ("Identification and merging") is read here, and only here.  A
person is a contact seen from the side of identity; what it did is folded afterwards
(`fold`), over the activities that `Resolver` places on it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from engine.domain.activities import Activity, ActivityId, ContactId, Moment
from engine.domain.identities import IdentityKind, Key, is_tracker, key_kind, key_value, make_key, tracker_key
from engine.domain.preload_types import preload

SHARED_OVER = 5
"""A tracker claimed by more different people than this within SHARED_WITHIN is shared."""

SHARED_WITHIN = timedelta(hours=24)

MAY_CHANGE_IDENTITY = frozenset({"identified", "registered", "contact_edited"})
"""Activities that, with a secret key, replace an email, phone or external id."""


MAX_AGENT = 500
"""Characters that are kept of what a browser or app says it is."""


class Span(msgspec.Struct, omit_defaults=True):
    """A stream that is a contact's own from `since` (inclusive) to `until` (exclusive)."""

    key: Key
    since: datetime | None = None
    until: datetime | None = None


class RecentClaim(msgspec.Struct, array_like=True):
    """Identities that claimed a tracker, and when they last did."""

    keys: list[Key]
    at: datetime


class Tracker(msgspec.Struct, omit_defaults=True):
    """A tracker that a person holds now, and who claimed it within the last day.

    `seen` is the time of its last activity, and `agent` its last user agent.
    """

    id: str
    recent: list[RecentClaim] = []
    shared: bool = False
    seen: datetime | None = None
    agent: str = ""


class Person(msgspec.Struct, omit_defaults=True):
    """A living contact from the side of identity.

    `identities` are the keys held, by kind; `former` are keys that were once its own and
    still lead to it.  `merged` are the contacts that became this one.
    """

    id: ContactId
    first_seen: datetime
    identities: dict[IdentityKind, Key] = {}
    former: list[Key] = []
    trackers: list[Tracker] = []
    spans: list[Span] = []
    merged: list[ContactId] = []

    @property
    def identified(self) -> bool:
        return bool(self.identities)

    def identity(self, kind: IdentityKind) -> str | None:
        """The value that it has of a kind of identity."""
        key = self.identities.get(kind)
        return None if key is None else key_value(key)

    def keys(self) -> list[Key]:
        """Every tracker and identity that leads here."""
        return [*self.identities.values(), *self.former, *(tracker_key(t.id) for t in self.trackers)]

    def contradicts(self, keys: Iterable[Key]) -> bool:
        """Whether one of `keys` is of a kind in which this person has another value."""
        return any(self.identities.get(key_kind(key), key) != key for key in keys)


@dataclass(frozen=True)
class Placement:
    """The contact of an activity, and the strength of its claim.

    `gaps_only` means that its traits fill empty fields and change none.  The others are
    the contact's own after the activity, unset if it does not say.
    """

    activity: Activity
    contact: ContactId
    gaps_only: bool = False
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


@dataclass
class Resolver:
    """Places activities on people, in the order of happening.

    Parameters:
      namespace(bytes): The secret that contact ids are keyed with.
      people(dict): The living people of one component, by id; changed in place.
      shared(set): Trackers known to be shared devices: they link no contacts.
      undone(set): Undone activities: their effects on a contact are void.
    """

    namespace: bytes
    people: dict[ContactId, Person]
    shared: set[str] = field(default_factory=set)
    undone: set[ActivityId] = field(default_factory=set)
    merges: list[Merged] = field(default_factory=list)
    suggestions: list[Suggested] = field(default_factory=list)
    deletions: list[Deleted] = field(default_factory=list)
    touched: set[ContactId] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._holder = {key: person.id for person in self.people.values() for key in person.keys()}

    def place(self, activity: Activity) -> Placement:
        """Apply the claims of an activity, and return its contact."""
        if activity.by_hand or (activity.by_import and activity.id in self.undone):
            return self._placed(activity, self._edited(activity), gaps_only=False)
        if not activity.identities:
            person = self._visitor(activity)
            _record_device(person, activity)
            return self._placed(activity, person, gaps_only=False)
        person, existed = self._claimant(activity)
        known = self._known_visitor(activity)
        gaps_only = not activity.trusted and existed and (known is None or known.id != person.id)
        self._link_tracker(activity, person, known)
        self._take_identities(person, activity)
        _record_device(person, activity)
        self.touched.add(person.id)
        return self._placed(activity, person, gaps_only=gaps_only)

    def survivor(self, contact: ContactId) -> ContactId:
        """The living contact that `contact` has become."""
        into = {merge.loser: merge.winner for merge in self.merges}
        while contact in into:
            contact = into[contact]
        return contact

    # By hand

    def _edited(self, activity: Activity) -> Person:
        """The contact of a user's edit, with the identities that it adds."""
        holder = self._holder.get(activity.stream)
        person = self._edited_before_seen(activity) if holder is None else self.people[holder]
        self.touched.add(person.id)
        for key in activity.identities.keys() if activity.id not in self.undone else ():
            held = person.identities.get(key_kind(key))
            if held != key and not self._held_by_another(key, person):
                if held is not None:
                    person.former = [*(k for k in person.former if k != key), held]
                self._assign(person, key_kind(key), key)
        if activity.deletes and activity.id not in self.undone:
            self._delete(person, activity)
        return person

    def _edited_before_seen(self, activity: Activity) -> Person:
        """A contact that was edited before its first activity: a clock was wrong."""
        person = self._new_person(activity.stream, activity)
        if is_tracker(activity.stream):
            tracker = key_value(activity.stream)
            self._give_tracker(person, Tracker(id=tracker, shared=tracker in self.shared))
        else:
            self._holder[activity.stream] = person.id
            person.former.append(activity.stream)
            person.spans.append(Span(key=activity.stream))
        return person

    def _delete(self, person: Person, activity: Activity) -> None:
        """Forget what a person did so far; every key leads to it still, so that late news does not
        bring back what was deleted."""
        at = activity.happened_at
        self.deletions.append(Deleted(frozenset({person.id, *person.merged}), activity.moment))
        for span in person.spans:
            span.since = at if span.since is None else max(span.since, at)
        for tracker in person.trackers:
            tracker.seen, tracker.agent = None, ""

    # Trackers

    def _visitor(self, activity: Activity) -> Person:
        known = self._known_visitor(activity, even_shared=True)
        if known is not None:
            return known
        assert activity.tracker is not None
        person = self._new_person(tracker_key(activity.tracker), activity)
        self._give_tracker(person, Tracker(id=activity.tracker, shared=activity.tracker in self.shared))
        return person

    def _known_visitor(self, activity: Activity, *, even_shared: bool = False) -> Person | None:
        if activity.tracker is None or (activity.tracker in self.shared and not even_shared):
            return None
        holder = self._holder.get(tracker_key(activity.tracker))
        return None if holder is None else self.people[holder]

    def _link_tracker(self, activity: Activity, person: Person, known: Person | None) -> None:
        """Let the tracker follow the claim, as the table says."""
        if activity.tracker is None or activity.tracker in self.shared:
            return
        if known is None:
            self._give_tracker(person, Tracker(id=activity.tracker))
        elif known.id == person.id:
            pass
        elif not known.identified:
            self._merge(known, person, activity)
        elif known.contradicts([*activity.identities.keys(), *person.identities.values()]):
            self._move_tracker(known, person, activity)
        else:
            self._suggest(known, person, activity)
            if self._will_have_email(person, activity):
                self._move_tracker(known, person, activity)
        self._record_claim(self.people[self._holder[tracker_key(activity.tracker)]], activity)

    def _will_have_email(self, person: Person, activity: Activity) -> bool:
        email = activity.identities.email
        return IdentityKind.EMAIL in person.identities or (
            email is not None and not self._held_by_another(make_key(IdentityKind.EMAIL, email), person)
        )

    def _give_tracker(self, person: Person, tracker: Tracker, *, since: datetime | None = None) -> None:
        key = tracker_key(tracker.id)
        person.trackers.append(tracker)
        person.spans.append(Span(key=key, since=since))
        self._holder[key] = person.id
        self.touched.add(person.id)

    def _move_tracker(self, from_: Person, to: Person, activity: Activity) -> None:
        """From this claim on the tracker is another person's; what it did before stays."""
        tracker = next(t for t in from_.trackers if t.id == activity.tracker)
        from_.trackers.remove(tracker)
        for span in from_.spans:
            if span.key == tracker_key(tracker.id) and span.until is None:
                span.until = activity.happened_at
        self.touched.add(from_.id)
        self._give_tracker(to, tracker, since=activity.happened_at)

    def _record_claim(self, holder: Person, activity: Activity) -> None:
        tracker = next(t for t in holder.trackers if t.id == activity.tracker)
        tracker.recent = _with_claim(tracker.recent, activity)
        self.touched.add(holder.id)

    # Identities

    def _claimant(self, activity: Activity) -> tuple[Person, bool]:
        """The contact of the identities, and whether it existed before."""
        keys = activity.identities.keys()
        holders = self._holders(keys)
        if not holders:
            return self._new_claimant(activity)
        strongest = [
            person for person in holders if not person.contradicts(keys[:1]) or keys[0] in person.former
        ]
        if not strongest:
            for holder in holders:
                self._suggest_newcomer(holder, keys[0], activity)
            return self._new_person(keys[0], activity), False
        return self._united(strongest[0], holders, activity), True

    def _holders(self, keys: list[Key]) -> list[Person]:
        ids = dict.fromkeys(self._holder[key] for key in keys if key in self._holder)
        return [self.people[contact] for contact in ids]

    def _new_claimant(self, activity: Activity) -> tuple[Person, bool]:
        keys = activity.identities.keys()
        known = self._known_visitor(activity)
        if known is not None and not known.contradicts(keys):
            return known, known.identified
        tracker = activity.tracker
        if known is None and tracker is not None and tracker not in self.shared:
            return self._new_person(tracker_key(tracker), activity), False
        return self._new_person(keys[0], activity), False

    def _united(self, person: Person, holders: list[Person], activity: Activity) -> Person:
        """Merge the other holders with `person` where that is certain; else suggest it."""
        for other in holders:
            if other.id == person.id:
                continue
            if activity.trusted and not person.contradicts(other.identities.values()):
                person, younger = sorted((person, other), key=lambda p: (p.first_seen, p.id))
                self._merge(younger, person, activity)
            else:
                self._suggest(person, other, activity)
        return person

    def _take_identities(self, person: Person, activity: Activity) -> None:
        may_change = activity.trusted and activity.type in MAY_CHANGE_IDENTITY
        for key in activity.identities.keys():
            self._own_stream(person, key, activity)
            kind = key_kind(key)
            held = person.identities.get(kind)
            if held == key or self._held_by_another(key, person):
                continue
            if held is None:
                self._assign(person, kind, key)
            elif may_change:
                person.former = [*(k for k in person.former if k != key), held]
                self._assign(person, kind, key)

    def _assign(self, person: Person, kind: IdentityKind, key: Key) -> None:
        person.identities[kind] = key
        person.former = [former for former in person.former if former != key]
        self._holder[key] = person.id

    def _own_stream(self, person: Person, key: Key, activity: Activity) -> None:
        """An identity's stream belongs whole to its first holder (or to who it led here)."""
        if key == activity.stream and not any(span.key == key for span in person.spans):
            person.spans.append(Span(key=key))

    def _held_by_another(self, key: Key, person: Person) -> bool:
        return self._holder.get(key, person.id) != person.id

    # People

    def _new_person(self, key: Key, activity: Activity) -> Person:
        person = Person(id=contact_id_of(key, self.namespace), first_seen=activity.happened_at)
        self.people[person.id] = person
        self.touched.add(person.id)
        return person

    def _merge(self, loser: Person, winner: Person, activity: Activity) -> None:
        """`loser` becomes `winner`: its trackers, streams and identities unite with theirs."""
        for kind, key in loser.identities.items():
            if winner.identities.setdefault(kind, key) != key:
                winner.former.append(key)
        winner.former.extend(loser.former)
        winner.trackers.extend(loser.trackers)
        winner.spans.extend(loser.spans)
        winner.merged = sorted({*winner.merged, *loser.merged, loser.id})
        winner.first_seen = min(winner.first_seen, loser.first_seen)
        self._holder.update(dict.fromkeys(loser.keys(), winner.id))
        del self.people[loser.id]
        self.touched.add(winner.id)
        self.merges.append(
            Merged(loser=loser.id, winner=winner.id, at=activity.happened_at, cause=activity.id)
        )

    def _suggest(self, one: Person, other: Person, activity: Activity) -> None:
        pair = (min(one.id, other.id), max(one.id, other.id))
        self.suggestions.append(Suggested(pair=pair, cause=activity.id, at=activity.happened_at))

    def _suggest_newcomer(self, holder: Person, key: Key, activity: Activity) -> None:
        newcomer = contact_id_of(key, self.namespace)
        pair = (min(holder.id, newcomer), max(holder.id, newcomer))
        self.suggestions.append(Suggested(pair=pair, cause=activity.id, at=activity.happened_at))

    def _placed(self, activity: Activity, person: Person, *, gaps_only: bool) -> Placement:
        return Placement(
            activity=activity,
            contact=person.id,
            gaps_only=gaps_only,
            email=person.identity(IdentityKind.EMAIL),
            phone=person.identity(IdentityKind.PHONE),
            external_id=person.identity(IdentityKind.EXTERNAL_ID),
            identified=person.identified,
            first_seen=person.first_seen,
        )


def _record_device(person: Person, activity: Activity) -> None:
    """Record the visit and the user agent on the tracker, if the person holds it."""
    if activity.tracker is None:
        return
    for tracker in person.trackers:
        if tracker.id == activity.tracker:
            tracker.seen = activity.happened_at
            agent = activity.context.get("userAgent")
            if isinstance(agent, str) and agent:
                tracker.agent = agent[:MAX_AGENT]
            return


def contact_id_of(key: Key, namespace: bytes) -> ContactId:
    """Derive the id of the contact that `key` first brings into being.

    Keyed with the installation's own secret, so that an id reveals nothing of the email
    or number behind it.  24 hexadecimal characters.
    """
    digest = hashlib.blake2b(key.encode(), key=namespace, digest_size=12)
    return ContactId(digest.hexdigest())


def different_people(claims: Iterable[Collection[Key]]) -> int:
    """Count the people behind claims who are certainly not one: by different values of one kind.

    An email and a customer number may be the same person's, as a later claim can show; so
    they are not counted as two, and no claim that comes late makes a shared device none.
    """
    values = Counter(key_kind(key) for key in {key for keys in claims for key in keys})
    return max(values.values(), default=0)


def shared_trackers(activities: Iterable[Activity], trackers: Iterable[Tracker] = ()) -> set[str]:
    """Find the shared devices among claims that are given in the order of happening.

    `trackers` are those that were claimed before, with their recent claims.
    """
    shared: set[str] = set()
    recent = {tracker.id: tracker.recent for tracker in trackers}
    for activity in activities:
        tracker = activity.tracker
        if tracker is None or tracker in shared or not activity.identities:
            continue
        recent[tracker] = _with_claim(recent.get(tracker, []), activity)
        if different_people(claim.keys for claim in recent[tracker]) > SHARED_OVER:
            shared.add(tracker)
    return shared


def _with_claim(recent: Iterable[RecentClaim], activity: Activity) -> list[RecentClaim]:
    """The claims on a tracker within SHARED_WITHIN, with that of an activity as the latest."""
    keys, horizon = activity.identities.keys(), activity.happened_at - SHARED_WITHIN
    others = (claim for claim in recent if claim.at > horizon and claim.keys != keys)
    return [*others, RecentClaim(keys=keys, at=activity.happened_at)]


preload(Person)
