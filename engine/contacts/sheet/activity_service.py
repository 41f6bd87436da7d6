"""Reading what a contact did, and where its points come from, for a person.

Checked for their role, and masked for viewers if the account says so: a search then finds
what is shown under the mask and nothing else, so that no guess can be confirmed by it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from pymongo.database import Database

from engine.accounts.accounts import CurrentUser
from engine.accounts.permissions import Permission, require
from engine.contacts.sheet import activity_counts, points, timelines
from engine.contacts.sheet.activity_counts import Counts
from engine.contacts.sheet.points import DayOfPoints, Given, LedgerPage, Outlook
from engine.contacts.sheet.reading import masks
from engine.contacts.sheet.timeline_rows import TimelineRow, whole
from engine.contacts.sheet.timelines import EVERYTHING, SCANNED, TimelinePage, Wanted
from engine.domain import masking
from engine.domain.activities import ContactId
from engine.domain.catalog import ActivityCatalog
from engine.rules import rulesets

Document = dict[str, Any]


def timeline(
    db: Database[Document],
    user: CurrentUser,
    contact: ContactId,
    *,
    wanted: Wanted = EVERYTHING,
    before: str | None = None,
    limit: int = 50,
    scan: int = SCANNED,
) -> TimelinePage:
    """A contact's activities, the newest first.  Raises NotAllowed."""
    require(user, Permission.SEE)
    catalog = rulesets.current(db).catalog

    def masked(row: TimelineRow) -> TimelineRow:
        return masked_activity(row, catalog)

    shown = masked if masks(db, user) else whole
    return timelines.timeline(db, contact, wanted=wanted, before=before, limit=limit, scan=scan, shown=shown)


def counts(db: Database[Document], user: CurrentUser, contact: ContactId) -> Counts:
    """How much a contact did, by type and by day.  Raises NotAllowed."""
    require(user, Permission.SEE)
    found = activity_counts.counts(db, contact)
    if not masks(db, user):
        return found
    types = [msgspec.structs.replace(type_, label=_plain(type_.label)) for type_ in found.types]
    return msgspec.structs.replace(found, types=types)


def ledger(
    db: Database[Document],
    user: CurrentUser,
    contact: ContactId,
    *,
    now: datetime,
    before: str | None = None,
    limit: int = 20,
) -> LedgerPage:
    """The entries behind a contact's points, the newest first.  Raises NotAllowed."""
    require(user, Permission.SEE)
    found = points.ledger(db, contact, now=now, before=before, limit=limit)
    if not masks(db, user):
        return found
    catalog = rulesets.current(db).catalog
    return msgspec.structs.replace(found, rows=[_masked_entry(row, catalog) for row in found.rows])


def course(
    db: Database[Document], user: CurrentUser, contact: ContactId, *, total: int, now: datetime
) -> list[DayOfPoints]:
    """A contact's points over the time, `total` of them now, and what changed them.  Raises NotAllowed."""
    require(user, Permission.SEE)
    return points.course(db, contact, total=total, now=now)


def outlook(db: Database[Document], user: CurrentUser, contact: ContactId, *, now: datetime) -> Outlook:
    """What will become of a contact's points by time alone.  Raises NotAllowed."""
    require(user, Permission.SEE)
    return points.outlook(db, contact, now=now)


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
