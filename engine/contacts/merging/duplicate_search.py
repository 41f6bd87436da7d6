"""The search for duplicates that no event named: once a night, or when a user asks.

MongoDB groups the contacts by what would be equal of one person; each group becomes suggested merges.
All is bounded: a key with many holders says nothing about a person and is skipped, and a search adds
a limited number of suggestions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations

from pymongo.errors import DuplicateKeyError

from engine.contacts.merging import suggestion_rows
from engine.contacts.merging.duplicate_keys import email_key, known_errors, phones
from engine.contacts.merging.suggestion_reasons import NAME_AND_BIRTH_DATE, NAME_AND_PHONE, SIMILAR_EMAIL
from engine.contacts.merging.suggestion_rows import NIGHTLY, pair_id
from engine.db import Db
from engine.db.contact_codec import LIVING
from engine.domain.activities import ContactId
from engine.domain.document import Document
from engine.domain.identity.merge_decisions import MERGE_UNDONE
from engine.rules import versions

HOUR = 2
"""The account's hour from which on the nightly search runs."""

MAX_HOLDERS = 5
"""Contacts that share a key; one that more share (a family's number, a test address) is skipped."""

MAX_FOUND = 1_000
"""Suggestions that one search adds."""

MAX_OPEN = 5_000
"""Open suggestions of searches beyond which none are added: nobody would read them."""

MAX_TYPING_ERRORS = 500
"""Domains that are taken for typing errors of a common provider."""

_SEARCHED = "duplicates_searched"


@dataclass(frozen=True)
class DuplicateReport:
    """The result of a search.

    Parameters:
      found: New suggestions.
      known: Pairs that were suggested or decided before.
      skipped: Keys that more than MAX_HOLDERS contacts share.
      complete: Whether all was searched; false if a bound was reached.
    """

    at: datetime
    found: int
    known: int
    skipped: int
    complete: bool


@dataclass(frozen=True)
class _Alike:
    """Contacts that share a key, and the values that they share it by."""

    reason: str
    contacts: list[ContactId]
    values: list[str]


def search(db: Db, *, now: datetime) -> DuplicateReport:
    """Find duplicates and suggest their merges; safe to repeat."""
    found = known = skipped = 0
    room = min(MAX_FOUND, MAX_OPEN - _open_count(db))
    for alike in _all_alike(db):
        if len(alike.contacts) > MAX_HOLDERS:
            skipped += 1
            continue
        for one, other in combinations(sorted(alike.contacts), 2):
            if found >= room:
                return _ended(db, DuplicateReport(now, found, known, skipped, complete=False))
            if _suggest(db, one, other, alike, now=now):
                found += 1
            else:
                known += 1
    return _ended(db, DuplicateReport(now, found, known, skipped, complete=True))


def search_nightly(db: Db, *, now: datetime) -> DuplicateReport | None:
    """Search once a day, from HOUR of the account's time zone on; None if it is not time.

    Of several schedulers one searches.
    """
    local = now.astimezone(versions.current(db).account.time_zone)
    due = local.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    due -= timedelta(days=1) if local < due else timedelta(0)
    return search(db, now=now) if _claimed(db, due, now) else None


def _claimed(db: Db, due: datetime, now: datetime) -> bool:
    """Whether this process is the one that searches; none other does from now on until the next night."""
    try:
        claim = {"_id": _SEARCHED, "at": {"$lt": due}}
        return db.installation.update_one(claim, {"$set": {"at": now}}, upsert=True).acknowledged
    except DuplicateKeyError:  # another has claimed it: its time is not before `due`
        return False


def _ended(db: Db, report: DuplicateReport) -> DuplicateReport:
    """Note that a search has ended: the nightly one is not due before the next night."""
    db.installation.update_one({"_id": _SEARCHED}, {"$set": {"at": report.at}}, upsert=True)
    return report


def _open_count(db: Db) -> int:
    query = {**suggestion_rows.OPEN, "found_by": NIGHTLY}
    return db.suggestions.count_documents(query, limit=MAX_OPEN)


# Candidates


def _all_alike(db: Db) -> Iterator[_Alike]:
    yield from _by_name(db, NAME_AND_PHONE, phones(), unwound=True)
    yield from _by_name(db, NAME_AND_BIRTH_DATE, "$birth_date", unwound=False)
    yield from _by_email(db)


def _by_name(db: Db, reason: str, value: object, *, unwound: bool) -> Iterator[_Alike]:
    """Contacts with the same full name (at least two words) and the same value."""
    named = {**LIVING, "sort_name": {"$regex": "^[^@]+ [^@]+$"}, "first_name": {"$type": "string"}}
    stages: list[Document] = [{"$match": named}, {"$project": {"name": "$sort_name", "value": value}}]
    if unwound:
        stages.append({"$unwind": "$value"})
    stages += [
        {"$match": {"value": {"$nin": [None, ""]}}},
        {"$group": {"_id": {"name": "$name", "value": "$value"}, **_HOLDERS}},
        _SEVERAL,
    ]
    for row in db.contacts.aggregate(stages, allowDiskUse=True):
        contacts = [ContactId(id_) for id_ in dict.fromkeys(row["contacts"])]
        yield _Alike(reason, contacts, [row["_id"]["name"], str(row["_id"]["value"])])


def _by_email(db: Db) -> Iterator[_Alike]:
    """Contacts whose emails differ in dots, a plus-tag, the provider's other name, or a typing error."""
    errors = known_errors(_domains(db), limit=MAX_TYPING_ERRORS)
    stages: list[Document] = [
        {"$match": {**LIVING, "email": {"$type": "string"}}},
        {"$project": {"email": 1, "key": email_key("$email", errors)}},
        {"$group": {"_id": "$key", "emails": {"$firstN": {"input": "$email", "n": MAX_HOLDERS}}, **_HOLDERS}},
        _SEVERAL,
    ]
    for row in db.contacts.aggregate(stages, allowDiskUse=True):
        yield _Alike(SIMILAR_EMAIL, [ContactId(id_) for id_ in row["contacts"]], row["emails"])


_HOLDERS: Document = {"contacts": {"$firstN": {"input": "$_id", "n": MAX_HOLDERS + 1}}}
_SEVERAL: Document = {"$match": {"contacts.1": {"$exists": True}}}


def _domains(db: Db) -> Iterator[str]:
    """Every domain of an email, each once."""
    stages: list[Document] = [
        {"$match": {**LIVING, "email": {"$type": "string"}}},
        {"$group": {"_id": {"$arrayElemAt": [{"$split": ["$email", "@"]}, -1]}}},
    ]
    return (row["_id"] for row in db.contacts.aggregate(stages, allowDiskUse=True))


# Suggesting


def _suggest(db: Db, one: ContactId, other: ContactId, alike: _Alike, *, now: datetime) -> bool:
    """Suggest a merge unless the pair is known or a user keeps it apart; return whether it is new."""
    id_ = pair_id(one, other)
    if db.suggestions.find_one({"_id": id_}, {"_id": 1}) is not None or _are_apart(db, one, other):
        return False
    row = {
        "contacts": sorted((one, other)),
        "at": now,
        "reason": alike.reason,
        "found_by": NIGHTLY,
        "evidence": {"values": alike.values},
    }
    made = db.suggestions.update_one({"_id": id_}, {"$setOnInsert": row}, upsert=True)
    return made.upserted_id is not None


def _are_apart(db: Db, one: ContactId, other: ContactId) -> bool:
    """Whether a user undid a merge of two contacts, so that they stay apart."""
    rows = list(db.contacts.find({"_id": {"$in": [one, other]}}, ["spans", "merged", "renamed", "undone"]))
    ids = {row["_id"]: {row["_id"], *row.get("merged", ()), *row.get("renamed", ())} for row in rows}
    undone = {id_ for row in rows for id_ in row.get("undone", ())}
    streams = [span["key"] for row in rows for span in row.get("spans", ())]
    query = {"stream": {"$in": streams}, "type": MERGE_UNDONE, "state": "applied"}
    for decision in db.activities.find(query, {"properties": 1}):
        named = {decision["properties"].get("loser"), decision["properties"].get("winner")}
        if decision["_id"] not in undone and all(named & of_one for of_one in ids.values()):
            return True
    return False
