"""Reading contacts for a person: checked for their role, and masked for viewers if the account says so.

Nobody finds by what they may not see: under the mask a search for anything but an id of
ours is refused, so that no guess can be confirmed by it, not even letter by letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import msgspec
from pymongo.database import Database

from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts import contacts
from engine.contacts.contacts import ContactRow
from engine.contacts.listing import listing as listings
from engine.contacts.listing.listing import ContactPage, Listing
from engine.contacts.sheet import devices as store_devices
from engine.contacts.sheet import reasons as store_reasons
from engine.contacts.sheet import sheets
from engine.contacts.sheet.devices import Device
from engine.contacts.sheet.reasons import Reasons, SegmentReason
from engine.contacts.sheet.sheets import Sheet, SheetDelivery, SheetStatus
from engine.db.keyset import Cursor
from engine.domain import masking
from engine.domain.activities import ContactId
from engine.domain.conditions import Compare, leaves
from engine.domain.fields import CUSTOM, PERSONAL_FIELDS
from engine.domain.reachability import Reach
from engine.errors import ContactSheetsError
from engine.rules import rulesets
from engine.rules.conditions.explain import Explained

Document = dict[str, Any]

_ID = re.compile(r"[0-9a-f]{24}")


class Hidden(ContactSheetsError):
    """A viewer searched by personal data, which is masked for them."""

    def __init__(self) -> None:
        super().__init__(
            "names, emails, numbers and customer numbers are hidden from viewers, "
            "so contacts cannot be found or sorted by them; filter by segment, status, points or orders"
        )


def masks(actor: Actor) -> bool:
    """Whether personal data is hidden from somebody."""
    return actor.user.role == "viewer" and rulesets.current(actor.db).account.mask_for_viewers


def find(actor: Actor, key: str) -> ContactId | None:
    """Find a living contact by id (an old one leads on) or whatever else the user may know of it."""
    actor.require(Permission.SEE)
    if masks(actor) and not _ID.fullmatch(key.strip()):
        return None
    return contacts.find_contact(actor.db, key)


def row(actor: Actor, contact: str) -> ContactRow | None:
    """Return a living contact as a row of the list, masked for viewers.  Raises NotAllowed."""
    return rows(actor, [contact]).get(ContactId(contact))


def rows(actor: Actor, wanted: Iterable[str]) -> dict[ContactId, ContactRow]:
    """Return living contacts as rows of the list, by their ids, masked for viewers.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    found = contacts.rows_of(actor.db, wanted)
    return {id_: masked_row(one) for id_, one in found.items()} if masks(actor) else found


def without_unknown(actor: Actor, listing: Listing) -> tuple[Listing, list[str]]:
    """Return the list without conditions that are not declared (any more), and what is wrong with each.

    Raises NotAllowed.
    """
    actor.require(Permission.SEE)
    return listings.known(actor.db, listing)


def page(
    actor: Actor,
    listing: Listing,
    *,
    after: Cursor | None = None,
    limit: int = 50,
) -> ContactPage:
    """A page of a list.  Raises NotAllowed, UnknownFilter, and Hidden (what it asks for is masked)."""
    actor.require(Permission.SEE)
    masked = masks(actor)
    if masked and reveals(actor.db, listing):
        raise Hidden
    found = listings.page(actor.db, listing, after=after, limit=limit)
    return replace(found, rows=[masked_row(row) for row in found.rows]) if masked else found


def neighbours(
    actor: Actor, listing: Listing, contact: ContactId
) -> tuple[ContactId | None, ContactId | None]:
    """The contacts before and after one in a list.  Raises as `page` does."""
    actor.require(Permission.SEE)
    if masks(actor) and reveals(actor.db, listing):
        raise Hidden
    return listings.neighbours(actor.db, listing, contact)


def reveals(db: Database[Document], listing: Listing) -> bool:
    """Whether who is in a list, or where, tells what is masked.  Raises UnknownFilter."""
    search = listing.search.strip()
    if search and not _ID.fullmatch(search):
        return True
    if listing.sort == "name":
        return True
    asked = leaves(listings.tree_of(db, listing))
    return any(isinstance(leaf, Compare) and _tells(leaf) for leaf in asked)


def _tells(asked: Compare) -> bool:
    name = asked.path.name
    return asked.operator != "exists" and (name in PERSONAL_FIELDS or name.startswith(CUSTOM))


def sheet(actor: Actor, contact: ContactId) -> Sheet | None:
    """The sheet of a living contact; unset if there is none of that id.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    found = sheets.sheet(actor.db, contact, now=actor.now)
    return _masked_sheet(found) if found is not None and masks(actor) else found


def devices(actor: Actor, contact: ContactId) -> list[Device]:
    """The browsers and apps of a contact, and when each was last there.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    found = store_devices.devices(actor.db, contact)
    if not masks(actor):
        return found
    return [replace(device, id=masking.masked_id(device.id)) for device in found]


def reasons(actor: Actor, contact: ContactId) -> Reasons | None:
    """Why a contact is as it is; under the mask without the values that were found.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    found = store_reasons.reasons(actor.db, contact, now=actor.now)
    if found is None or not masks(actor):
        return found
    return msgspec.structs.replace(
        found,
        segments=[_masked_reason(reason) for reason in found.segments],
        crossings=[msgspec.structs.replace(c, because=_plain(c.because)) for c in found.crossings],
        moves=[msgspec.structs.replace(move, because=_plain(move.because)) for move in found.moves],
        statuses=[
            msgspec.structs.replace(
                s, status=_masked_status(s.status), because=None if s.because is None else _plain(s.because)
            )
            for s in found.statuses
        ],
    )


# Masked


def masked_row(row: ContactRow) -> ContactRow:
    """A line of the list without what says who it is."""
    return replace(
        row,
        name=masking.masked_name(row.name),
        **_masked_fields(row),
        custom=masking.masked_custom(dict(row.custom)),
    )


def _masked_sheet(sheet: Sheet) -> Sheet:
    statuses = {name: _masked_status(status) for name, status in sheet.statuses.items()}
    return msgspec.structs.replace(
        sheet,
        name=masking.masked_name(sheet.name),
        **_masked_fields(sheet),
        custom=masking.masked_custom(sheet.custom),
        trackers=[masking.masked_id(tracker) for tracker in sheet.trackers],
        devices=[
            msgspec.structs.replace(device, id=masking.masked_id(device.id)) for device in sheet.devices
        ],
        statuses=statuses,
        delivery={name: _masked_delivery(found) for name, found in sheet.delivery.items()},
        former=[masking.HIDDEN for _ in sheet.former],
        reach=[_masked_reach(reach) for reach in sheet.reach],
        deleted_why=_plain(sheet.deleted_why),
    )


def _masked_status(status: SheetStatus) -> SheetStatus:
    reason = None if status.reason is None else _plain(status.reason)
    return msgspec.structs.replace(status, reason=reason)


def _masked_delivery(found: SheetDelivery) -> SheetDelivery:
    bounce = found.last_bounce
    if bounce is None or bounce.reason is None:
        return found
    return msgspec.structs.replace(
        found, last_bounce=msgspec.structs.replace(bounce, reason=_plain(bounce.reason))
    )


def _masked_reach(reach: Reach) -> Reach:
    return msgspec.structs.replace(reach, why=_plain(reach.why))


def _masked_reason(reason: SegmentReason) -> SegmentReason:
    if reason.condition is None:
        return reason
    return msgspec.structs.replace(reason, condition=_unfound(reason.condition))


def _unfound(part: Explained) -> Explained:
    return replace(part, found=None, parts=[_unfound(inner) for inner in part.parts])


def _plain(text: str) -> str:
    return masking.without_addresses(text)


def _masked_fields(known: ContactRow | Sheet) -> dict[str, Any]:
    """The personal fields that a row or a sheet has, masked."""
    return {
        name: masking.masked_field(name, getattr(known, name))
        for name in PERSONAL_FIELDS
        if hasattr(known, name)
    }
