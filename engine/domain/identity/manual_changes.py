"""What users do to contacts by hand: edits, deletions, joining and splitting."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from engine.domain.activities import Activity, ActivityId, ContactId
from engine.domain.identity.directory import Directory
from engine.domain.identity.identities import Key, key_kind, key_value, tracker_key
from engine.domain.identity.merge_decisions import (
    ACTIVITIES_SPLIT,
    JOINED,
    TRACKER_SPLIT,
    Separations,
    is_of_undone_split,
    split_key,
)
from engine.domain.identity.people import Deleted, Person, Placement


@dataclass
class ManualChanges:
    """Carries out what users do to contacts.

    Parameters:
      directory(Directory): The people; changed in place.
      undone(Collection): Undone activities: their effects on a contact are void.
      separations(Separations): The contacts that users keep apart; splits are added.

    Afterwards `splits` has the activities that users moved to another contact, and
    `deletions` what is ignored.
    """

    directory: Directory
    undone: Collection[ActivityId]
    separations: Separations
    deletions: list[Deleted] = field(default_factory=list)
    splits: list[Split] = field(default_factory=list)

    def contact_of(self, activity: Activity) -> Person:
        """Carry out an edit or a decision; return the contact that it is about."""
        person = self._decided(self._edited(activity), activity)
        reports = activity.id not in self.undone and activity.undoes is None
        person.vouched = person.vouched or reports
        return person

    def holder_of(self, activity: Activity) -> Person:
        """The contact that an activity's stream alone leads to."""
        return self.directory.holder_of(activity.stream) or self._edited_before_seen(activity)

    def fills_only(self, person: Person, activity: Activity) -> bool:
        """Whether an edit was made to a part of a person whose split was undone."""
        return is_of_undone_split(activity.stream, person, self.directory.namespace)

    def _edited(self, activity: Activity) -> Person:
        """The contact of a user's edit, with the identities that it adds."""
        person = self.holder_of(activity)
        self.directory.touched.add(person.id)
        for key in activity.identities.keys() if activity.id not in self.undone else ():
            held = person.identities.get(key_kind(key))
            if held == key or self.directory.held_by_another(key, person):
                continue
            if held is None or not self.fills_only(person, activity):
                self.directory.assign(person, key)
        if activity.deletes and activity.id not in self.undone:
            self._delete(person, activity)
        return person

    def _edited_before_seen(self, activity: Activity) -> Person:
        """A contact that was edited before its first activity: a clock was wrong."""
        person = self.directory.new_person(activity.stream, activity)
        self.directory.lead_here(activity.stream, person)
        self.directory.own_stream(person, activity.stream)
        return person

    def _delete(self, person: Person, activity: Activity) -> None:
        """Forget what a person did so far; every key leads to it still, so that late news does not
        bring back what was deleted."""
        at = activity.happened_at
        self.deletions.append(Deleted(person.ids(), activity.moment))
        for span in person.spans:
            span.since = at if span.since is None else max(span.since, at)
        for tracker in person.trackers:
            tracker.seen, tracker.agent = None, ""

    def _decided(self, person: Person, activity: Activity) -> Person:
        """Carry out a user's decision on a merge; return the contact that it is about."""
        if activity.id in self.undone:
            if activity.type in (TRACKER_SPLIT, ACTIVITIES_SPLIT):
                self._hold_part(person, split_key(activity.id))
            return person
        if not activity.also and activity.type != ACTIVITIES_SPLIT:
            return person
        if activity.type == JOINED:
            return self._joined(person, activity)
        if activity.type == TRACKER_SPLIT:
            self._split_tracker(person, activity)
        elif activity.type == ACTIVITIES_SPLIT:
            self._split_activities(person, activity)
        return person

    def _joined(self, person: Person, activity: Activity) -> Person:
        other = self.directory.holder_of(activity.also[0])
        if other is None:
            self.directory.lead_here(activity.also[0], person)
        if other is None or other is person:
            return person
        if self.separations.hold(other, person, activity):
            return person
        if other.identified and not person.identified:
            person, other = other, person
        self.directory.merge(other, person, activity)
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
        self.directory.lead(key, new)
        self.splits.append(Split(person.ids(), new.id, activity, stream=key))

    def _split_activities(self, person: Person, activity: Activity) -> None:
        named = activity.properties.get("activities")
        ids = frozenset(map(ActivityId, map(str, named))) if isinstance(named, list) else frozenset()
        if ids:
            new = self._split_off(person, activity)
            self.splits.append(Split(person.ids(), new.id, activity, activities=ids))

    def _split_off(self, person: Person, activity: Activity) -> Person:
        """A new anonymous contact, which stays apart from the one that it was part of."""
        key = split_key(activity.id)
        new = self.directory.new_person(key, activity)
        self._hold_part(new, key)
        new.vouched = True
        self.separations.keep_apart(new.id, person.id)
        return new

    def _hold_part(self, person: Person, key: Key) -> None:
        person.former.append(key)
        self.directory.lead(key, person)
        self.directory.own_stream(person, key)


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
        if activity.moment > self.decision.moment:
            return False
        return self.names(activity) if self.stream is None else activity.stream == self.stream

    def names(self, activity: Activity) -> bool:
        """Whether an activity is one of the chosen ones, or the same event from a source of other weight."""
        return activity.id in self.activities or activity.counterpart in self.activities
