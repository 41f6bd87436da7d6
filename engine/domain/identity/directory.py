"""The directory: who holds which key, and how contacts come to hold one, are identified and merge.

What may happen is decided elsewhere (`resolver`, `manual_changes`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.domain.activities import Activity, ContactId
from engine.domain.identity.identities import Key, is_tracker, key_kind, key_value, tracker_key
from engine.domain.identity.people import MAX_NAMED, Merged, Person, Span, Tracker, contact_id_of


@dataclass
class Directory:
    """The people of a component, and what leads to each.

    Parameters:
      namespace(bytes): The secret that contact ids are keyed with.
      people(dict): The living people, by id; changed in place.
      shared(set): Trackers known to be shared devices: they link no contacts.

    Afterwards `renames` has the old ids of anonymous contacts that were identified, by old id,
    and `touched` the ids of the people that changed.
    """

    namespace: bytes
    people: dict[ContactId, Person]
    shared: set[str] = field(default_factory=set)
    merges: list[Merged] = field(default_factory=list)
    renames: dict[ContactId, ContactId] = field(default_factory=dict)
    touched: set[ContactId] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._holder = {key: person.id for person in self.people.values() for key in person.keys()}

    def __contains__(self, key: Key) -> bool:
        return key in self._holder

    def holder_of(self, key: Key) -> Person | None:
        """The person that a key leads to."""
        holder = self._holder.get(key)
        return None if holder is None else self.people[holder]

    def lead(self, key: Key, person: Person) -> None:
        """Let a key lead to a person."""
        self._holder[key] = person.id

    def holders(self, keys: Iterable[Key]) -> list[Person]:
        """The people that keys lead to, each once."""
        ids = dict.fromkeys(self._holder[key] for key in keys if key in self._holder)
        return [self.people[contact] for contact in ids]

    def new_person(self, key: Key, activity: Activity) -> Person:
        """Add the person that a key first brings into being; the key does not lead to it yet."""
        person = Person(id=contact_id_of(key, self.namespace), first_seen=activity.happened_at)
        self.people[person.id] = person
        self.touched.add(person.id)
        return person

    def lead_here(self, key: Key, person: Person) -> None:
        """Let a key that nobody was heard of by lead to a person."""
        if is_tracker(key):
            self.give_tracker(person, Tracker(id=key_value(key), shared=self.is_shared(key)))
        else:
            person.former.append(key)
            self.lead(key, person)

    def give_tracker(self, person: Person, tracker: Tracker) -> None:
        """Let a person hold a tracker, with all that it did and does."""
        key = tracker_key(tracker.id)
        person.trackers.append(tracker)
        person.spans.append(Span(key=key))
        self._holder[key] = person.id
        self.touched.add(person.id)

    def move_tracker(self, from_: Person, to: Person, activity: Activity) -> None:
        """From this claim on the tracker is another person's; what it did before stays."""
        tracker = next(t for t in from_.trackers if t.id == activity.tracker)
        from_.trackers.remove(tracker)
        for span in from_.spans:
            if span.key == tracker_key(tracker.id) and span.until is None:
                span.until = activity.happened_at
        self.touched.add(from_.id)
        tracker.created = tracker.proven = False
        self.give_tracker(to, tracker)
        to.spans[-1].since, to.spans[-1].moved = activity.happened_at, True

    def assign(self, person: Person, key: Key) -> None:
        """Give a person an identity; what it had of this kind still leads here."""
        if not person.identified:
            self.rename(person, contact_id_of(key, self.namespace))
        held = person.identities.get(key_kind(key))
        former = [former for former in person.former if former != key]
        person.former = former if held is None else [*former, held]
        person.identities[key_kind(key)] = key
        self.lead(key, person)

    def own_stream(self, person: Person, key: Key) -> None:
        """An identity's stream belongs whole to its first holder (or to who it led here)."""
        if not any(span.key == key for span in person.spans):
            person.spans.append(Span(key=key))

    def held_by_another(self, key: Key, person: Person) -> bool:
        """Whether a key leads to another person."""
        return self._holder.get(key, person.id) != person.id

    def rename(self, person: Person, id_: ContactId) -> None:
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

    def merge(self, loser: Person, winner: Person, activity: Activity) -> None:
        """`loser` becomes `winner`: its trackers, streams and identities unite with theirs."""
        for kind, key in loser.identities.items():
            if winner.identities.setdefault(kind, key) != key:
                winner.former.append(key)
        winner.former.extend(loser.former)
        winner.trackers.extend(loser.trackers)
        winner.spans.extend(loser.spans)
        winner.merged = sorted({*winner.merged, *loser.merged, loser.id})
        winner.renamed = sorted({*winner.renamed, *loser.renamed})
        winner.named = list(dict.fromkeys([*winner.named, *loser.named]))[:MAX_NAMED]
        winner.first_seen = min(winner.first_seen, loser.first_seen)
        winner.vouched = winner.vouched or loser.vouched
        self._holder.update(dict.fromkeys(loser.keys(), winner.id))
        del self.people[loser.id]
        self.touched.add(winner.id)
        self.merges.append(
            Merged(loser=loser.id, winner=winner.id, at=activity.happened_at, cause=activity.id)
        )

    def is_shared(self, key: Key) -> bool:
        """Whether a key is that of a shared device."""
        return is_tracker(key) and key_value(key) in self.shared

    def survivor(self, contact: ContactId) -> ContactId:
        """The living contact that `contact` has become."""
        into = {merge.loser: merge.winner for merge in self.merges} | self.renames
        while contact in into:
            contact = into[contact]
        return contact
