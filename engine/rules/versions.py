"""Published rulesets: every version is kept, and a process compiles each once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from engine.domain.rulebook import Rulebook, Ruleset
from engine.errors import Unavailable
from engine.rules import in_force
from engine.rules.in_force import current_number as current_number
from engine.rules.ruleset import Standing, compile_published, compile_ruleset, read_folder

Document = dict[str, Any]


@dataclass(frozen=True)
class Version:
    """A published version: its files, who published it and why, and where it stands.

    `since`, `upkeep`, `kept_from` and `recomputed` are as in `ruleset.Standing`.  While
    its segments are `filling`, contacts kept since `outdated_below` are left to that.
    `put_away` are the static segments that were declared before and are no more: contacts
    remember that they were in them.
    """

    number: int
    texts: Mapping[str, str]
    published_at: datetime
    published_by: str
    message: str
    since: Mapping[str, datetime] = field(default_factory=dict)
    upkeep: int = 1
    kept_from: int = 1
    outdated_below: int = 1
    recomputed: int = 1
    filling: bool = False
    put_away: Sequence[str] = ()

    def standing(self) -> Standing:
        return Standing(
            self.number, self.published_at, self.since, self.upkeep, self.kept_from, self.recomputed
        )

    def row(self) -> Document:
        """The version as MongoDB keeps it."""
        row = asdict(self)
        files = [{"name": name, "text": text} for name, text in row.pop("texts").items()]
        return {"_id": row.pop("number"), "files": files, **row}

    @classmethod
    def of(cls, row: Document) -> Version:
        texts = {file["name"]: file["text"] for file in row["files"]}
        said = {name: value for name, value in row.items() if name not in _NOT_SAID}
        return cls(number=row["_id"], texts=texts, **said)


_NOT_SAID = ("_id", "files", "filling_until", "filled")
"""What of a stored version is no part of it: how far its filling has come."""


def stored_version(db: Database[Document], number: int) -> Version:
    """A version as it was published; raise Unavailable if there is none of that number."""
    row = db.rulesets.find_one({"_id": number})
    if row is None:
        raise Unavailable(f"there is no version {number} of the rules: `sheets rules log` lists them")
    return Version.of(row)


def history(db: Database[Document]) -> list[Version]:
    """All versions, the newest first."""
    return [Version.of(row) for row in db.rulesets.find().sort("_id", -1)]


def publish_first(db: Database[Document], config_dir: Path, *, now: datetime) -> None:
    """Store the shipped files as version 1, unless there is a version; raise InvalidRules."""
    if db.rulesets.find_one({}, {"_id": 1}) is not None:
        return
    texts = read_folder(config_dir)
    compile_ruleset(texts)
    first = Version(
        number=1,
        texts=texts,
        published_at=now,
        published_by="Contact Sheets",
        message="Default rules",
    )
    with suppress(DuplicateKeyError):  # another process was first
        db.rulesets.insert_one(first.row())


def current(db: Database[Document]) -> Ruleset:
    """The ruleset in force, compiled once for each version."""
    newest = in_force.newest(db, "kept_from")
    return _kept_from(version(db, newest["_id"]), newest["kept_from"])


def segments_ever(db: Database[Document]) -> set[str]:
    """The ids of the segments in force, and of those that contacts remember to have been in."""
    present = current(db)
    return {*present.segments, *stored_version(db, present.version).put_away}


def rulebook(db: Database[Document]) -> Rulebook:
    """The ruleset in force and, by version, those before it, each read when it is needed."""
    present = current(db)
    published, boundaries = _published(db, present.version, present.recomputed)
    return Rulebook(_Versions(db), present, published, boundaries)


def version(db: Database[Document], number: int) -> Ruleset:
    """One published version; raise Unavailable if there is none of that number."""
    return in_currency(db, _compiled(db, number))


def declared(db: Database[Document], number: int) -> Ruleset:
    """One version as its files say it: without a currency, as long as nobody has set one."""
    return _compiled(db, number)


def in_currency(db: Database[Document], ruleset: Ruleset) -> Ruleset:
    """The ruleset with the account's currency: as declared, else that of its first order."""
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
    stored = stored_version(db, number)
    return compile_published(stored.texts, stored.standing())[0]


@lru_cache(maxsize=64)
def _published(
    db: Database[Document], newest: int, recomputed: int
) -> tuple[tuple[tuple[datetime, int], ...], tuple[datetime, ...]]:
    """When each version up to the newest came into force, and when segments changed by that.

    What was before a recomputation is as if it had never been.
    """
    rows = list(db.rulesets.find({"_id": {"$lte": newest}}, {"published_at": 1, "upkeep": 1}).sort("_id", 1))
    published = tuple((row["published_at"], row["_id"]) for row in rows)
    changed = (row for row in rows if row["upkeep"] == row["_id"] > max(recomputed, 1))
    return published, tuple(row["published_at"] for row in changed)


@lru_cache(maxsize=64)
def _in_currency(ruleset: Ruleset, currency: str | None) -> Ruleset:
    return replace(ruleset, account=replace(ruleset.account, currency=currency))


@lru_cache(maxsize=64)
def _kept_from(ruleset: Ruleset, oldest: int) -> Ruleset:
    """The ruleset as it stands once its segments are filled: that comes after it was compiled."""
    return ruleset if ruleset.kept_from == oldest else replace(ruleset, kept_from=oldest)


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
