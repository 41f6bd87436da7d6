"""The list of contacts for a user: checks the role, and masks personal data for viewers.

Masked data cannot be searched, filtered or sorted by: otherwise it could be guessed letter by letter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts import contact_lookup, contact_rows
from engine.contacts.contact_lookup import is_contact_id
from engine.contacts.contact_rows import ContactRow
from engine.contacts.listing import listing as listings
from engine.contacts.listing.listing import ContactPage, Listing
from engine.contacts.viewer_mask import masked_row, masks
from engine.db import Db
from engine.db.keyset import Cursor
from engine.domain.activities import ContactId
from engine.domain.conditions import Compare, leaves
from engine.domain.fields import CUSTOM, PERSONAL_FIELDS
from engine.errors import NotAllowed


class PersonalDataMasked(NotAllowed):
    """A viewer searched by personal data, which is masked for them."""

    def __init__(self) -> None:
        super().__init__(
            "names, emails, phone numbers and customer numbers are hidden from viewers, "
            "so contacts cannot be found or sorted by them; filter by segment, status, points or orders"
        )


def page(actor: Actor, listing: Listing, *, after: Cursor | None = None, limit: int = 50) -> ContactPage:
    """Return a page of a list.  Raises NotAllowed (PersonalDataMasked for what is masked), InvalidFilter."""
    _refuse_revealing(actor, listing)
    found = listings.page(actor.db, listing, after=after, limit=limit)
    return replace(found, rows=[masked_row(row) for row in found.rows]) if masks(actor) else found


def neighbours(
    actor: Actor, listing: Listing, contact: ContactId
) -> tuple[ContactId | None, ContactId | None]:
    """Return the contacts before and after one in a list.  Raises as `page` does."""
    _refuse_revealing(actor, listing)
    return listings.neighbours(actor.db, listing, contact)


def without_unknown(actor: Actor, listing: Listing) -> tuple[Listing, list[str]]:
    """Return the list without conditions that are no longer declared, and the problem of each.

    Raises NotAllowed.
    """
    actor.require(Permission.SEE)
    return listings.without_unknown(actor.db, listing)


def find(actor: Actor, key: str) -> ContactId | None:
    """Find a living contact by id, or by whatever is not masked for the user.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    if masks(actor) and not is_contact_id(key):
        return None
    return contact_lookup.find_contact(actor.db, key)


def row(actor: Actor, contact: str) -> ContactRow | None:
    """Return a living contact as a row of the list.  Raises NotAllowed."""
    return rows(actor, [contact]).get(ContactId(contact))


def rows(actor: Actor, contacts: Iterable[str]) -> dict[ContactId, ContactRow]:
    """Return living contacts as rows of the list, by id.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    found = contact_rows.rows_of(actor.db, contacts)
    return {id_: masked_row(one) for id_, one in found.items()} if masks(actor) else found


def reveals_masked(db: Db, listing: Listing) -> bool:
    """Return whether a list's members or their order reveal masked data.  Raises InvalidFilter."""
    search = listing.search.strip()
    if search and not is_contact_id(search):
        return True
    if listing.sort == "name":
        return True
    conditions = leaves(listings.tree_of(db, listing))
    return any(isinstance(leaf, Compare) and _compares_personal(leaf) for leaf in conditions)


def _refuse_revealing(actor: Actor, listing: Listing) -> None:
    actor.require(Permission.SEE)
    if masks(actor) and reveals_masked(actor.db, listing):
        raise PersonalDataMasked


def _compares_personal(condition: Compare) -> bool:
    name = condition.path.name
    return condition.operator != "exists" and (name in PERSONAL_FIELDS or name.startswith(CUSTOM))
