"""The merges in force, of one contact or of all, each with its cause and what each side had."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts.contact_rows import rows_of
from engine.contacts.editing.edit import name_of
from engine.contacts.merging.merge_activities import winner_of
from engine.contacts.viewer_mask import masks
from engine.db import Db
from engine.db.keyset import Cursor, Sort, cursor_after, latest_after
from engine.domain import masking
from engine.domain.activities import ActivityId, ContactId
from engine.domain.document import Document
from engine.domain.identity.merge_decisions import JOINED
from engine.domain.rulebook import Ruleset
from engine.rules import versions

PAGE = 50

OF_CONTACT = 100
"""Merges of one contact that its sheet shows."""

ORDER = Sort("at", "Merged", "at")
_MERGED: Document = {"kind": "merged"}


class Cause(msgspec.Struct, frozen=True):
    """The activity that caused a merge: its type's label, or the user who merged by hand, with the reason."""

    id: ActivityId
    label: str
    by_hand: bool
    author: str = ""
    reason: str = ""


class Merge(msgspec.Struct, frozen=True):
    """A merge: `loser` became `winner` then, and leads to `into` now.

    Parameters:
      name: The display name of the loser as it was recorded; empty for an anonymous one.
      into_name: The display name of the contact that it leads to now.
      had: What each side had when it was first recorded, the loser first.
    """

    loser: ContactId
    winner: ContactId
    into: ContactId
    at: datetime
    cause: Cause
    name: str
    into_name: str
    had: list[dict[str, Any]]


class MergePage(msgspec.Struct, frozen=True):
    """A page of merges; `next` is the position of the following page."""

    merges: list[Merge]
    next: Cursor | None


def of_contact(actor: Actor, contact: ContactId) -> list[Merge]:
    """Return the merges that made a contact, the latest first, OF_CONTACT at most.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    found = actor.db.merges.find({"into": contact, **_MERGED}).sort([("at", -1), ("_id", -1)])
    return _merges(actor, list(found.limit(OF_CONTACT)))


def page(actor: Actor, *, after: Cursor | None = None, limit: int = PAGE) -> MergePage:
    """Return a page of all merges, the latest first.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    found = list(latest_after(actor.db.merges, _MERGED, ORDER, after, limit=limit + 1))
    more = len(found) > limit
    shown = found[:limit]
    return MergePage(_merges(actor, shown), cursor_after(shown[-1], ORDER.id, ORDER.stored) if more else None)


def walk(actor: Actor, *, limit: int) -> Iterator[Merge]:
    """Iterate over merges, the latest first, `limit` at most.  Raises NotAllowed."""
    after: Cursor | None = None
    while limit > 0:
        found = page(actor, after=after, limit=min(limit, PAGE))
        yield from found.merges
        limit, after = limit - len(found.merges), found.next
        if after is None:
            return


def _merges(actor: Actor, rows: Sequence[Document]) -> list[Merge]:
    ruleset = versions.current(actor.db)
    causes = _causes(actor.db, (row["cause"] for row in rows), ruleset)
    living = rows_of(actor.db, {row["into"] for row in rows})
    names = {
        id_: row.name or row.email or row.mobile_phone or row.external_id or "" for id_, row in living.items()
    }
    found = [_merge(row, causes, names) for row in rows]
    return [_masked(merge) for merge in found] if masks(actor) else found


def _merge(row: Document, causes: Mapping[str, Cause], names: Mapping[ContactId, str]) -> Merge:
    had: list[Document] = list(row.get("had", ()))
    unknown = Cause(ActivityId(row["cause"]), "", by_hand=False)
    into = ContactId(row["into"])
    return Merge(
        loser=ContactId(row["_id"]),
        winner=winner_of(row),
        into=into,
        at=row["at"],
        cause=causes.get(row["cause"], unknown),
        name=(name_of(had[0]) or str(had[0].get("external_id") or "")) if had else "",
        into_name=names.get(into, ""),
        had=had,
    )


def _causes(db: Db, ids: Iterable[str], ruleset: Ruleset) -> dict[str, Cause]:
    found = db.activities.find({"_id": {"$in": list(ids)}}, {"type": 1, "properties": 1})
    return {row["_id"]: _cause(row, ruleset) for row in found}


def _cause(row: Document, ruleset: Ruleset) -> Cause:
    properties = row.get("properties") or {}
    by_hand = row["type"] == JOINED
    return Cause(
        id=ActivityId(row["_id"]),
        label=ruleset.catalog.label(row["type"]),
        by_hand=by_hand,
        author=str(properties.get("author", "")) if by_hand else "",
        reason=str(properties.get("reason", "")) if by_hand else "",
    )


def _masked(merge: Merge) -> Merge:
    """A merge with the personal data masked; what each side had is left out."""
    cause = msgspec.structs.replace(merge.cause, reason="")
    return msgspec.structs.replace(
        merge,
        cause=cause,
        name=_masked_text(merge.name),
        into_name=_masked_text(merge.into_name),
        had=[],
    )


def _masked_text(name: str) -> str:
    """A display name masked, which may be an email, a number or an id."""
    if "@" in name:
        return masking.masked_email(name)
    if any(character.isdigit() for character in name):
        return masking.HIDDEN
    return masking.masked_name(name)
