"""Find contacts: one by an id or identity, or all whose identities or names start with a text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress

from engine.db import Db
from engine.db.contact_codec import LIVING, held_by
from engine.db.search_keys import searchable
from engine.domain.activities import ContactId
from engine.domain.document import Document
from engine.domain.identity.identities import IdentityKind, Key, make_key, tracker_key
from engine.domain.identity.normalisation import country_code, normalise_email, normalise_phone
from engine.errors import ContactNotFound, InvalidIdentity
from engine.rules import versions

MAX_REDIRECTS = 50
"""Merges that an old id is followed through; more would be a circle."""

MIN_PHONE_DIGITS = 6
"""Digits from which on a text may be a whole phone number."""

_ID = re.compile(r"[0-9a-f]{24}")


def find_contact(db: Db, key: str) -> ContactId | None:
    """Find a living contact by id, email, phone, external id or tracker.

    The id of a merged contact leads to the contact that it was merged into.
    """
    key = key.strip()
    if is_contact_id(key):
        found = follow_merges(db, ContactId(key))
        if found is not None:
            return found
    for candidate in candidate_keys(db, key):
        row = db.contacts.find_one(held_by(candidate), {"_id": 1})
        if row is not None:
            return ContactId(row["_id"])
    return None


def is_contact_id(text: str) -> bool:
    """Return whether a text has the form of a contact's id."""
    return _ID.fullmatch(text.strip()) is not None


def starting_with(db: Db, text: str) -> Document:
    """Return the query for contacts whose email, phone, external id, tracker or name starts with `text`.

    The whole id of a contact finds it, too.  An empty text matches all.
    """
    text = text.strip()
    if not text:
        return {}
    digits = re.sub(r"[\s().\-/]", "", text)
    prefixes = {
        make_key(IdentityKind.EMAIL, text.lower()),
        make_key(IdentityKind.EXTERNAL_ID, text),
        *candidate_keys(db, text),
    }
    if re.fullmatch(r"\+?\d{3,}", digits):
        prefixes |= {make_key(IdentityKind.PHONE, number) for number in _international(db, digits)}
    alternatives = [{"keys": _has_prefix(prefix)} for prefix in sorted(prefixes)]
    if name := searchable(text):
        alternatives.append({"names": _has_prefix(name)})
    if is_contact_id(text):
        alternatives.append({"_id": {"$eq": follow_merges(db, ContactId(text))}})
    return {"$or": alternatives}


def _international(db: Db, digits: str) -> Iterable[str]:
    """The starts of phone numbers that digits may stand for: typed with `+`, with `00`, or nationally."""
    if digits.startswith("+"):
        return [digits]
    code = country_code(versions.current(db).account.default_region)
    return [f"+{digits.removeprefix('00')}", f"+{code}{digits.removeprefix('0')}"]


def follow_merges(db: Db, contact: ContactId) -> ContactId | None:
    """Find the present holder of an id, through merges; unset if there is none."""
    for _ in range(MAX_REDIRECTS):
        if db.contacts.find_one({"_id": contact}, {"_id": 1}) is not None:
            return contact
        redirect = db.merges.find_one({"_id": contact}, {"into": 1})
        if redirect is None:
            return None
        contact = redirect["into"]
    return None


def candidate_keys(db: Db, value: str) -> list[Key]:
    """Return the keys that `value` may stand for, as contacts store them."""
    keys = []
    if "@" in value:
        with suppress(InvalidIdentity):
            keys.append(make_key(IdentityKind.EMAIL, normalise_email(value)))
    elif sum(character.isdigit() for character in value) >= MIN_PHONE_DIGITS:
        with suppress(InvalidIdentity):
            region = versions.current(db).account.default_region
            keys.append(make_key(IdentityKind.PHONE, normalise_phone(value, region=region)))
    return [*keys, make_key(IdentityKind.EXTERNAL_ID, value), tracker_key(value)]


def _has_prefix(prefix: str) -> Document:
    """Match array items by their start, as a range that the index answers.

    The indexes hold only contacts that have such items; without `$exists` MongoDB does not use them.
    """
    return {"$elemMatch": {"$gte": prefix, "$lt": prefix + "\uffff"}, "$exists": True}


def living_contact(db: Db, contact: ContactId) -> Document:
    """Return the document of a living contact.  Raises ContactNotFound."""
    row = db.contacts.find_one({"_id": contact, **LIVING})
    if row is None:
        raise ContactNotFound(contact, "this contact no longer exists: it may have been merged or deleted")
    return row
