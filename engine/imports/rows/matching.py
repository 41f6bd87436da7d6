"""Whom rows are about: the contacts that have one of their keys, in one look-up for many rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pymongo.database import Database

from engine.domain.fields import EDITABLE_FIELDS
from engine.domain.identities import Key
from engine.pipeline.groups import Prefetched

Document = dict[str, Any]

_READ = (
    "keys", "spans", *EDITABLE_FIELDS, "email_typed", "custom", "statuses.newsletter", "statuses.sms",
    "segments", "deleted", "deletion",
)  # fmt: skip
"""What deciding on a row asks of a contact."""


def seen(db: Database[Document], keys: Iterable[Key]) -> Prefetched:
    """The contacts that some keys lead to, whole, so that what becomes of them can be folded, too."""
    wanted = set(keys)
    rows = list(db.contacts.find({"keys": {"$in": list(wanted)}})) if wanted else []
    return Prefetched(wanted.union(*(row["keys"] for row in rows)), {row["_id"]: row for row in rows})


def holders(db: Database[Document], keys: Iterable[Key]) -> dict[Key, Document]:
    """The contacts by the keys that lead to them, former ones and deleted contacts, too."""
    wanted = set(keys)
    return by_key(wanted, db.contacts.find({"keys": {"$in": list(wanted)}}, _READ) if wanted else ())


def by_key(wanted: set[Key], rows: Iterable[Document]) -> dict[Key, Document]:
    """Contacts by those of some keys that lead to them."""
    return {Key(key): row for row in rows for key in row["keys"] if key in wanted}
