"""Identity resolution: the claims on trackers and identities, in the order they happened.

The table of SEMANTICS ("Identification and merging") is read here, and only here, and so is
what each source may say of whom ("Who says it").
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.domain.activities import Activity, ActivityId, ContactId
from engine.domain.identity.identities import (
    IdentityKind,
    Key,
    is_tracker,
    key_kind,
    key_value,
    make_key,
    tracker_key,
)
from engine.domain.identity.merge_decisions import (
    ACTIVITIES_SPLIT,
    JOINED,
    TRACKER_SPLIT,
    Separations,
    split_key,
)
from engine.domain.identity.people import (
    MAX_AGENT,
    MAX_NAMED,
    Deleted,
    Merged,
    Person,
    Placement,
    Span,
    Suggested,
    SuggestionReason,
    Tracker,
    contact_id_of,
)
from engine.domain.identity.shared_devices import with_claim

MAY_CHANGE_IDENTITY = frozenset({"identified", "registered", "contact_edited"})
"""Activities that, from a trusted source, replace an email, phone or external id."""


@dataclass
class Resolver:
    """Places activities on people, in the order of happening.

    Parameters:
      namespace(bytes): The secret that contact ids are keyed with.
      people(dict): The living people of one component, by id; changed in place.
      shared(set): Trackers known to be shared devices: they link no contacts.
      undone(set): Undone activities: their effects on a contact are void.
      separations(Separations): The contacts that users keep apart.

    Afterwards `renames` has the old ids of anonymous contacts that were identified, by old id,
    and `splits` the activities that a user moved to another contact.
    """

    namespace: bytes
    people: dict[ContactId, Person]
    shared: set[str] = field(default_factory=set)
    undone: set[ActivityId] = field(default_factory=set)
    separations: Separations = field(default_factory=Separations)
    merges: list[Merged] = field(default_factory=list)
    renames: dict[ContactId, ContactId] = field(default_factory=dict)
    suggestions: list[Suggested] = field(default_factory=list)
    deletions: list[Deleted] = field(default_factory=list)
    splits: list[Split] = field(default_factory=list)
    touched: set[ContactId] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._holder = {key: person.id for person in self.people.values() for key in person.keys()}

    def place(self, activity: Activity) -> Placement:
        """Apply the claims of an activity, and return its contact."""
        placement = self._place(activity)
        if activity.is_claim:
            self._record_named(self.people[placement.contact], activity)
        return placement

    def settle(self) -> None:
        """Finish, after the last activity: bring up to date what people know of others."""
        for person in self.people.values():
            named = [key for key in person.named if key not in self._holder and not self._is_shared(key)]
            if named != person.named:
                person.named = named
                self.touched.add(person.id)
        if self.separations:
            for person in self.people.values():
                person.apart = self._apart_from(person)

    def _place(self, activity: Activity) -> Placement:
        if activity.by_hand or (activity.by_import and activity.id in self.undone):
            person = self._edited(activity)
            person = self._decided(person, activity)
            reports = activity.id not in self.undone and activity.undoes is None
            person.vouched = person.vouched or reports
            return self._placed(activity, person, proven=True)
        if not activity.identities:
            person = self._visitor(activity)
            may_write = self._may_write(person, activity)
            self._record_weight(person, activity, proven=activity.trusted and not person.identified)
            person.vouched = person.vouched or activity.trusted
            _record_device(person, activity)
            return self._placed(activity, person, proven=activity.trusted, fills_only=not may_write)
        return self._claim(activity)

    def _claim(self, activity: Activity) -> Placement:
        person, existed = self._claimant(activity)
        may_write = not existed or self._may_write(person, activity)
        was_identified = person.identified
        self._link_tracker(activity, person, self._known_visitor(activity))
        self._take_identities(person, activity, may_write=may_write)
        if activity.trusted and activity.tracker is None:
            self._take_previous(person, activity)
        proven = _is_proven(person, activity)
        self._record_weight(person, activity, proven=proven, created=not was_identified)
        _record_device(person, activity)
        self.touched.add(person.id)
        return self._placed(activity, person, proven=proven, fills_only=not may_write)

    def _record_named(self, person: Person, activity: Activity) -> None:
        """Record what a claim names and nobody holds: it may be heard of later, as of an earlier time."""
        for key in activity.keys():
            if key not in self._holder and key not in person.named and len(person.named) < MAX_NAMED:
                person.named.append(key)
                self.touched.add(person.id)

    def _apart_from(self, person: Person) -> list[ContactId]:
        others = (other for id_, other in sorted(self.people.items()) if other is not person)
        return [other.id for other in others if self.separations.are_apart(person, other)]

    def _is_shared(self, key: Key) -> bool:
        return is_tracker(key) and key_value(key) in self.shared

    def survivor(self, contact: ContactId) -> ContactId:
        """The living contact that `contact` has become."""
        into = {merge.loser: merge.winner for merge in self.merges} | self.renames
        while contact in into:
            contact = into[contact]
        return contact

    # Who may say what

    def _may_write(self, person: Person, activity: Activity) -> bool:
        """Whether an activity may change values of a contact, and add identities.

        A trusted source may.  A browser may that identified the contact as long as no trusted
        source has reported it, or that a trusted source named together with the contact; and
        any visitor with its tracker may change an anonymous contact.
        """
        if not person.identified or _is_proven(person, activity):
            return True
        tracker = person.tracker(activity.tracker)
        return tracker is not None and (tracker.proven or (tracker.created and not person.vouched))

    def _record_weight(
        self, person: Person, activity: Activity, *, proven: bool, created: bool = False
    ) -> None:
        person.vouched = person.vouched or proven
        tracker = person.tracker(activity.tracker)
        if tracker is not None and not tracker.shared:
            tracker.proven = tracker.proven or proven
            tracker.created = tracker.created or (created and not proven)

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
                self._assign(person, key)
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
        self.deletions.append(Deleted(person.ids(), activity.moment))
        for span in person.spans:
            span.since = at if span.since is None else max(span.since, at)
        person.taken_over = []
        for tracker in person.trackers:
            tracker.seen, tracker.agent = None, ""

    def _decided(self, person: Person, activity: Activity) -> Person:
        """Carry out a user's decision on a merge; return the contact that it is about."""
        if (not activity.also and activity.type != ACTIVITIES_SPLIT) or activity.id in self.undone:
            return person
        if activity.type == JOINED:
            return self._joined(person, activity)
        if activity.type == TRACKER_SPLIT:
            self._split_tracker(person, activity)
        elif activity.type == ACTIVITIES_SPLIT:
            self._split_activities(person, activity)
        return person

    def _joined(self, person: Person, activity: Activity) -> Person:
        key = activity.also[0]
        holder = self._holder.get(key)
        if holder is None:
            self._lead_here(key, person)
        if holder is None or holder == person.id:
            return person
        other = self.people[holder]
        if self.separations.hold(other, person, activity):
            return person
        if other.identified and not person.identified:
            person, other = other, person
        self._merge(other, person, activity)
        return person

    def _split_tracker(self, person: Person, activity: Activity) -> None:
        """Let a tracker, with its whole time at this contact, be a contact of its own."""
        tracker = person.tracker(key_value(activity.also[0]))
        if tracker is None:
            return
        new = self._split_off(person, activity)
        key = tracker_key(tracker.id)
        moved = [span for span in person.spans if span.key == key]
        person.trackers.remove(tracker)
        person.spans = [span for span in person.spans if span.key != key]
        tracker.created = tracker.proven = False
        new.trackers.append(tracker)
        new.spans += moved
        self._holder[key] = new.id
        self.splits.append(Split(person.ids(), new.id, activity, stream=key))

    def _split_activities(self, person: Person, activity: Activity) -> None:
        named = activity.properties.get("activities")
        ids = frozenset(map(ActivityId, map(str, named))) if isinstance(named, list) else frozenset()
        if ids:
            new = self._split_off(person, activity)
            person.split_off = sorted({*person.split_off, *ids.difference(person.taken_over)})
            person.taken_over = sorted(set(person.taken_over) - ids)
            new.taken_over = sorted(ids)
            self.splits.append(Split(person.ids(), new.id, activity, activities=ids))

    def _split_off(self, person: Person, activity: Activity) -> Person:
        """A new anonymous contact, which stays apart from the one that it was part of."""
        key = split_key(activity.id)
        new = self._new_person(key, activity)
        new.former.append(key)
        new.spans.append(Span(key=key))
        new.vouched = True
        self._holder[key] = new.id
        self.separations.keep_apart(new.id, person.id)
        return new

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
        if activity.tracker is None or activity.tracker in self.shared or self._is_an_identity(activity):
            return
        if known is None:
            self._give_tracker(person, Tracker(id=activity.tracker))
        elif known.id == person.id:
            pass
        elif not known.identified:
            self._merge_or_keep(known, person, activity)
        elif known.contradicts([*activity.identities.keys(), *person.identities.values()]):
            self._move_tracker(known, person, activity)
        else:
            self._suggest(known.id, person.id, activity, "same_device")
            if self._will_have_email(person, activity):
                self._move_tracker(known, person, activity)
        self._record_claim(self.people[self._holder[tracker_key(activity.tracker)]], activity)

    def _is_an_identity(self, activity: Activity) -> bool:
        """Whether the previous id of an alias turns out to be an identity, and no tracker."""
        return any(key in self._holder for key in activity.also)

    def _will_have_email(self, person: Person, activity: Activity) -> bool:
        email = activity.identities.email
        return IdentityKind.EMAIL in person.identities or (
            email is not None and not self._held_by_another(make_key(IdentityKind.EMAIL, email), person)
        )

    def _lead_here(self, key: Key, person: Person) -> None:
        """Let a key that nobody was heard of by lead to a person."""
        if is_tracker(key):
            self._give_tracker(person, Tracker(id=key_value(key), shared=self._is_shared(key)))
        else:
            person.former.append(key)
            self._holder[key] = person.id

    def _give_tracker(self, person: Person, tracker: Tracker) -> None:
        key = tracker_key(tracker.id)
        person.trackers.append(tracker)
        person.spans.append(Span(key=key))
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
        tracker.created = tracker.proven = False
        self._give_tracker(to, tracker)
        to.spans[-1].since = activity.happened_at

    def _record_claim(self, holder: Person, activity: Activity) -> None:
        tracker = next(t for t in holder.trackers if t.id == activity.tracker)
        tracker.recent = with_claim(tracker.recent, activity)
        self.touched.add(holder.id)

    # Identities

    def _claimant(self, activity: Activity) -> tuple[Person, bool]:
        """The contact of the identities, and whether it existed before."""
        keys = activity.identities.keys()
        holders = self._holders([*keys, *activity.also])
        if not holders:
            return self._new_claimant(activity)
        if keys[0] in self._holder:
            return self._united(holders[0], holders, activity), True
        lacking = [p for p in holders if not p.contradicts(keys[:1]) and self._may_write(p, activity)]
        if lacking:
            return self._united(lacking[0], holders, activity), True
        newcomer = contact_id_of(keys[0], self.namespace)
        for holder in holders:
            self._suggest(holder.id, newcomer, activity, _link_of(activity))
        return self._new_person(keys[0], activity), False

    def _holders(self, keys: list[Key]) -> list[Person]:
        ids = dict.fromkeys(self._holder[key] for key in keys if key in self._holder)
        return [self.people[contact] for contact in ids]

    def _new_claimant(self, activity: Activity) -> tuple[Person, bool]:
        keys = activity.identities.keys()
        known = self._known_visitor(activity)
        if known is not None and not known.contradicts(keys) and self._may_write(known, activity):
            return known, known.identified
        return self._new_person(keys[0], activity), False

    def _united(self, person: Person, holders: list[Person], activity: Activity) -> Person:
        """Merge the other holders with `person` where that is certain; else suggest it."""
        for other in holders:
            if other.id == person.id:
                continue
            certain = activity.trusted and not person.contradicts(other.identities.values())
            if certain and not self.separations.hold(other, person, activity):
                person, younger = sorted((person, other), key=lambda p: (p.first_seen, p.id))
                self._merge(younger, person, activity)
            else:
                self._suggest(person.id, other.id, activity, _link_of(activity))
        return person

    def _take_identities(self, person: Person, activity: Activity, *, may_write: bool) -> None:
        may_change = _is_proven(person, activity) and activity.type in MAY_CHANGE_IDENTITY
        for key in activity.identities.keys():
            if key == activity.stream and not self._held_by_another(key, person):
                self._own_stream(person, key)
            held = person.identities.get(key_kind(key))
            if held == key or not may_write or self._held_by_another(key, person):
                continue
            if held is None:
                self._assign(person, key)
            elif may_change:
                person.former = [*(k for k in person.former if k != key), held]
                self._assign(person, key)

    def _take_previous(self, person: Person, activity: Activity) -> None:
        """Take an alias's previous email or phone that nobody has, where the contact has none."""
        for key in activity.also:
            if key not in self._holder and key_kind(key) not in person.identities:
                self._assign(person, key)

    def _assign(self, person: Person, key: Key) -> None:
        if not person.identified:
            self._rename(person, contact_id_of(key, self.namespace))
        person.identities[key_kind(key)] = key
        person.former = [former for former in person.former if former != key]
        self._holder[key] = person.id

    def _own_stream(self, person: Person, key: Key) -> None:
        """An identity's stream belongs whole to its first holder (or to who it led here)."""
        if not any(span.key == key for span in person.spans):
            person.spans.append(Span(key=key))

    def _held_by_another(self, key: Key, person: Person) -> bool:
        return self._holder.get(key, person.id) != person.id

    # People

    def _new_person(self, key: Key, activity: Activity) -> Person:
        person = Person(id=contact_id_of(key, self.namespace), first_seen=activity.happened_at)
        self.people[person.id] = person
        self.touched.add(person.id)
        return person

    def _rename(self, person: Person, id_: ContactId) -> None:
        """Give a contact that is identified now the id that follows from its identity.

        A tracker can turn out to have been another person's at first; an id that followed from
        it would then come to mean that person.
        """
        if id_ in person.ids():  # the contact of this identity became this one before
            return
        old = person.id
        del self.people[old]
        person.renamed = [*person.renamed, old]
        person.id = id_
        self.people[id_] = person
        self._holder.update(dict.fromkeys(person.keys(), id_))
        self.renames[old] = id_
        self.touched = {id_ if contact == old else contact for contact in self.touched}

    def _merge_or_keep(self, loser: Person, winner: Person, activity: Activity) -> None:
        """Merge an anonymous contact into the one that it turns out to be, unless a user keeps them apart."""
        if not self.separations.hold(loser, winner, activity):
            for tracker in loser.trackers:
                tracker.created = tracker.proven = False
            self._merge(loser, winner, activity)

    def _merge(self, loser: Person, winner: Person, activity: Activity) -> None:
        """`loser` becomes `winner`: its trackers, streams and identities unite with theirs."""
        for kind, key in loser.identities.items():
            if winner.identities.setdefault(kind, key) != key:
                winner.former.append(key)
        winner.former.extend(loser.former)
        winner.trackers.extend(loser.trackers)
        winner.spans.extend(loser.spans)
        winner.merged = sorted({*winner.merged, *loser.merged, loser.id})
        winner.renamed = sorted({*winner.renamed, *loser.renamed})
        winner.split_off = sorted({*winner.split_off, *loser.split_off})
        winner.taken_over = sorted({*winner.taken_over, *loser.taken_over})
        winner.named = list(dict.fromkeys([*winner.named, *loser.named]))[:MAX_NAMED]
        winner.first_seen = min(winner.first_seen, loser.first_seen)
        winner.vouched = winner.vouched or loser.vouched
        self._holder.update(dict.fromkeys(loser.keys(), winner.id))
        del self.people[loser.id]
        self.touched.add(winner.id)
        self.merges.append(
            Merged(loser=loser.id, winner=winner.id, at=activity.happened_at, cause=activity.id)
        )

    def _suggest(
        self, one: ContactId, other: ContactId, activity: Activity, reason: SuggestionReason
    ) -> None:
        pair = (min(one, other), max(one, other))
        self.suggestions.append(Suggested(pair, activity.id, activity.happened_at, reason))

    def _placed(
        self, activity: Activity, person: Person, *, proven: bool, fills_only: bool = False
    ) -> Placement:
        return Placement(
            activity=activity,
            contact=person.id,
            fills_only=fills_only,
            proven=proven,
            email=person.identity(IdentityKind.EMAIL),
            phone=person.identity(IdentityKind.PHONE),
            external_id=person.identity(IdentityKind.EXTERNAL_ID),
            identified=person.identified,
            first_seen=person.first_seen,
        )


@dataclass(frozen=True)
class Split:
    """A part of a contact that a user moved to a new one: a stream's activities, or single ones."""

    contacts: frozenset[ContactId]
    new: ContactId
    decision: Activity
    stream: Key | None = None
    activities: frozenset[ActivityId] = frozenset()

    def takes(self, placement: Placement) -> bool:
        """Whether an activity goes to the new contact."""
        activity = placement.activity
        if placement.contact not in self.contacts:
            return False
        if self.stream is None:
            return activity.id in self.activities
        return activity.stream == self.stream and activity.moment < self.decision.moment


def _link_of(activity: Activity) -> SuggestionReason:
    return "alias" if activity.also else "shared_event"


def _is_proven(person: Person, activity: Activity) -> bool:
    """Whether the source is trusted, at least for this contact."""
    return activity.trusted or (
        activity.verified is not None and activity.verified in person.identities.values()
    )


def _record_device(person: Person, activity: Activity) -> None:
    """Record the visit and the user agent on the tracker, if the person holds it."""
    tracker = person.tracker(activity.tracker)
    if tracker is not None:
        tracker.seen = activity.happened_at
        agent = activity.context.get("userAgent")
        if isinstance(agent, str) and agent:
            tracker.agent = agent[:MAX_AGENT]
