"""The contact that a command is given by a key: an id, email, phone, external id or tracker."""

from __future__ import annotations

from engine.contacts.contact_lookup import find_contact
from engine.db import Db
from engine.domain.activities import ContactId
from engine.errors import ContactNotFound


def contact_of(db: Db, key: str) -> ContactId:
    """Return the living contact with a key.  Raises ContactNotFound."""
    contact = find_contact(db, key)
    if contact is None:
        raise ContactNotFound(key)
    return contact
