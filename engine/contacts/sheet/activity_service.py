"""Reading what a contact did, and where its points come from, for a person.

Checked for their role, and masked for viewers if the account says so: a search then finds
what is shown under the mask and nothing else, so that no guess can be confirmed by it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts.sheet import activity_counts, points, timelines
from engine.contacts.sheet.activity_counts import Counts
from engine.contacts.sheet.points import DayOfPoints, Given, LedgerPage, Outlook
from engine.contacts.sheet.reading import masks
from engine.contacts.sheet.timeline_rows import TimelineRow, whole
from engine.contacts.sheet.timelines import EVERYTHING, SCANNED, TimelinePage, Wanted
from engine.domain import masking
from engine.domain.activities import ContactId
from engine.domain.activity_types import ActivityCatalog
from engine.rules import rulesets

Document = dict[str, Any]


def timeline(
    actor: Actor,
    contact: ContactId,
    *,
    wanted: Wanted = EVERYTHING,
    before: str | None = None,
    limit: int = 50,
    scan: int = SCANNED,
) -> TimelinePage:
    """A contact's activities, the newest first.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    catalog = rulesets.current(actor.db).catalog

    def masked(row: TimelineRow) -> TimelineRow:
        return masked_activity(row, catalog)

    shown = masked if masks(actor) else whole
    return timelines.timeline(
        actor.db, contact, wanted=wanted, before=before, limit=limit, scan=scan, shown=shown
    )


def counts(actor: Actor, contact: ContactId) -> Counts:
    """How much a contact did, by type and by day.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    found = activity_counts.counts(actor.db, contact)
    if not masks(actor):
        return found
    types = [msgspec.structs.replace(type_, label=_plain(type_.label)) for type_ in found.types]
    return msgspec.structs.replace(found, types=types)


def ledger(
    actor: Actor,
    contact: ContactId,
    *,
    before: str | None = None,
    limit: int = 20,
) -> LedgerPage:
    """The entries behind a contact's points, the newest first.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    found = points.ledger(actor.db, contact, now=actor.now, before=before, limit=limit)
    if not masks(actor):
        return found
    catalog = rulesets.current(actor.db).catalog
    return msgspec.structs.replace(found, rows=[_masked_entry(row, catalog) for row in found.rows])


def course(actor: Actor, contact: ContactId, *, total: int) -> list[DayOfPoints]:
    """A contact's points over the time, `total` of them now, and what changed them.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    return points.course(actor.db, contact, total=total, now=actor.now)


def outlook(actor: Actor, contact: ContactId) -> Outlook:
    """What will become of a contact's points by time alone.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    return points.outlook(actor.db, contact, now=actor.now)


# Masked


def masked_activity(row: TimelineRow, catalog: ActivityCatalog) -> TimelineRow:
    """A line of the timeline; its summary is made anew of what is left.

    What Contact Sheets itself notes of statuses and segments keeps its words.
    """
    details = masking.masked_details(row.type, row.details, catalog)
    named = row.type in ("status_changed", "segment_entered", "segment_left")
    summary = (
        masking.without_addresses(row.summary)
        if named
        else catalog.summary(row.type, _told(details.get("properties", {})))
    )
    undone = None if row.undone is None else msgspec.structs.replace(row.undone, reason="")
    return msgspec.structs.replace(
        row, id=_plain(row.id), label=_plain(row.label), details=details, summary=summary, undone=undone
    )


def _masked_entry(row: Given, catalog: ActivityCatalog) -> Given:
    """An entry of the ledger without what its activity says of a person."""
    said = masking.masked_properties(row.activity_type, row.said, catalog)
    return msgspec.structs.replace(
        row,
        id=_plain(row.id),
        activity=_plain(row.activity),
        label=_plain(row.label),
        about="" if row.by is not None else catalog.summary(row.activity_type, _told(said)),
        reason=None,
        said=said,
    )


def _told(properties: Document) -> Document:
    """Properties for a line of text: a line of dots says nothing."""
    return {name: value for name, value in properties.items() if value != masking.HIDDEN}


def _plain(text: str) -> str:
    return masking.without_addresses(text)
