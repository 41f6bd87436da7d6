"""Published rulesets: every version is kept, and a process compiles each once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from engine.core.rulebook import Rulebook, Ruleset
from engine.errors import Unavailable
from engine.rules.ruleset import compile_ruleset, read_folder

Document = dict[str, Any]


def publish_first(db: Database[Document], config_dir: Path, *, now: datetime) -> None:
    """Store the shipped files as version 1, unless there is a version; raise InvalidRules."""
    if db.rulesets.find_one({}, {"_id": 1}) is not None:
        return
    texts = read_folder(config_dir)
    compile_ruleset(texts, version=1)
    first = {
        "_id": 1,
        "files": [{"name": name, "text": text} for name, text in texts.items()],
        "published_at": now,
        "published_by": "Contact Sheets",
        "message": "The rules that come with Contact Sheets",
    }
    try:
        db.rulesets.insert_one(first)
    except DuplicateKeyError:  # another process was first
        return


def current(db: Database[Document]) -> Ruleset:
    """The ruleset in force, compiled once for each version."""
    newest = db.rulesets.find_one({}, {"_id": 1}, sort=[("_id", -1)])
    if newest is None:
        raise Unavailable("there is no ruleset yet: the database is not prepared, run `sheets up`")
    return version(db, newest["_id"])


def rulebook(db: Database[Document]) -> Rulebook:
    """The ruleset in force and, by version, those before it, each read when it is needed."""
    return Rulebook(rulesets=_Versions(db), present=current(db))


def version(db: Database[Document], number: int) -> Ruleset:
    """One published version; raise Unavailable if there is none of that number."""
    ruleset = _compiled(db, number)
    if ruleset.account.currency is not None:
        return ruleset
    return _in_currency(ruleset, first_currency(db))


def first_currency(db: Database[Document]) -> str | None:
    """The currency of the account's first order: the account's own until somebody sets one."""
    if db not in _first_currencies:
        found = db.installation.find_one({"_id": "first_currency"})
        if found is None:
            return None
        _first_currencies[db] = found["value"]
    return _first_currencies[db]


def note_first_currency(db: Database[Document], currency: str) -> None:
    """Remember the first order's currency; the first to say so wins."""
    db.installation.update_one({"_id": "first_currency"}, {"$setOnInsert": {"value": currency}}, upsert=True)


_first_currencies: dict[Database[Document], str] = {}
"""Never changes once it is there, so that it is read once a process."""


@lru_cache(maxsize=64)
def _compiled(db: Database[Document], number: int) -> Ruleset:
    stored = db.rulesets.find_one({"_id": number})
    if stored is None:
        raise Unavailable(f"there is no ruleset {number}")
    texts = {file["name"]: file["text"] for file in stored["files"]}
    return compile_ruleset(texts, version=number, published_at=stored["published_at"])


@lru_cache(maxsize=64)
def _in_currency(ruleset: Ruleset, currency: str | None) -> Ruleset:
    return replace(ruleset, account=replace(ruleset.account, currency=currency))


class _Versions(Mapping[int, Ruleset]):
    """All published versions, as a mapping that compiles on first use."""

    def __init__(self, db: Database[Document]) -> None:
        self._db = db
        self._known: dict[int, Ruleset] = {}

    def __getitem__(self, number: int) -> Ruleset:
        # Asked for every activity: a look at our own dictionary is all that it may cost.
        if number not in self._known:
            try:
                self._known[number] = version(self._db, number)
            except Unavailable:
                raise KeyError(number) from None
        return self._known[number]

    def __iter__(self) -> Iterator[int]:
        return iter(row["_id"] for row in self._db.rulesets.find({}, {"_id": 1}))

    def __len__(self) -> int:
        return self._db.rulesets.count_documents({})
