"""Suggested merges for a user: pairs of contacts that may be one person, to be accepted or dismissed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from engine.accounts import audit
from engine.accounts.actor import Actor
from engine.accounts.audit import Change, Subject
from engine.accounts.permissions import Permission
from engine.contacts.contact_lookup import living_contact
from engine.contacts.merging import duplicate_search, merge_service, suggestion_rows
from engine.contacts.merging.comparison import Side, default_survivor, masked_side, side_of
from engine.contacts.merging.duplicate_search import DuplicateReport
from engine.contacts.merging.merge_errors import InvalidMerge, SuggestionDecided, SuggestionNotFound
from engine.contacts.merging.suggestion_reasons import reason_words
from engine.contacts.viewer_mask import masks
from engine.db import Db, contact_codec
from engine.db.contact_codec import LIVING
from engine.db.keyset import Cursor, Sort, cursor_after, latest_after
from engine.domain.activities import ActivityId, ContactId
from engine.domain.document import Document
from engine.domain.folding.component import Contact
from engine.domain.rulebook import Ruleset
from engine.rules import versions

PAGE = 20

COUNTED = 100
"""Suggestions that are counted; beyond them the count is a minimum."""

ORDER = Sort("at", "Suggested", "at")

Pair = tuple[ContactId, ContactId]


class Suggestion(msgspec.Struct, frozen=True):
    """A suggested merge.

    Parameters:
      pair: The two contacts; the first is the one that survives unless the user chooses.
      sides: The same two with their values, in the same order.
      reason: Why, as a code; `why` says it in words, without personal data for masked users.
      cause: The activity that says so; unset if the nightly search found it.
      dismissed_at: When it was dismissed, by which user and why; unset while it is open.
    """

    id: str
    pair: Pair
    sides: tuple[Side, Side]
    reason: str
    why: str
    at: datetime
    cause: ActivityId | None
    dismissed_at: datetime | None = None
    dismissed_by: str = ""
    dismissed_why: str = ""


class SuggestionPage(msgspec.Struct, frozen=True):
    """A page of suggestions; `next` is the position of the following page."""

    suggestions: list[Suggestion]
    next: Cursor | None


class Total(msgspec.Struct, frozen=True):
    """The number of open suggestions; the least there are unless `exact`."""

    count: int
    exact: bool


def count(actor: Actor) -> Total:
    """Count the open suggestions, up to COUNTED.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    found = list(actor.db.suggestions.find(suggestion_rows.OPEN, {"contacts": 1}).limit(COUNTED + 1))
    if len(found) > COUNTED:
        return Total(COUNTED, exact=False)
    living = suggestion_rows.living_among(actor.db, {id_ for row in found for id_ in row["contacts"]})
    return Total(sum(living.issuperset(row["contacts"]) for row in found), exact=True)


def page(
    actor: Actor, *, after: Cursor | None = None, limit: int = PAGE, dismissed: bool = False
) -> SuggestionPage:
    """Return a page of the open suggestions, or of the dismissed ones, the latest first.  Raises NotAllowed.

    Pairs of which a contact was deleted or merged meanwhile are left out.
    """
    actor.require(Permission.SEE)
    found: list[Suggestion] = []
    position: Cursor | None = after
    while True:
        left, state = limit - len(found), _state(dismissed)
        rows = list(latest_after(actor.db.suggestions, state, ORDER, position, limit=left + 1))
        more = len(rows) > left
        rows = rows[:left]
        found += _suggestions(actor, rows)
        position = cursor_after(rows[-1], ORDER.id, ORDER.stored) if rows and more else None
        if position is None or len(found) >= limit:
            return SuggestionPage(found, position)


def walk(actor: Actor, *, limit: int, dismissed: bool = False) -> Iterator[Suggestion]:
    """Iterate over suggestions, the latest first, `limit` at most.  Raises NotAllowed."""
    after: Cursor | None = None
    while limit > 0:
        found = page(actor, after=after, limit=min(limit, PAGE), dismissed=dismissed)
        yield from found.suggestions
        limit, after = limit - len(found.suggestions), found.next
        if after is None:
            return


def accept(
    actor: Actor, id_: str, *, survivor: ContactId | None = None, activity: ActivityId, reason: str = ""
) -> frozenset[int]:
    """Merge the contacts of a suggestion, once for the activity's id; return the lanes that have work by it.

    `survivor` is the contact whose values win; unset, the identified or older one.  Raises NotAllowed,
    SuggestionNotFound, SuggestionDecided, ContactNotFound, InvalidMerge, Unavailable.
    """
    actor.require(Permission.MERGE)
    with audit.recorded(
        actor,
        "accepted a suggested merge",
        subject=Subject("suggested merge", id_),
        changes=[Change("survivor", None, survivor)] if survivor is not None else [],
        reason=reason,
        id_=f"edit:{activity}",
    ):
        stored = actor.db.activities.find_one({"_id": activity}, {"lane": 1})
        if stored is not None:
            return frozenset({stored["lane"]})
        row = _undecided(actor.db, id_)
        kept, gone = _ordered(actor, row, survivor)
        suggestion = suggestion_rows.kept_with_merge(row)
        lanes = merge_service.join(actor, kept, gone, id_=activity, reason=reason, suggestion=suggestion)
        suggestion_rows.accepted(actor.db, id_, activity)
        return lanes


def dismiss(actor: Actor, id_: str, *, reason: str = "") -> None:
    """Dismiss a suggestion for good: the pair is never suggested again.

    Raises NotAllowed, SuggestionNotFound, SuggestionDecided.
    """
    actor.require(Permission.MERGE)
    with audit.recorded(
        actor, "dismissed a suggested merge", subject=Subject("suggested merge", id_), reason=reason
    ):
        row = _undecided(actor.db, id_)
        decision = {
            "dismissed_at": actor.now,
            "dismissed_by": actor.user.id,
            "dismissed_by_name": actor.user.name,
            "dismissed_why": reason.strip(),
        }
        actor.db.suggestions.update_one({"_id": row["_id"]}, {"$set": decision})


def reopen(actor: Actor, id_: str) -> None:
    """Undo the dismissal of a suggestion.  Raises NotAllowed, SuggestionNotFound."""
    actor.require(Permission.MERGE)
    with audit.recorded(actor, "reopened a suggested merge", subject=Subject("suggested merge", id_)):
        gone = dict.fromkeys(("dismissed_at", "dismissed_by", "dismissed_by_name", "dismissed_why"), "")
        if not actor.db.suggestions.update_one({"_id": id_}, {"$unset": gone}).matched_count:
            raise SuggestionNotFound(id_)


def find_duplicates(actor: Actor) -> DuplicateReport:
    """Search for duplicates now, as every night.  Raises NotAllowed."""
    actor.require(Permission.MERGE)
    with audit.recorded(actor, "searched for duplicates", subject=Subject("suggested merge", "all contacts")):
        return duplicate_search.search(actor.db, now=actor.now)


# Reading


def _state(dismissed: bool) -> Document:
    return {"dismissed_at": {"$type": "date"}} if dismissed else suggestion_rows.OPEN


def _suggestions(actor: Actor, rows: Sequence[Document]) -> list[Suggestion]:
    ids = {id_ for row in rows for id_ in row["contacts"]}
    living = {
        ContactId(row["_id"]): contact_codec.decode(row)
        for row in actor.db.contacts.find({"_id": {"$in": sorted(ids)}, **LIVING})
    }
    ruleset, hidden = versions.current(actor.db), masks(actor)
    return [
        _suggestion(row, living, ruleset, now=actor.now, hidden=hidden)
        for row in rows
        if all(id_ in living for id_ in row["contacts"])
    ]


def _suggestion(
    row: Document, living: Mapping[ContactId, Contact], ruleset: Ruleset, *, now: datetime, hidden: bool
) -> Suggestion:
    one, other = (living[id_] for id_ in row["contacts"])
    kept = default_survivor(one, other, now=now)
    first, second = (one, other) if kept == one.person.id else (other, one)
    sides = (side_of(first, ruleset), side_of(second, ruleset))
    evidence: Mapping[str, Any] = {} if hidden else row.get("evidence", {})
    reason = str(row.get("reason", ""))
    cause = row.get("cause")
    return Suggestion(
        id=row["_id"],
        pair=(first.person.id, second.person.id),
        sides=(masked_side(sides[0]), masked_side(sides[1])) if hidden else sides,
        reason=reason,
        why=reason_words(reason, evidence),
        at=row["at"],
        cause=None if cause is None else ActivityId(cause),
        dismissed_at=row.get("dismissed_at"),
        dismissed_by=str(row.get("dismissed_by_name", "")),
        dismissed_why="" if hidden else str(row.get("dismissed_why", "")),
    )


def _undecided(db: Db, id_: str) -> Document:
    row = db.suggestions.find_one({"_id": id_})
    if row is None:
        raise SuggestionNotFound(id_)
    if row.get("dismissed_at") is not None or row.get("accepted_by") is not None:
        raise SuggestionDecided(id_, str(row.get("dismissed_by_name", "")))
    return row


def _ordered(actor: Actor, row: Document, survivor: ContactId | None) -> Pair:
    """The contacts of a suggestion, the one that survives first."""
    one, other = (living_contact(actor.db, ContactId(id_)) for id_ in row["contacts"])
    if survivor is not None and survivor not in row["contacts"]:
        raise InvalidMerge("the contact that survives must be one of the two")
    decoded = (contact_codec.decode(one), contact_codec.decode(other))
    kept = survivor or default_survivor(*decoded, now=actor.now)
    return (kept, ContactId(other["_id"] if kept == one["_id"] else one["_id"]))
