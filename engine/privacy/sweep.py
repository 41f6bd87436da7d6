"""Sweeping a collection of any kind: mentions of the person are removed.

New collections need no declaration: what names the person there is taken out of its
rows.  Where whole rows are about one person they go; OWN and ABOUT name those collections.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, cast

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import UpdateOne
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError

from engine.db import Db
from engine.db.codecs import CODEC
from engine.domain.document import Document
from engine.pipeline.inbox import DUPLICATE_KEY
from engine.privacy import report
from engine.privacy.mentions import ERASED, Mentions
from engine.privacy.person import Person

NOT_THEIRS = frozenset(
    {
        "users", "sessions", "sign_in_links", "known_browsers", "guesses", "keys", "installation", "lanes",
        "pulses", "tombstones", "erasures", "shops", "shop_deliveries",
    }
)  # fmt: skip
"""Collections about colleagues and processes; a colleague may be a contact as well."""

OWN = frozenset(
    {
        "refusals", "conflicts", "import_refusals", "merges", "suggestions", "shared_devices", "raw_notices",
    }
)  # fmt: skip
"""Collections in which a row that names a person is about them alone."""

ABOUT = {"outbox": "contact", "shop_requests": "contact", "ledger": "contact", "job_items": "contact"}
"""Collections with a field that holds the contact of a row."""

COLLEAGUES = frozenset({"by", "by_name", "author", "published_by", "owner"})
"""Fields that name a colleague as author."""

BATCH = 500


def collections(db: Db) -> list[str]:
    """The collections to sweep; `files` handles stored files."""
    names = sorted(db.list_collection_names(filter={"type": "collection"}))
    buckets = {name.rpartition(".")[0] for name in names if name.endswith(".files")}
    apart = {f"{bucket}.{part}" for bucket in buckets for part in ("files", "chunks")}
    return [name for name in names if name not in apart | NOT_THEIRS and not name.startswith("system.")]


def sweep(
    db: Db,
    erasure: str,
    name: str,
    person: Person,
    mentions: Mentions,
    *,
    go_on: Callable[[], bool],
) -> set[str]:
    """Remove the person from a collection; return the streams of others' activities that changed.

    `go_on` is called between batches.  Idempotent.
    """
    streams: set[str] = set()
    for rows in _batches(naming(db, name, mentions, go_on)):
        if name == "contacts":
            _fold_again(db, [row["_id"] for row in rows])
            continue
        rows = [row for row in rows if row["_id"] != erasure]  # the job that does this
        if name == "activities":
            streams.update(row["stream"] for row in rows)
        removed = [row["_id"] for row in rows if is_theirs(name, row, person, mentions)]
        _remove(db, erasure, name, removed)
        _clean(db, erasure, name, [row for row in rows if row["_id"] not in removed], person, mentions)
    return streams


BLANK: Document = {"changes": [], "reason": None, "refusal": None, "subject.id": "erased"}
"""The blanked fields of an audit entry: author, act and time stay, the subject does not."""


def clean_jobs(db: Db, erasure: str, person: Person) -> None:
    """Blank the jobs that changed this person only, but for their kind and outcome."""
    items = db.job_items.distinct("job", {"contact": {"$in": list(person.ids)}})
    alone = {"_id": {"$in": items}, "total": {"$lte": 1}, "finished_at": {"$ne": None}}
    ids = [row["_id"] for row in db.jobs.find(alone, {"_id": 1})]

    def jobs(session: ClientSession) -> int:
        with_undo = {"_id": {"$in": [*ids, *(f"{id_}:undo" for id_ in ids)]}}
        blank = {"$set": {"title": ERASED, "wanted": {}}}
        return db.jobs.update_many(with_undo, blank, session=session).modified_count

    def log(session: ClientSession) -> int:
        lines = {"_id": {"$in": [f"job:{id_}" for id_ in ids]}}
        return db.audit.update_many(lines, {"$set": BLANK}, session=session).modified_count

    if ids:
        report.counted(db, erasure, "jobs", "cleaned", jobs)
        report.counted(db, erasure, "audit", "cleaned", log)


def naming(db: Db, name: str, mentions: Mentions, go_on: Callable[[], bool]) -> Iterator[Document]:
    """The rows of a collection that name the person: read as bytes, decoded only if they may."""
    for batch in db[name].find_raw_batches({}, batch_size=BATCH * 4):
        raw = bytes(cast(bytes, batch))
        if not go_on():
            return
        if not mentions.may_be_in(raw):
            continue
        for document in bson.decode_iter(raw, _RAW):
            found = bytes(document.raw)
            if mentions.may_be_in(found):
                row: Document = bson.decode(found, CODEC)
                if _names(row, mentions):
                    yield row


_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)


def _names(row: Document, mentions: Mentions) -> bool:
    if mentions.are_in({name: value for name, value in row.items() if name not in COLLEAGUES}):
        return True
    claimed = row.get("identities")
    return isinstance(claimed, dict) and not mentions.plain_ids.isdisjoint(map(str, claimed.values()))


def is_theirs(name: str, row: Document, person: Person, mentions: Mentions) -> bool:
    """Whether a row that names the person is theirs as a whole."""
    if name == "activities" and mentions.are_in(row.get("stream", "")):
        return True
    return name in OWN or row.get(ABOUT.get(name, "")) in person.ids or mentions.are_in(row["_id"])


def _remove(db: Db, erasure: str, name: str, ids: list[Any]) -> None:
    def removing(session: ClientSession) -> int:
        return db[name].delete_many({"_id": {"$in": ids}}, session=session).deleted_count

    if ids:
        report.counted(db, erasure, name, "removed", removing)


def _clean(
    db: Db,
    erasure: str,
    name: str,
    rows: Sequence[Document],
    person: Person,
    mentions: Mentions,
) -> None:
    """Remove the person from other people's rows."""
    instead = dict.fromkeys((row["_id"] for row in rows), ERASED)

    def cleaning(session: ClientSession) -> int:
        updates = [
            UpdateOne({"_id": row["_id"]}, update)
            for row in rows
            if (update := _update(name, row, person, mentions, instead[row["_id"]]))
        ]
        if not updates:
            return 0
        return db[name].bulk_write(updates, ordered=False, session=session).modified_count

    try:
        report.counted(db, erasure, name, "cleaned", cleaning)
    except BulkWriteError as error:
        if not _collides(error):
            raise
        # Two rows that must differ would say the same now: let each say something of its own.
        instead = {id_: f"[erased {secrets.token_hex(3)}]" for id_ in instead}
        report.counted(db, erasure, name, "cleaned", cleaning)


def _collides(error: BulkWriteError) -> bool:
    problems = (error.details or {}).get("writeErrors", [])
    return any(problem["code"] == DUPLICATE_KEY for problem in problems)


def _update(name: str, row: Document, person: Person, mentions: Mentions, instead: str) -> Document:
    if name == "audit" and row.get("subject", {}).get("id") in person.ids:
        return {"$set": BLANK}
    # A running job continues from its cursor, which may be a contact's id.
    fixed = {"cursor"} if row.get("state") in ("waiting", "running") else set()
    gone = _unclaimed(row, mentions) if name == "activities" else {}
    changed = {
        field: mentions.without(value, instead=instead)
        for field, value in row.items()
        if field not in {*COLLEAGUES, *_CLAIMS, *fixed, "_id"} and mentions.are_in(value)
    }
    update: Document = {"$set": changed} if changed else {}
    return update | ({"$unset": gone} if gone else {})


_CLAIMS = ("identities", "tracker")


def _unclaimed(row: Document, mentions: Mentions) -> Document:
    """The claims of another person's activity that name the person: they go, an identity must not
    become another."""
    gone = {
        f"identities.{kind}": ""
        for kind, value in row.get("identities", {}).items()
        if mentions.are_in(value) or value in mentions.plain_ids
    }
    return gone | ({"tracker": ""} if mentions.are_in(row.get("tracker") or "") else {})


def _fold_again(db: Db, contacts: Iterable[str]) -> None:
    """Another contact is derived from its activities: these are cleaned, and it is folded again."""
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
