"""A person to erase: all keys, activities and names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

from engine.accounts.accounts import User
from engine.contacts import contact_lookup
from engine.db import Db
from engine.db.contact_codec import held_keys
from engine.db.search_keys import plain_letters, searchable
from engine.domain.activities import ContactId, derived_stream
from engine.domain.document import Document
from engine.domain.identity.identities import Key, is_tracker, key_value
from engine.pipeline.activity_spans import Span

_READ = (
    "keys", "named", "spans", "merged", "component", "linked", "email", "email_typed", "mobile_phone",
    "external_id", "first_name", "last_name", "names", "taken_over",
)  # fmt: skip


@dataclass(frozen=True)
class Person:
    """A contact with all who became it.

    Parameters:
      ids: Its own id, first, and those that lead to it.
      keys: Its trackers and identities, former ones, too.
      spans: Its streams, each for as long as it was its own.
      own_trackers: Its trackers that no other contact used.
      typed: The email as it was typed.
      name: The full name, if it is unique.
      others: Contacts that a claim connects with it: other people, who stay.
      taken_over: Activities of other streams that users moved to it.
    """

    ids: tuple[ContactId, ...]
    keys: tuple[Key, ...]
    spans: tuple[Span, ...]
    own_trackers: tuple[str, ...]
    typed: str = ""
    name: str = ""
    others: tuple[ContactId, ...] = ()
    taken_over: tuple[str, ...] = ()

    def queries(self, *, until: datetime | None = None) -> Iterator[Document]:
        """The queries of all activities before a time: by stream, and those that users moved here."""
        for span in self.streams():
            yield span.cut(None, until).query({})
        if self.taken_over:
            before = {} if until is None else {"happened_at": {"$lt": until}}
            yield {"_id": {"$in": list(self.taken_over)}, **before}

    def streams(self) -> list[Span]:
        """All spans, trackers first, with what the fold itself recorded: the claims that say whose
        the rest is go last."""
        ordered = sorted(self.spans, key=lambda span: not is_tracker(span.stream))
        return [*ordered, *(Span(derived_stream(id_)) for id_ in self.ids)]

    def marks(self) -> list[tuple[Key, Document]]:
        """The tombstone of each key: the period in which it led to this person."""
        found = [(span.stream, _bounds(span.since, span.until)) for span in self.spans]
        spanned = {key for key, _ in found}
        return [*found, *((key, {}) for key in self.keys if key not in spanned)]


def person_of(db: Db, contact: ContactId) -> Person | None:
    """Read who a contact is; unset if it is not there."""
    living = contact_lookup.find_contact(db, contact)
    row = None if living is None else db.contacts.find_one({"_id": living}, list(_READ))
    if row is None:
        return None
    beside = db.contacts.find({"component": row["component"], "_id": {"$ne": row["_id"]}}, list(_READ))
    others = list(beside) if row.get("linked") else []
    theirs = {span["key"] for other in others for span in other.get("spans", ())}
    trackers = {key for key in _streams(row) if is_tracker(key)} - theirs
    led = db.merges.find({"into": row["_id"]}, {"_id": 1})
    return Person(
        ids=tuple(dict.fromkeys([row["_id"], *row.get("merged", ()), *(merge["_id"] for merge in led)])),
        keys=tuple(sorted(held_keys(row))),
        spans=tuple(Span(s["key"], s.get("since"), s.get("until")) for s in row.get("spans", ())),
        own_trackers=tuple(sorted(key_value(key) for key in trackers)),
        typed=row.get("email_typed", ""),
        name=_own_name(db, row),
        others=tuple(sorted(other["_id"] for other in others)),
        taken_over=tuple(row.get("taken_over", ())),
    )


def encode(person: Person) -> Document:
    """As MongoDB keeps it, until it is done."""
    return {**asdict(person), "spans": [asdict(span) for span in person.spans]}


def decode(row: Document) -> Person:
    """Read it back."""
    plain: Document = {name: tuple(v) if isinstance(v, list) else v for name, v in row.items()}
    plain["spans"] = tuple(Span(**span) for span in row["spans"])
    return Person(**plain)


def _streams(row: Document) -> Iterable[Key]:
    return [*held_keys(row), *(span["key"] for span in row.get("spans", ()))]


def _bounds(since: datetime | None, until: datetime | None) -> Document:
    return {name: at for name, at in (("since", since), ("until", until)) if at is not None}


def _own_name(db: Db, row: Document) -> str:
    """First and last name together, unless another contact or a colleague has both."""
    parts = [row.get("first_name"), row.get("last_name")]
    if not all(parts):
        return ""
    whole = " ".join(map(str, parts))
    alike = {"names": searchable(whole), "sort_name": plain_letters(whole), "_id": {"$ne": row["_id"]}}
    if db.contacts.find_one(alike, {"_id": 1}) is not None:
        return ""
    colleagues = {(user.name or "").lower() for user in User.on(db)}
    return "" if whole.lower() in colleagues else whole
