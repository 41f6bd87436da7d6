"""A contact's sheet, timeline and points for a user: checks the role, and masks personal data for viewers."""

from __future__ import annotations

from datetime import date

import msgspec

from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts.sheet import activity_counts, consent_register, points, sheet_masking, sheets, timelines
from engine.contacts.sheet.activity_counts import Counts
from engine.contacts.sheet.consent_register import ConsentRegister
from engine.contacts.sheet.devices import Device, devices_of
from engine.contacts.sheet.identity_history import KnownIdentity, identities_of
from engine.contacts.sheet.points import LedgerPage, Outlook, PointsDay
from engine.contacts.sheet.products import SheetProducts
from engine.contacts.sheet.products import products as products_of_contact
from engine.contacts.sheet.reasons import Reasons, reasons_of
from engine.contacts.sheet.sheet_model import Sheet
from engine.contacts.sheet.timeline_rows import TimelineRow, unmasked
from engine.contacts.sheet.timelines import EVERYTHING, SCANNED, TimelineFilter, TimelinePage
from engine.contacts.viewer_mask import masks
from engine.domain.activities import ActivityId, ContactId
from engine.notices import raw_notices
from engine.notices.raw_notices import RawNotice
from engine.rules import versions


def sheet(actor: Actor, contact: ContactId) -> Sheet | None:
    """Return the sheet of a living contact; None if there is none of that id.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    found = sheets.sheet(actor.db, contact, now=actor.now)
    return sheet_masking.masked_sheet(found) if found is not None and masks(actor) else found


def products(actor: Actor, contact: ContactId) -> SheetProducts:
    """Return the products that a contact bought and saw.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    found = products_of_contact(actor.db, contact)
    return sheet_masking.masked_products(found) if masks(actor) else found


def devices(actor: Actor, contact: ContactId) -> list[Device]:
    """Return the browsers and apps of a contact, the last used first.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    found = devices_of(actor.db, contact)
    return [sheet_masking.masked_device(device) for device in found] if masks(actor) else found


def identities(actor: Actor, contact: ContactId) -> list[KnownIdentity]:
    """Return the identities of a contact, each with its first source.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    found = identities_of(actor.db, contact)
    return [sheet_masking.masked_identity(identity) for identity in found] if masks(actor) else found


def consent(actor: Actor, contact: ContactId, *, as_of: date | None = None) -> ConsentRegister | None:
    """Return every act that concerned a subscription of a contact, up to a day.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    found = consent_register.register(actor.db, contact, as_of=as_of)
    return sheet_masking.masked_register(found) if found is not None and masks(actor) else found


def reasons(actor: Actor, contact: ContactId) -> Reasons | None:
    """Return why a contact has its points, segments and statuses.  Raises NotAllowed.

    A viewer's mask leaves out the values that conditions found.
    """
    actor.require(Permission.SEE)
    found = reasons_of(actor.db, contact, now=actor.now)
    return sheet_masking.masked_reasons(found) if found is not None and masks(actor) else found


def timeline(
    actor: Actor,
    contact: ContactId,
    *,
    where: TimelineFilter = EVERYTHING,
    before: str | None = None,
    limit: int = 50,
    scan: int = SCANNED,
) -> TimelinePage:
    """Return a contact's activities, the latest first.  Raises NotAllowed.

    A search finds only what the user sees, so that it confirms no guess of masked data.
    """
    actor.require(Permission.SEE)
    catalog = versions.current(actor.db).catalog

    def masked(row: TimelineRow) -> TimelineRow:
        return sheet_masking.masked_activity(row, catalog)

    mask = masked if masks(actor) else unmasked
    return timelines.timeline(
        actor.db, contact, where=where, before=before, limit=limit, scan=scan, mask=mask
    )


def raw_notice(actor: Actor, activity: ActivityId) -> RawNotice | None:
    """Return the notice that an activity comes from; None if none is kept.  Raises NotAllowed.

    A masked one has no text: anything in it may name the person.
    """
    actor.require(Permission.SEE)
    found = raw_notices.raw_notice(actor.db, activity)
    return sheet_masking.masked_notice(found) if found is not None and masks(actor) else found


def counts(actor: Actor, contact: ContactId) -> Counts:
    """Return how many activities a contact has, by type and by day.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    found = activity_counts.counts(actor.db, contact)
    return sheet_masking.masked_counts(found) if masks(actor) else found


def ledger(actor: Actor, contact: ContactId, *, before: str | None = None, limit: int = 20) -> LedgerPage:
    """Return the ledger entries behind a contact's points, the latest first.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    found = points.ledger(actor.db, contact, now=actor.now, before=before, limit=limit)
    if not masks(actor):
        return found
    catalog = versions.current(actor.db).catalog
    masked = [sheet_masking.masked_entry(entry, catalog) for entry in found.rows]
    return msgspec.structs.replace(found, rows=masked)


def points_history(actor: Actor, contact: ContactId, *, total: int) -> list[PointsDay]:
    """Return a contact's points by day, `total` of them now, and what changed them.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    return points.history(actor.db, contact, total=total, now=actor.now)


def outlook(actor: Actor, contact: ContactId) -> Outlook:
    """Return how time alone will change a contact's points.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    return points.outlook(actor.db, contact, now=actor.now)
