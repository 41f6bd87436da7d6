"""Going through a whole collection, whatever it is, and taking out where somebody is named.

Nothing has to be told of a new collection: what names the person there is taken out of its
rows.  Where whole rows are about one person they go; OWN and ABOUT name those collections.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, cast

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import DeleteOne, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.database import Database

from engine.erasure import report
from engine.erasure.mentions import Mentions
from engine.erasure.person import Person
from engine.store.commit import Write
from engine.store.connection import CODEC

Document = dict[str, Any]

NOT_THEIRS = frozenset(
    {
        "users", "sessions", "sign_in_links", "known_browsers", "guesses", "keys", "installation", "lanes",
        "pulses", "tombstones", "erasures",
    }
)  # fmt: skip
"""Collections about colleagues and processes; a colleague may be a contact as well."""

OWN = frozenset({"refusals", "conflicts", "import_refusals", "merges", "suggestions", "shared_devices"})
"""Collections in which a row that names somebody is about them alone."""

ABOUT = {"outbox": "contact", "ledger": "contact", "job_items": "contact"}
"""Where a field says whose a row is."""

COLLEAGUES = frozenset({"by", "by_name", "author", "published_by", "owner"})
"""Fields that say which colleague did something."""

BATCH = 500

Wanted = Callable[[Document], bool]


def collections(db: Database[Document]) -> list[str]:
    """All that there is to go through; files have a way of their own (`files`)."""
    names = sorted(db.list_collection_names(filter={"type": "collection"}))
    buckets = {name.rpartition(".")[0] for name in names if name.endswith(".files")}
    apart = {f"{bucket}.{part}" for bucket in buckets for part in ("files", "chunks")}
    return [name for name in names if name not in apart | NOT_THEIRS and not name.startswith("system.")]


def sweep(
    db: Database[Document],
    erasure: str,
    name: str,
    person: Person,
    mentions: Mentions,
    *,
    go_on: Callable[[], bool],
) -> set[str]:
    """Take somebody out of a collection; return the streams of others' activities that were changed.

    `go_on` is asked between batches.  Done again, it finds nothing.
    """
    streams: set[str] = set()
    for rows in _batches(_naming(db, name, mentions, go_on)):
        if name == "contacts":
            _fold_again(db, [row["_id"] for row in rows])
            continue
        removals, changes = [], []
        for row in rows:
            if row["_id"] == erasure:
                continue  # the job that does this
            write = _write(name, row, person, mentions)
            if isinstance(write, DeleteOne):
                removals.append(write)
            elif write is not None:
                changes.append(write)
            if name == "activities":
                streams.add(row["stream"])
        _carry_out(db, erasure, name, removals, changes)
    return streams


BLANK: Document = {"changes": [], "reason": None, "refusal": None, "subject.id": "erased"}
"""What is left of a line of the audit log: who did what kind of thing and when, and not to whom."""


def _naming(
    db: Database[Document], name: str, mentions: Mentions, go_on: Callable[[], bool]
) -> Iterator[Document]:
    """The rows of a collection that name somebody: read as bytes, and only those decoded that may."""
    for batch in db[name].find_raw_batches({}, batch_size=BATCH * 4):
        raw = cast(bytes, batch)
        if not go_on():
            return
        if not mentions.may_be_in(raw):
            continue
        for document in bson.decode_iter(raw, _RAW):
            if mentions.may_be_in(document.raw):
                row: Document = bson.decode(document.raw, CODEC)
                if _names(row, mentions):
                    yield row


_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)


def _names(row: Document, mentions: Mentions) -> bool:
    if mentions.are_in({name: value for name, value in row.items() if name not in COLLEAGUES}):
        return True
    claimed = row.get("identities")
    return isinstance(claimed, dict) and not mentions.plain_ids.isdisjoint(map(str, claimed.values()))


def _write(name: str, row: Document, person: Person, mentions: Mentions) -> Write | None:
    theirs = row.get(ABOUT.get(name, "")) in person.ids or (
        name == "activities" and _is_theirs(row, mentions)
    )
    if name in OWN or theirs or mentions.are_in(row["_id"]):
        return DeleteOne({"_id": row["_id"]})
    if name == "audit" and row.get("subject", {}).get("id") in person.ids:
        return UpdateOne({"_id": row["_id"]}, {"$set": BLANK})
    if name == "activities":
        return _unclaimed(row, mentions)
    changed = _changed(row, mentions)
    return UpdateOne({"_id": row["_id"]}, {"$set": changed}) if changed else None


def _is_theirs(row: Document, mentions: Mentions) -> bool:
    return mentions.are_in(row.get("stream", ""))


def _unclaimed(row: Document, mentions: Mentions) -> Write | None:
    """Somebody else's activity, without what it says of the person: an identity must not become another."""
    gone = {
        f"identities.{kind}": ""
        for kind, value in row.get("identities", {}).items()
        if mentions.are_in(value) or value in mentions.plain_ids
    }
    if mentions.are_in(row.get("tracker") or ""):
        gone["tracker"] = ""
    kept = {name: value for name, value in row.items() if name not in ("identities", "tracker")}
    changed = _changed(kept, mentions)
    update: Document = {"$set": changed} if changed else {}
    if gone:
        update["$unset"] = gone
    return UpdateOne({"_id": row["_id"]}, update) if update else None


def _changed(row: Document, mentions: Mentions) -> Document:
    """The fields of a row that name the person, as they are without that."""
    return {
        name: mentions.without(value)
        for name, value in row.items()
        if name not in COLLEAGUES and name != "_id" and mentions.are_in(value)
    }


def _carry_out(
    db: Database[Document], erasure: str, name: str, removals: Sequence[Write], changes: Sequence[Write]
) -> None:
    place = name.replace(".", "_")

    def removing(session: ClientSession) -> int:
        return db[name].bulk_write(list(removals), ordered=False, session=session).deleted_count

    def changing(session: ClientSession) -> int:
        return db[name].bulk_write(list(changes), ordered=False, session=session).modified_count

    if removals:
        report.counted(db, erasure, place, "removed", removing)
    if changes:
        report.counted(db, erasure, place, "cleaned", changing)


def _fold_again(db: Database[Document], contacts: Iterable[str]) -> None:
    """Somebody else's contact says what its activities say: they are cleaned, and it is folded anew."""
    db.contacts.update_many({"_id": {"$in": list(contacts)}}, {"$set": {"upkeep": 0}, "$inc": {"v": 1}})


def _batches(rows: Iterable[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
