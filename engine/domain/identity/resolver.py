"""Identity resolution: the claims on trackers and identities, in the order they happened.

The table of SEMANTICS ("Identification and merging") is read here, and only here, and so is
what each source may say of which contact ("Who says it").
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.domain.activities import Activity, ActivityId, ContactId
from engine.domain.identity.directory import Directory
from engine.domain.identity.identities import IdentityKind, is_tracker, key_kind, make_key, tracker_key
from engine.domain.identity.manual_changes import ManualChanges
from engine.domain.identity.merge_decisions import Separations
from engine.domain.identity.people import (
    MAX_AGENT,
    MAX_NAMED,
    Person,
    Placement,
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
      directory(Directory): The people of one component; changed in place.
      undone(set): Undone activities: their effects on a contact are void.
      separations(Separations): The contacts that users keep apart.
    """

    directory: Directory
    undone: set[ActivityId] = field(default_factory=set)
    separations: Separations = field(default_factory=Separations)
    suggestions: list[Suggested] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.manual = ManualChanges(self.directory, self.undone, self.separations)
        self._named = {key for person in self.directory.people.values() for key in person.named}

    def place(self, activity: Activity) -> Placement:
        """Apply the claims of an activity, and return its contact."""
        placement = self._place(activity)
        if activity.is_claim:
            self._record_named(self.directory.people[placement.contact], activity)
        return placement

    def settle(self) -> None:
        """Finish, after the last activity: bring up to date what people know of others."""
        for person in self.directory.people.values():
            named = [
                key for key in person.named if key not in self.directory and not self.directory.is_shared(key)
            ]
            if named != person.named:
                person.named = named
                self.directory.touched.add(person.id)
        if self.separations:
            for person in self.directory.people.values():
                person.apart = self._apart_from(person)

    def _place(self, activity: Activity) -> Placement:
        if activity.calculated:
            return self._placed(activity, self.manual.holder_of(activity), proven=True)
        if activity.by_hand or (activity.by_import and activity.id in self.undone):
            person = self.manual.contact_of(activity)
            fills_only = self.manual.fills_only(person, activity)
            return self._placed(activity, person, proven=True, fills_only=fills_only)
        if not activity.identities:
            person = self._visitor(activity)
            may_write = may_write_to(person, activity)
            self._record_weight(person, activity, proven=activity.trusted and not person.identified)
            person.vouched = person.vouched or activity.trusted
            _record_device(person, activity)
            return self._placed(activity, person, proven=activity.trusted, fills_only=not may_write)
        return self._claim(activity)

    def _claim(self, activity: Activity) -> Placement:
        person, existed = self._claimant(activity)
        may_write = not existed or may_write_to(person, activity)
        was_identified = person.identified
        self._link_tracker(activity, person, self._known_visitor(activity))
        self._take_identities(person, activity, may_write=may_write)
        if activity.trusted and activity.tracker is None:
            self._take_previous(person, activity)
        proven = _is_proven(person, activity)
        self._record_weight(person, activity, proven=proven, created=not was_identified)
        _record_device(person, activity)
        self.directory.touched.add(person.id)
        return self._placed(activity, person, proven=proven, fills_only=not may_write)

    def _record_named(self, person: Person, activity: Activity) -> None:
        """Record what a claim names and nobody holds: it may be heard of later, as of an earlier time.

        The first contact keeps it for all that name it: they are one component, and a key leads to one.
        """
        for key in activity.keys():
            if key not in self.directory and key not in self._named and len(person.named) < MAX_NAMED:
                person.named.append(key)
                self._named.add(key)
                self.directory.touched.add(person.id)

    def _apart_from(self, person: Person) -> list[ContactId]:
        """The persons that users keep apart from a person, within its component."""
        if person.on_shared_device:
            return []
        others = (other for _, other in sorted(self.directory.people.items()) if other is not person)
        return [
            other.id
            for other in others
            if not other.on_shared_device and self.separations.are_apart(person, other)
        ]

    def _record_weight(
        self, person: Person, activity: Activity, *, proven: bool, created: bool = False
    ) -> None:
        person.vouched = person.vouched or proven
        tracker = person.tracker(activity.tracker)
        if tracker is not None and not tracker.shared:
            tracker.proven = tracker.proven or proven
            tracker.created = tracker.created or (created and not proven)

    # Trackers

    def _visitor(self, activity: Activity) -> Person:
        known = self._known_visitor(activity, even_shared=True)
        if known is not None:
            return known
        assert activity.tracker is not None
        key = tracker_key(activity.tracker)
        person = self.directory.new_person(key, activity)
        self.directory.lead_here(key, person)
        return person

    def _known_visitor(self, activity: Activity, *, even_shared: bool = False) -> Person | None:
        if activity.tracker is None or (activity.tracker in self.directory.shared and not even_shared):
            return None
        return self.directory.holder_of(tracker_key(activity.tracker))

    def _link_tracker(self, activity: Activity, person: Person, known: Person | None) -> None:
        """Let the tracker follow the claim, as the table says."""
        if (
            activity.tracker is None
            or activity.tracker in self.directory.shared
            or self._is_an_identity(activity)
        ):
            return
        if known is None:
            self.directory.give_tracker(person, Tracker(id=activity.tracker))
        elif known.id == person.id:
            pass
        elif not known.identified:
            self._merge_or_keep(known, person, activity)
        elif known.contradicts([*activity.identities.keys(), *person.identities.values()]):
            self.directory.move_tracker(known, person, activity)
        else:
            self._suggest(known.id, person.id, activity, "same_device")
            if self._will_have_email(person, activity):
                self.directory.move_tracker(known, person, activity)
        self._record_claim(activity)

    def _is_an_identity(self, activity: Activity) -> bool:
        """Whether the previous id of an alias turns out to be an identity, and no tracker."""
        return any(key in self.directory for key in activity.also)

    def _will_have_email(self, person: Person, activity: Activity) -> bool:
        email = activity.identities.email
        return IdentityKind.EMAIL in person.identities or (
            email is not None
            and not self.directory.held_by_another(make_key(IdentityKind.EMAIL, email), person)
        )

    def _record_claim(self, activity: Activity) -> None:
        holder = self._known_visitor(activity)
        tracker = None if holder is None else holder.tracker(activity.tracker)
        if holder is not None and tracker is not None:
            tracker.recent = with_claim(tracker.recent, activity)
            self.directory.touched.add(holder.id)

    # Identities

    def _claimant(self, activity: Activity) -> tuple[Person, bool]:
        """The contact of the identities, and whether it existed before."""
        keys = activity.identities.keys()
        holders = self.directory.holders([*keys, *activity.also])
        if not holders:
            return self._new_claimant(activity)
        if keys[0] in self.directory:
            return self._united(holders[0], holders, activity), True
        lacking = [p for p in holders if not p.contradicts(keys[:1]) and may_write_to(p, activity)]
        if lacking:
            return self._united(lacking[0], holders, activity), True
        newcomer = contact_id_of(keys[0], self.directory.namespace)
        for holder in holders:
            self._suggest(holder.id, newcomer, activity, _link_of(activity))
        return self.directory.new_person(keys[0], activity), False

    def _new_claimant(self, activity: Activity) -> tuple[Person, bool]:
        keys = activity.identities.keys()
        known = self._known_visitor(activity)
        if known is not None and becomes(known, activity):
            return known, known.identified
        return self.directory.new_person(keys[0], activity), False

    def _united(self, person: Person, holders: list[Person], activity: Activity) -> Person:
        """Merge the other holders with `person` where that is certain; else suggest it."""
        for other in holders:
            if other.id == person.id or other.id not in self.directory.people:  # merged just before
                continue
            certain = activity.trusted and not person.contradicts(other.identities.values())
            if certain and not self.separations.hold(other, person, activity):
                person, younger = sorted((person, other), key=lambda p: (p.first_seen, p.id))
                self.directory.merge(younger, person, activity)
            else:
                self._suggest(person.id, other.id, activity, _link_of(activity))
        return person

    def _take_identities(self, person: Person, activity: Activity, *, may_write: bool) -> None:
        may_change = _is_proven(person, activity) and activity.type in MAY_CHANGE_IDENTITY
        for key in activity.identities.keys():
            if key == activity.stream and not self.directory.held_by_another(key, person):
                self.directory.own_stream(person, key)
            held = person.identities.get(key_kind(key))
            if held == key or not may_write or self.directory.held_by_another(key, person):
                continue
            if held is None or may_change:
                self.directory.assign(person, key)

    def _take_previous(self, person: Person, activity: Activity) -> None:
        """Take an alias's previous email or phone that nobody has, where the contact has none."""
        for key in activity.also:
            taken = key in self.directory or key_kind(key) in person.identities
            if not taken and not is_tracker(key):
                self.directory.assign(person, key)

    # People

    def _merge_or_keep(self, loser: Person, winner: Person, activity: Activity) -> None:
        """Merge an anonymous contact into the one that it turns out to be, unless a user keeps them apart."""
        if not self.separations.hold(loser, winner, activity):
            for tracker in loser.trackers:
                tracker.created = tracker.proven = False
            self.directory.merge(loser, winner, activity)

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


def _link_of(activity: Activity) -> SuggestionReason:
    return "alias" if activity.also else "shared_event"


def becomes(person: Person, activity: Activity) -> bool:
    """Whether the contact of an activity's tracker gets its identities, of which no contact has one."""
    return not person.contradicts(activity.identities.keys()) and may_write_to(person, activity)


def may_write_to(person: Person, activity: Activity) -> bool:
    """Whether an activity may change values of a contact, and add identities.

    A trusted source may.  A browser may that identified the contact as long as no trusted
    source has reported it, or that a trusted source named together with the contact; and
    any visitor with its tracker may change an anonymous contact.
    """
    if not person.identified or _is_proven(person, activity):
        return True
    tracker = person.tracker(activity.tracker)
    return tracker is not None and (tracker.proven or (tracker.created and not person.vouched))


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
