"""The results of a fold as database writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateOne

from engine.db import Db, contact_codec
from engine.db.contact_codec import BSON_TYPES, held_keys
from engine.db.installation import lane_count, namespace
from engine.db.leases import Basis
from engine.domain import daily_figures
from engine.domain.activities import DERIVED_STREAM, ContactId, derived_stream
from engine.domain.document import Document
from engine.domain.folding.component import Contact, FoldedComponent
from engine.domain.folding.outcome import Call, Derived
from engine.domain.identity.people import Suggested, contact_id_of
from engine.domain.opt_in import REMINDS
from engine.domain.rulebook import Rulebook
from engine.domain.scoring import LedgerEntry
from engine.domain.segments import SEGMENT_ENTERED
from engine.pipeline import tombstones
from engine.pipeline.commit import Write, Writes
from engine.pipeline.groups import Group

Components = dict[ContactId, tuple[ContactId, bool]]
Refolded = tuple[Group, FoldedComponent]

CALL_WITHIN = timedelta(hours=24)
"""Older activities call no webhook, however late they arrive."""


@dataclass(frozen=True)
class Folding:
    """The inputs shared by all groups of a batch."""

    db: Db
    rulebook: Rulebook
    namespace: bytes
    lanes: int
    now: datetime
    basis: Basis

    @classmethod
    def begin(cls, db: Db, rulebook: Rulebook, now: datetime) -> Folding:
        """Before anything is read that is folded: what comes later is a conflict at the commit."""
        basis = Basis(rulebook.present.version, tombstones.number(db))
        return cls(db, rulebook, namespace(db), lane_count(db), now, basis)


def add_changes(folding: Folding, group: Group, settled: FoldedComponent, writes: Writes) -> None:
    """Add to `writes` what a step has changed."""
    _write_contacts(folding, group, settled, writes)
    add_results(folding, settled.ledger, settled.derived, settled.calls, writes)
    for suggested in settled.suggestions:
        row = _suggestion_row(suggested)
        writes.suggestions.append(UpdateOne({"_id": row["_id"]}, {"$setOnInsert": row}, upsert=True))


def add_results(
    folding: Folding,
    ledger: Iterable[LedgerEntry],
    derived: Iterable[Derived],
    calls: Iterable[Call],
    writes: Writes,
) -> None:
    """Add to `writes` what is new and follows from what is new."""
    writes.ledger.extend(InsertOne(_ledger_row(entry)) for entry in ledger)
    rows = [_derived_row(found) for found in derived]
    writes.derived.extend(map(InsertOne, rows))
    writes.stale_hours |= daily_figures.hours_of_status_changes([], rows)
    _add_calls(folding, calls, writes)


def _add_calls(folding: Folding, calls: Iterable[Call], writes: Writes) -> None:
    """Add calls to the outbox, each once even if folded again; none for past activities.

    A reminder goes out only if the request itself did.
    """
    recent = [call for call in calls if call.happened_at > folding.now - CALL_WITHIN]
    requests = sorted({call.activity[REMINDS] for call in recent if REMINDS in call.activity})
    made = folding.db.outbox.distinct("_id", {"_id": {"$in": requests}}) if requests else []
    for call in recent:
        if REMINDS not in call.activity or call.activity[REMINDS] in made:
            row = {
                **msgspec.to_builtins(call, builtin_types=BSON_TYPES),
                "state": "waiting",
                "due_at": folding.now,
            }
            id_ = row.pop("id")
            writes.calls.append(UpdateOne({"_id": id_}, {"$setOnInsert": row}, upsert=True))


def replace_results(folding: Folding, refolded: Sequence[Refolded], writes: Writes) -> None:
    """Add to `writes` the difference that folding again makes to all that follows from history.

    What is there now is read once for all groups, one query a collection.
    """
    present = _Present.of(folding.db, refolded)
    for group, settled in refolded:
        _write_contacts(folding, group, settled, writes)
        _replace(present, group, settled, writes, namespace=folding.namespace)
        stored = _of(present.derived, _contacts_of(group, settled))
        calls = (
            call
            for call in settled.calls
            if _follows_from_news(call, group, settled) and not _was_announced(call, group, stored, settled)
        )
        _add_calls(folding, calls, writes)


def _follows_from_news(call: Call, group: Group, settled: FoldedComponent) -> bool:
    """Whether a call follows from a new activity, be it that an old one now leads to more.

    Another lane may apply an identification before the visit that it merges, which came first.
    """
    if REMINDS in call.activity or any(activity.id == call.root for activity in group.activities):
        return True
    by_time = call.root.startswith(f"{call.contact}@")
    by_merging = any(merge.cause == call.root for merge in settled.merges)
    if by_time or not (by_merging or call.activity["type"] == SEGMENT_ENTERED):
        return False
    return any(activity.happened_at <= call.happened_at for activity in group.activities)


def _was_announced(call: Call, group: Group, stored: Iterable[Document], settled: FoldedComponent) -> bool:
    """Whether this is an entry into a segment that was there before, with another date."""
    if call.activity["type"] != SEGMENT_ENTERED:
        return False
    segment = call.activity["properties"]["segment"]
    present = (row.get("segments", {}).get(segment) for row in group.documents.values())
    if any(since is not None and since >= call.happened_at for since in present):
        return True
    kept = {derived.id for derived in settled.derived}
    return any(
        row["type"] == SEGMENT_ENTERED and row["properties"]["segment"] == segment and row["_id"] not in kept
        for row in stored
    )


def _write_contacts(folding: Folding, group: Group, settled: FoldedComponent, writes: Writes) -> None:
    components = _components(group, settled)
    for contact in settled.contacts.values():
        component, linked = components[contact.person.id]
        document = contact_codec.encode(
            contact, component=component, linked=linked, lanes=folding.lanes, now=folding.now
        )
        write_contact(writes, document, group.documents.get(contact.person.id))
    _settle_untouched(group, settled, components, writes)
    writes.shared_devices.extend(
        UpdateOne({"_id": tracker}, {"$setOnInsert": {"_id": tracker}}, upsert=True)
        for tracker in sorted(settled.newly_shared)
    )


def write_contact(writes: Writes, new: Document, old: Document | None) -> None:
    """Write a contact under the version that was read, letting go of lost keys first."""
    hours = daily_figures.hours_of_orders(old, new)
    if hours:
        writes.stale_hours |= hours
        writes.changed_orders.add(new["_id"])
    if old is None:
        writes.contacts.append(InsertOne({**new, "v": 1}))
        return
    lost = set(old.get("keys", ())) - set(new.get("keys", ()))
    version = old["v"]
    if lost:
        writes.letting_go.append(_guarded(new["_id"], version, _without_keys(old, lost)))
        version += 1
    writes.contacts.append(_guarded(new["_id"], version, contact_codec.difference(old, new)))


def _without_keys(old: Document, lost: set[str]) -> Document:
    """The update by which a contact gives keys up.

    Without any left it has no list of keys: the unique index takes empty lists for equal values.
    """
    if lost.issuperset(old["keys"]):
        return {"$unset": {"keys": ""}}
    return {"$pull": {"keys": {"$in": sorted(lost)}}}


def _guarded(contact: ContactId, version: int, update: Document) -> UpdateOne:
    """An update that matches only the version that was read."""
    return UpdateOne({"_id": contact, "v": version}, {**update, "$inc": {"v": 1}})


def _components(group: Group, settled: FoldedComponent) -> Components:
    """The component of each living contact, and whether others are in it.

    A shared device is apart: it connects nothing.
    """
    living = set(settled.contacts) if settled.whole else set(settled.contacts) | set(group.documents)
    apart = {id_ for id_, contact in settled.contacts.items() if contact.person.on_shared_device}
    together = living - apart
    name = min(together, default=ContactId(""))
    return {
        **{id_: (id_, False) for id_ in apart},
        **{id_: (name, len(together) > 1) for id_ in together},
    }


def _settle_untouched(group: Group, settled: FoldedComponent, components: Components, writes: Writes) -> None:
    """Contacts that were read and are not in the result: gone, or as they were.

    Those that stay are held on to if a claim was decided on them.
    """
    for id_, row in group.documents.items():
        if id_ in settled.contacts:
            continue
        if settled.whole:
            writes.leaving.append(DeleteOne({"_id": id_, "v": row["v"]}))
            writes.stale_hours |= daily_figures.hours_of_orders(row, None)
            continue
        component, linked = components[id_]
        moves = row["component"] != component
        if moves or group.has_claims:
            change = {"$set": {"component": component, "linked": linked}} if moves else {}
            writes.contacts.append(_guarded(id_, row["v"], change))


@dataclass(frozen=True)
class _Present:
    """The stored state of the contacts that were folded again, by contact."""

    ledger: dict[ContactId, list[Document]]
    derived: dict[ContactId, list[Document]]
    suggestions: dict[ContactId, list[Document]]
    redirects: dict[ContactId, list[Document]]
    """By the contact that they lead to, and by their own id."""

    @classmethod
    def of(cls, db: Db, refolded: Sequence[Refolded]) -> _Present:
        contacts = sorted({id_ for group, settled in refolded for id_ in _contacts_of(group, settled)})
        losers = {merge.loser for _, settled in refolded for merge in settled.merges}
        streams = [derived_stream(contact) for contact in contacts]
        named = {"$or": [{"into": {"$in": contacts}}, {"_id": {"$in": sorted(losers.union(contacts))}}]}
        return cls(
            ledger=_by(db.ledger.find({"contact": {"$in": contacts}}), lambda row: [row["contact"]]),
            derived=_by(
                db.activities.find({"stream": {"$in": streams}}),
                lambda row: [ContactId(row["stream"].removeprefix(DERIVED_STREAM))],
            ),
            suggestions=_by(
                db.suggestions.find({"contacts": {"$in": contacts}}), lambda row: row["contacts"]
            ),
            redirects=_by(db.merges.find(named), lambda row: [row["into"], row["_id"]]),
        )


def _by(
    rows: Iterable[Document], contacts: Callable[[Document], Iterable[ContactId]]
) -> dict[ContactId, list[Document]]:
    found: dict[ContactId, list[Document]] = {}
    for row in rows:
        for contact in contacts(row):
            found.setdefault(contact, []).append(row)
    return found


def _of(found: dict[ContactId, list[Document]], contacts: Iterable[ContactId]) -> list[Document]:
    """The rows of some contacts, each once."""
    return list({row["_id"]: row for contact in contacts for row in found.get(contact, ())}.values())


def _contacts_of(group: Group, settled: FoldedComponent) -> set[ContactId]:
    return {*group.documents, *settled.contacts}


def _replace(
    present: _Present, group: Group, settled: FoldedComponent, writes: Writes, *, namespace: bytes
) -> None:
    contacts = _contacts_of(group, settled)
    suggestions = _of(present.suggestions, contacts)
    dismissed = {row["_id"] for row in suggestions if row.get("dismissed_at")}
    suggested = [row for row in map(_suggestion_row, settled.suggestions) if row["_id"] not in dismissed]
    kept = dismissed | _found_by_search(suggestions, made=suggested, gone=contacts - set(settled.contacts))
    open_ = [row for row in suggestions if row["_id"] not in kept]
    writes.ledger.extend(_replace_all(_of(present.ledger, contacts), map(_ledger_row, settled.ledger)))
    derived, stored = list(map(_derived_row, settled.derived)), _of(present.derived, contacts)
    writes.derived.extend(_replace_all(stored, derived))
    writes.stale_hours |= daily_figures.hours_of_status_changes(stored, derived)
    writes.suggestions.extend(_replace_all(open_, suggested))
    redirects = _of(present.redirects, contacts.union(merge.loser for merge in settled.merges))
    before = {row["_id"] for row in redirects if row["kind"] == "merged"}
    writes.merged += len({merge.loser for merge in settled.merges} - before)
    writes.merges.extend(_redirects(group, settled, redirects, namespace=namespace))


def _found_by_search(
    suggestions: Iterable[Document], *, made: Iterable[Document], gone: set[ContactId]
) -> set[str]:
    """The suggestions that the nightly search found and no activity makes, between contacts that exist."""
    by_fold = {row["_id"] for row in made}
    return {
        row["_id"]
        for row in suggestions
        if row.get("found_by") and row["_id"] not in by_fold and gone.isdisjoint(row["contacts"])
    }


def _replace_all(existing: Iterable[Document], target: Iterable[Document]) -> list[Write]:
    """The writes that turn existing rows into the target rows, by `_id`."""
    before = {row["_id"]: row for row in existing}
    after = {row["_id"]: row for row in target}
    new: list[Write] = [InsertOne(row) for id_, row in after.items() if id_ not in before]
    changed = [
        ReplaceOne({"_id": id_}, row) for id_, row in after.items() if id_ in before and before[id_] != row
    ]
    return [*new, *changed, *(DeleteOne({"_id": id_}) for id_ in before if id_ not in after)]


# Redirects: ids that lead on


def _redirects(
    group: Group, settled: FoldedComponent, redirects: Iterable[Document], *, namespace: bytes
) -> list[Write]:
    """Redirect every id that was ever shown to its surviving contact.

    Besides merges there are new names: a contact that is identified, or turns out to have been
    identified by something else.  An old id leads to the holder of the key that it follows from.
    """
    existing = {row["_id"]: row for row in redirects}
    target = {row["_id"]: row for row in _merge_rows(group, settled, existing)}
    named = _named_by(settled, namespace)
    for id_, row in {**existing, **group.documents}.items():
        if id_ not in target and id_ not in settled.contacts:
            into = named.get(id_) or named.get(row.get("into", "")) or _heir(row, settled)
            target[id_] = {"_id": id_, "kind": "renamed", "into": into}
    return _replace_all(existing.values(), target.values())


def _named_by(settled: FoldedComponent, namespace: bytes) -> dict[ContactId, ContactId]:
    """The living contact of each id: of its own, and of those that follow from a key that it holds."""
    persons = [contact.person for contact in settled.contacts.values()]
    return {
        **{old: person.id for person in persons for old in person.ids()},
        **{contact_id_of(key, namespace): person.id for person in persons for key in person.keys()},
        **{person.id: person.id for person in persons},
    }


def _merge_rows(
    group: Group, settled: FoldedComponent, existing: dict[ContactId, Document]
) -> Iterable[Document]:
    into = {merge.loser: merge.winner for merge in settled.merges}
    for merge in settled.merges:
        survivor = merge.winner
        while survivor in into:
            survivor = into[survivor]
        known = existing.get(merge.loser, {}).get("had")
        yield {
            "_id": merge.loser,
            "kind": "merged",
            "into": survivor,
            "at": merge.at,
            "cause": merge.cause,
            "had": known or _had(group, merge.loser, merge.winner),
        }


def _had(group: Group, *sides: ContactId) -> list[Document]:
    """The state of each side when the merge was first written, for the record and for undo."""
    return [
        {name: row[name] for name in _RECORDED if name in row}
        for row in (group.documents.get(side, {"_id": side}) for side in sides)
    ]


_RECORDED = (
    "_id", "email", "mobile_phone", "external_id", "first_name", "last_name", "custom", "points",
    "statuses", "first_seen", "last_seen", "spans", "activities",
)  # fmt: skip


def _heir(row: Document, settled: FoldedComponent) -> ContactId:
    """The contact that now holds what `row` held."""
    for contact in settled.contacts.values():
        if held_keys(row).intersection(contact.person.keys()):
            return contact.person.id
    return min(settled.contacts)


# Rows


def _ledger_row(entry: LedgerEntry) -> Document:
    row: Document = msgspec.to_builtins(entry, builtin_types=(datetime,))
    if entry.losses:
        row["losses"] = [list(loss) for loss in entry.losses]
    return {"_id": entry.id, **row}


def _derived_row(derived: Derived) -> Document:
    return {
        "_id": derived.id,
        "type": derived.type,
        "stream": derived_stream(derived.contact),
        "lane": -1,
        "state": "applied",
        "happened_at": derived.happened_at,
        "received_at": derived.happened_at,
        "derived": True,
        "cause": derived.cause,
        "properties": derived.properties,
    }


def _suggestion_row(suggested: Suggested) -> Document:
    return {
        "_id": ":".join(suggested.pair),
        "contacts": list(suggested.pair),
        "cause": suggested.cause,
        "at": suggested.at,
        "reason": suggested.reason,
    }


def document_of(folding: Folding, contact: Contact, *, like: Document) -> Document:
    """A contact's document when nothing but its state has changed."""
    return contact_codec.encode(
        contact,
        component=like["component"],
        linked=like.get("linked", False),
        lanes=folding.lanes,
        now=folding.now,
    )
