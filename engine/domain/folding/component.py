"""A component: contacts that any claim connects, folded together.

`step` takes new activities at the tip; `refold` starts from nothing and reads the whole
history.  Both return the same contacts.  `step` refuses (returns None) what only a
refold can settle: a late activity, a merge of contacts with a past, a shared device.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from engine.domain.activities import Activity, ActivityId, ContactId, undone_activities
from engine.domain.commerce import corrects_browser
from engine.domain.contact import ContactState
from engine.domain.folding.fold import fold, is_kept_by
from engine.domain.folding.outcome import Call, Derived, Outcome, derived_id
from engine.domain.folding.united_fold import fold_united, sides
from engine.domain.identity.directory import Directory
from engine.domain.identity.identities import IdentityKind
from engine.domain.identity.merge_decisions import Separations, is_decision
from engine.domain.identity.people import Deleted, Merged, Person, Placement, Suggested
from engine.domain.identity.resolver import Resolver
from engine.domain.identity.shared_devices import linked_keys, shared_trackers
from engine.domain.rulebook import Rulebook
from engine.domain.scoring import LedgerEntry
from engine.domain.valuation import NO_FIGURES, Valuation
from engine.errors import FoldFailed


@dataclass
class Contact:
    """A living contact: who it is and what has become of it."""

    person: Person
    state: ContactState


@dataclass(frozen=True)
class FoldedComponent:
    """The result of folding a component.

    After a refold, `contacts`, `ledger`, `derived`, `merges` and `suggestions` are all
    there are of this component; after a step they are what is new or changed.
    `newly_shared` are trackers that turned out to be shared devices, for good.
    """

    contacts: dict[ContactId, Contact]
    ledger: list[LedgerEntry]
    derived: list[Derived]
    calls: list[Call]
    merges: list[Merged]
    suggestions: list[Suggested]
    whole: bool
    newly_shared: frozenset[str] = frozenset()


def step(
    contacts: dict[ContactId, Contact],
    activities: Sequence[Activity],
    rulebook: Rulebook,
    *,
    namespace: bytes,
    shared: set[str],
    until: datetime | None = None,
) -> FoldedComponent | None:
    """Fold new activities, in the order of happening, onto the contacts they may touch.

    `contacts` are the component's, all of them, and are consumed.  With `until`, time then advances to
    that point for the contacts of the activities.  Returns None if the whole history has to be folded
    again.  Raises FoldFailed.
    """
    versions = {activity.ruleset for activity in activities}
    if not all(is_kept_by(contact.state, rulebook, versions) for contact in contacts.values()):
        return None
    if any(activity.undoes or activity.deletes or is_decision(activity) for activity in activities):
        return None
    if _is_late(contacts.values(), activities, rulebook) or _corrects(contacts.values(), activities):
        return None
    undone = {id_ for contact in contacts.values() for id_ in contact.state.undone}
    people = {c.person.id: c.person for c in contacts.values()}
    trackers = (tracker for person in people.values() for tracker in person.trackers)
    if shared_trackers(activities, trackers) - shared:
        return None
    separations = Separations()
    for person in people.values():
        for other in person.apart:
            separations.keep_apart(person.id, other)
    directory = Directory(namespace, people, set(shared))
    resolver = Resolver(directory, undone, separations)
    placements = _place_all(resolver, activities)
    if directory.merges or not contacts.keys().isdisjoint(directory.renames):
        return None
    outcomes = _fold_all(
        _renamed(placements, directory),
        rulebook,
        states={id_: contact.state for id_, contact in contacts.items()},
        until=until,
    )
    changed = directory.touched | set(outcomes)
    return FoldedComponent(
        contacts={
            id_: Contact(
                directory.people[id_], outcomes[id_].state if id_ in outcomes else contacts[id_].state
            )
            for id_ in changed
        },
        ledger=[entry for outcome in outcomes.values() for entry in outcome.ledger],
        derived=[derived for outcome in outcomes.values() for derived in outcome.derived],
        calls=[call for outcome in outcomes.values() for call in outcome.calls],
        merges=[],
        suggestions=_open_suggestions(resolver),
        whole=False,
    )


def refold(
    activities: Iterable[Activity],
    rulebook: Rulebook,
    *,
    namespace: bytes,
    shared: set[str],
    until: datetime | None = None,
    valuations: Mapping[ContactId, Valuation] = MappingProxyType({}),
) -> FoldedComponent:
    """Fold a component's whole history from nothing; `shared` are devices known as such.

    `valuations` are the figures that have been calculated of its contacts; those of a contact that
    merges into another are dropped.  The activities may come in any order.  With `until`, time advances
    to that point for every contact.  Raises FoldFailed.
    """
    history = sorted(activities, key=lambda activity: activity.moment)
    newly_shared = shared_trackers(history, links=linked_keys(history)) - shared
    undone = undone_activities(history)
    separations = Separations(history, undone, namespace)
    directory = Directory(namespace, {}, shared | newly_shared)
    resolver = Resolver(directory, undone, separations)
    placed = _split(_place_all(resolver, history), resolver)
    placements = _renamed(_mark_forgotten(placed, resolver.manual.deletions), directory)
    _record_moved(placements, resolver)
    outcomes = {
        contact: fold_united(
            side, rulebook, contact=contact, until=until, valued=valuations.get(contact, NO_FIGURES)
        )
        for contact, side in sides(placements, _with_final_ids(directory)).items()
    }
    return FoldedComponent(
        contacts={
            person.id: Contact(
                person,
                outcomes[person.id].state if person.id in outcomes else _unfolded_state(person, rulebook),
            )
            for person in directory.people.values()
        },
        ledger=[entry for outcome in outcomes.values() for entry in outcome.ledger],
        derived=[
            *(derived for outcome in outcomes.values() for derived in outcome.derived),
            *_merge_activities(directory),
        ],
        calls=[call for outcome in outcomes.values() for call in outcome.calls],
        merges=_with_final_ids(directory),
        suggestions=_open_suggestions(resolver),
        whole=True,
        newly_shared=frozenset(newly_shared),
    )


def _is_late(contacts: Iterable[Contact], activities: Sequence[Activity], rulebook: Rulebook) -> bool:
    """Whether something of the component happened after the first of `activities`.

    When segments were published every contact was looked at: that has happened, too.
    """
    first = activities[0]
    for contact in contacts:
        if rulebook.last_boundary is not None and first.happened_at < rulebook.last_boundary:
            return True
        clock = contact.state.clock
        if clock is not None and first.moment <= clock:
            return True
        if contact.state.passed is not None and first.happened_at < contact.state.passed:
            return True
    return False


def _corrects(contacts: Iterable[Contact], activities: Sequence[Activity]) -> bool:
    """Whether the shop's server reports orders that a browser had reported before."""
    return any(corrects_browser(contact.state, activity) for contact in contacts for activity in activities)


def _place_all(resolver: Resolver, activities: Iterable[Activity]) -> list[Placement]:
    placements = []
    for activity in activities:
        try:
            placements.append(resolver.place(activity))
        except Exception as error:
            raise FoldFailed(activity.id, f"{type(error).__name__}: {error}") from error
    resolver.settle()
    return placements


def _mark_forgotten(placements: list[Placement], deletions: Sequence[Deleted]) -> list[Placement]:
    """Mark what was done by those who were deleted afterwards."""
    if not deletions:
        return placements
    return [
        replace(placement, forgotten=True)
        if any(
            placement.contact in deleted.contacts and placement.activity.moment < deleted.moment
            for deleted in deletions
        )
        else placement
        for placement in placements
    ]


def _renamed(placements: list[Placement], directory: Directory) -> list[Placement]:
    """Place what an anonymous contact did on the contact that it was identified as."""
    if not directory.renames:
        return placements
    names = directory.renames
    return [
        replace(placement, contact=names[placement.contact]) if placement.contact in names else placement
        for placement in placements
    ]


def _split(placements: list[Placement], resolver: Resolver) -> list[Placement]:
    """Place what users split off on the contacts that they made of it."""
    for split in resolver.manual.splits:
        placements = [
            Placement(placement.activity, split.new, forgotten=placement.forgotten)
            if split.takes(placement)
            else placement
            for placement in placements
        ]
    return placements


def _record_moved(placements: Iterable[Placement], resolver: Resolver) -> None:
    """Record on people which activities are theirs in the stream of another, and the other way round.

    Only now it is certain whose they are: a split moves nothing of a contact that was never merged, and
    what was moved may have come back with its contact.
    """
    splits = [split for split in resolver.manual.splits if split.activities]
    for placement in placements if splits else ():
        activity = placement.activity
        if not any(split.names(activity) for split in splits):
            continue
        holder = resolver.directory.survivor(placement.contact)
        for person in resolver.directory.people.values():
            its_stream = any(span.covers(activity.stream, activity.happened_at) for span in person.spans)
            if its_stream and person.id != holder:
                person.split_off.append(activity.id)
            elif person.id == holder and not its_stream and not placement.forgotten:
                person.taken_over.append(activity.id)


def _fold_all(
    placements: Iterable[Placement],
    rulebook: Rulebook,
    *,
    states: dict[ContactId, ContactState],
    until: datetime | None,
) -> dict[ContactId, Outcome]:
    by_contact: dict[ContactId, list[Placement]] = {}
    for placement in placements:
        by_contact.setdefault(placement.contact, []).append(placement)
    return {
        contact: fold(states.get(contact), placed, rulebook, contact=contact, until=until)
        for contact, placed in by_contact.items()
    }


def _unfolded_state(person: Person, rulebook: Rulebook) -> ContactState:
    """The state of a contact that was named by claims and did nothing itself."""
    return ContactState(
        active_at=person.first_seen,
        first_seen=person.first_seen,
        identified=person.identified,
        external_id=person.identity(IdentityKind.EXTERNAL_ID),
        upkeep=rulebook.present.upkeep,
    )


def _open_suggestions(resolver: Resolver) -> list[Suggested]:
    """Suggestions between contacts that are still two, each pair once."""
    directory = resolver.directory
    pairs: dict[tuple[ContactId, ContactId], Suggested] = {}
    for suggestion in resolver.suggestions:
        one, other = sorted(directory.survivor(contact) for contact in suggestion.pair)
        if one == other or not directory.people.keys() >= {one, other}:
            continue
        if not resolver.separations.are_apart(directory.people[one], directory.people[other]):
            pairs.setdefault((one, other), replace(suggestion, pair=(one, other)))
    return list(pairs.values())


def _with_final_ids(directory: Directory) -> list[Merged]:
    """The merges, with the winners' ids as they are now."""
    names = directory.renames
    return [replace(merge, winner=names.get(merge.winner, merge.winner)) for merge in directory.merges]


def _merge_activities(directory: Directory) -> list[Derived]:
    return [
        Derived(
            id=derived_id(ActivityId(merge.cause), f"merged:{merge.loser}"),
            type="contacts_merged",
            contact=directory.survivor(merge.winner),
            happened_at=merge.at,
            cause=merge.cause,
            properties={"from": merge.loser, "into": merge.winner},
        )
        for merge in directory.merges
    ]
