"""The sheet, the timeline and the points of a contact with their personal data masked."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from engine.contacts.sheet.activity_counts import Counts
from engine.contacts.sheet.consent_register import ConsentEntry, ConsentRegister, ConsentState, Evidence
from engine.contacts.sheet.devices import Device
from engine.contacts.sheet.identity_history import KnownIdentity
from engine.contacts.sheet.points import LedgerEntry
from engine.contacts.sheet.products import SheetProduct, SheetProducts
from engine.contacts.sheet.reasons import Reasons, SegmentReason, StatusReason
from engine.contacts.sheet.sheet_model import Sheet, SheetDelivery, SheetStatus
from engine.contacts.sheet.timeline_rows import TimelineRow
from engine.contacts.viewer_mask import masked_fields
from engine.domain import masking
from engine.domain.activities import ActivityId
from engine.domain.activity_types import ActivityCatalog
from engine.domain.document import Document
from engine.domain.masking import without_addresses
from engine.domain.reachability import Reach
from engine.notices.raw_notices import RawNotice
from engine.rules.conditions.explain import Explained


def masked_sheet(sheet: Sheet) -> Sheet:
    """Return a sheet with its personal data masked."""
    return msgspec.structs.replace(
        sheet,
        name=masking.masked_name(sheet.name),
        **masked_fields(sheet),
        custom=masking.masked_custom(sheet.custom),
        trackers=[masking.masked_id(tracker) for tracker in sheet.trackers],
        devices=[
            msgspec.structs.replace(device, id=masking.masked_id(device.id)) for device in sheet.devices
        ],
        statuses={name: _masked_status(status) for name, status in sheet.statuses.items()},
        delivery={name: _masked_delivery(found) for name, found in sheet.delivery.items()},
        former=[masking.HIDDEN for _ in sheet.former],
        reach=[_masked_reach(reach) for reach in sheet.reach],
        deleted_why=without_addresses(sheet.deleted_why),
    )


def masked_products(found: SheetProducts) -> SheetProducts:
    """Return products without links and pictures, whose addresses may name a person."""

    def masked(product: SheetProduct) -> SheetProduct:
        return msgspec.structs.replace(product, name=without_addresses(product.name), url=None, image=None)

    return msgspec.structs.replace(
        found,
        bought=[masked(product) for product in found.bought],
        seen=[masked(product) for product in found.seen],
        by_id={id_: masked(product) for id_, product in found.by_id.items()},
        categories=[msgspec.structs.replace(c, name=without_addresses(c.name)) for c in found.categories],
        lines={
            order: [msgspec.structs.replace(line, name=without_addresses(line.name)) for line in lines]
            for order, lines in found.lines.items()
        },
    )


def masked_device(device: Device) -> Device:
    """Return a device with its tracker masked."""
    return replace(device, id=masking.masked_id(device.id))


def masked_identity(identity: KnownIdentity) -> KnownIdentity:
    """Return an identity of a contact masked; a former one is hidden whole."""
    value = masking.masked_field(identity.field, identity.value) if identity.current else masking.HIDDEN
    return msgspec.structs.replace(identity, value=value)


def _masked_status(status: SheetStatus) -> SheetStatus:
    return msgspec.structs.replace(status, reason=_masked_text(status.reason))


def _masked_text(text: str | None) -> str | None:
    return None if text is None else without_addresses(text)


def _masked_delivery(delivery: SheetDelivery) -> SheetDelivery:
    bounce = delivery.last_bounce
    if bounce is None or bounce.reason is None:
        return delivery
    reason = without_addresses(bounce.reason)
    return msgspec.structs.replace(delivery, last_bounce=msgspec.structs.replace(bounce, reason=reason))


def _masked_reach(reach: Reach) -> Reach:
    return msgspec.structs.replace(reach, why=without_addresses(reach.why))


# Consent


def masked_register(found: ConsentRegister) -> ConsentRegister:
    """Return a consent register without addresses, pages and words."""

    def masked(state: ConsentState) -> ConsentState:
        because = None if state.because is None else _masked_entry(state.because)
        return msgspec.structs.replace(state, because=because)

    return msgspec.structs.replace(
        found,
        states=[masked(state) for state in found.states],
        entries=[_masked_entry(e) for e in found.entries],
    )


def _masked_entry(entry: ConsentEntry) -> ConsentEntry:
    kept = Evidence(
        origin=_masked_text(entry.evidence.origin),
        text_version=_masked_text(entry.evidence.text_version),
        file=_masked_text(entry.evidence.file),
        line=entry.evidence.line,
    )
    return msgspec.structs.replace(entry, outcome=without_addresses(entry.outcome), evidence=kept)


# Reasons


def masked_reasons(reasons: Reasons) -> Reasons:
    """Return reasons without the values that conditions found."""
    return msgspec.structs.replace(
        reasons,
        segments=[_masked_segment(reason) for reason in reasons.segments],
        crossings=[
            msgspec.structs.replace(crossing, because=without_addresses(crossing.because))
            for crossing in reasons.crossings
        ],
        moves=[
            msgspec.structs.replace(move, because=without_addresses(move.because)) for move in reasons.moves
        ],
        statuses=[_masked_status_reason(reason) for reason in reasons.statuses],
    )


def _masked_segment(reason: SegmentReason) -> SegmentReason:
    if reason.condition is None:
        return reason
    return msgspec.structs.replace(reason, condition=_without_values(reason.condition))


def _without_values(part: Explained) -> Explained:
    return replace(part, found=None, parts=[_without_values(inner) for inner in part.parts])


def _masked_status_reason(reason: StatusReason) -> StatusReason:
    because = _masked_text(reason.because)
    return msgspec.structs.replace(reason, status=_masked_status(reason.status), because=because)


# Activities


def masked_activity(row: TimelineRow, catalog: ActivityCatalog) -> TimelineRow:
    """Return a row of the timeline masked; its summary is built again from what is left.

    Changes of statuses and segments, which the rules derive, keep their summary.
    """
    details = masking.masked_details(row.type, row.details, catalog)
    if row.type in ("status_changed", "segment_entered", "segment_left"):
        summary = without_addresses(row.summary)
    else:
        summary = catalog.summary(row.type, _without_hidden(details.get("properties", {})))
    undone = None if row.undone is None else msgspec.structs.replace(row.undone, reason="")
    return msgspec.structs.replace(
        row,
        id=without_addresses(row.id),
        label=without_addresses(row.label),
        details=details,
        summary=summary,
        undone=undone,
    )


def masked_notice(notice: RawNotice) -> RawNotice:
    """Return a raw notice without its text and addresses."""
    return replace(
        notice,
        activity=ActivityId(without_addresses(notice.activity)),
        text=masking.HIDDEN,
        addresses=[masking.HIDDEN for _ in notice.addresses],
    )


def masked_counts(counts: Counts) -> Counts:
    """Return counts with the labels of activity types masked: a sender may put an address into one."""
    types = [msgspec.structs.replace(type_, label=without_addresses(type_.label)) for type_ in counts.types]
    return msgspec.structs.replace(counts, types=types)


def masked_entry(entry: LedgerEntry, catalog: ActivityCatalog) -> LedgerEntry:
    """Return a ledger entry without the personal data of its activity."""
    properties = masking.masked_properties(entry.activity_type, entry.properties, catalog)
    by_hand = entry.by is not None
    summary = "" if by_hand else catalog.summary(entry.activity_type, _without_hidden(properties))
    return msgspec.structs.replace(
        entry,
        id=without_addresses(entry.id),
        activity=without_addresses(entry.activity),
        label=without_addresses(entry.label),
        summary=summary,
        reason=None,
        properties=properties,
    )


def _without_hidden(properties: Document) -> Document:
    """Properties for a summary, which leaves out those that are masked whole."""
    return {name: value for name, value in properties.items() if value != masking.HIDDEN}
