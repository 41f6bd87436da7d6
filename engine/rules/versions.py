"""Published rulesets: every version is kept, and a process compiles each once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Self

import mongoengine as me
from pymongo.errors import DuplicateKeyError

from engine.db import Db
from engine.db.documents.fields import Moment, PlainData
from engine.db.documents.stored import Part, Stored
from engine.domain.rulebook import Rulebook, Ruleset
from engine.errors import NotFound
from engine.rules import in_force
from engine.rules.in_force import current_number as current_number
from engine.rules.ruleset import VersionMetadata, compile_published, compile_ruleset, read_folder


@dataclass(frozen=True)
class Version:
    """A published version: its files, who published it and why, and where it stands.

    `since`, `upkeep`, `kept_from` and `recomputed` are as in `ruleset.VersionMetadata`.  While
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

    def standing(self) -> VersionMetadata:
        return VersionMetadata(
            self.number, self.published_at, self.since, self.upkeep, self.kept_from, self.recomputed
        )


class RulesetFile(Part):
    """A YAML file of a version; segments, rules and fields are defined in these."""

    name: str = me.StringField(required=True)
    text: str = me.StringField(required=True)


class RulesetVersion(Stored):
    """A version as it is kept; what its fields mean says `Version`.

    While it is `filling`, `filling_until` is until when a process has claimed that, and
    `filled` are the quarters that are done.
    """

    meta = {"collection": "rulesets"}
    id: int = me.IntField(primary_key=True, min_value=1)
    files: list[RulesetFile] = me.EmbeddedDocumentListField(RulesetFile, required=True)
    published_at: datetime = Moment(required=True)
    published_by: str = me.StringField(required=True)
    message: str = me.StringField(required=True)
    since: Mapping[str, datetime] = PlainData(default=dict)
    upkeep: int = me.IntField(required=True, default=1)
    kept_from: int = me.IntField(required=True, default=1)
    outdated_below: int = me.IntField(required=True, default=1)
    recomputed: int = me.IntField(required=True, default=1)
    filling: bool = me.BooleanField(required=True, default=False)
    put_away: list[str] = me.ListField(me.StringField())
    filling_until: datetime | None = Moment()
    filled: list[int] | None = me.ListField(me.IntField(), default=None)

    def clean(self) -> None:
        for name in ("upkeep", "kept_from", "outdated_below", "recomputed"):
            if getattr(self, name) > self.id:
                self.refuse(name, f"version {self.id} cannot refer to a later one")
        if len({file.name for file in self.files}) < len(self.files):
            self.refuse("files", "two files have the same name")

    @classmethod
    def of(cls, version: Version) -> Self:
        """Return the document of a version that is not kept yet."""
        document: Self = cls(
            id=version.number,
            files=[RulesetFile(name=name, text=text) for name, text in version.texts.items()],
            put_away=list(version.put_away),
            **{name: getattr(version, name) for name in _KEPT},
        )
        return document

    def version(self) -> Version:
        """Return the version that is kept."""
        return Version(
            number=self.id,
            texts={file.name: file.text for file in self.files},
            put_away=list(self.put_away),
            **{name: getattr(self, name) for name in _KEPT},
        )


_KEPT = [f.name for f in fields(Version) if f.name not in ("number", "texts", "put_away")]
"""The fields that a version and its document share."""


class VersionNotFound(NotFound):
    """No version of the rules has this number."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"there is no version {number} of the rules: `sheets rules log` lists them")


def stored_version(db: Db, number: int) -> Version:
    """A version as it was published; raise VersionNotFound if there is none of that number."""
    found = RulesetVersion.on(db, id=number).one()
    if found is None:
        raise VersionNotFound(number)
    return found.version()


def history(db: Db) -> list[Version]:
    """All versions, the newest first."""
    return [found.version() for found in RulesetVersion.on(db).order_by("-id")]


def keep(db: Db, version: Version) -> None:
    """Keep a new version, which is in force then; raise DuplicateKeyError if there is one of its number."""
    RulesetVersion.on(db).insert(RulesetVersion.of(version))


def publish_first(db: Db, config_dir: Path, *, now: datetime) -> None:
    """Store the shipped files as version 1, unless there is a version; raise InvalidRules."""
    if RulesetVersion.on(db).one() is not None:
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
        keep(db, first)


def current(db: Db) -> Ruleset:
    """The ruleset in force, compiled once for each version."""
    newest = in_force.newest(db, "kept_from")
    return _kept_from(version(db, newest["_id"]), newest["kept_from"])


def segments_ever(db: Db) -> set[str]:
    """The ids of the segments in force, and of those that contacts remember to have been in."""
    present = current(db)
    return {*present.segments, *stored_version(db, present.version).put_away}


def rulebook(db: Db) -> Rulebook:
    """The ruleset in force and, by version, those before it, each read when it is needed."""
    present = current(db)
    published, boundaries = _published(db, present.version, present.recomputed)
    return Rulebook(_Versions(db), present, published, boundaries)


def version(db: Db, number: int) -> Ruleset:
    """One published version; raise VersionNotFound if there is none of that number."""
    return _compiled(db, number)


@lru_cache(maxsize=64)
def _compiled(db: Db, number: int) -> Ruleset:
    stored = stored_version(db, number)
    return compile_published(stored.texts, stored.standing())[0]


@lru_cache(maxsize=64)
def _published(
    db: Db, newest: int, recomputed: int
) -> tuple[tuple[tuple[datetime, int], ...], tuple[datetime, ...]]:
    """The publishing times of all versions, and of those that changed segments.

    What was before a recomputation is as if it had never been.
    """
    rows = list(db.rulesets.find({"_id": {"$lte": newest}}, {"published_at": 1, "upkeep": 1}).sort("_id", 1))
    published = tuple((row["published_at"], row["_id"]) for row in rows)
    changed = (row for row in rows if row["upkeep"] == row["_id"] > max(recomputed, 1))
    return published, tuple(row["published_at"] for row in changed)


@lru_cache(maxsize=64)
def _kept_from(ruleset: Ruleset, oldest: int) -> Ruleset:
    """The ruleset as it stands once its segments are filled: that comes after it was compiled."""
    return ruleset if ruleset.kept_from == oldest else replace(ruleset, kept_from=oldest)


class _Versions(Mapping[int, Ruleset]):
    """All published versions, as a mapping that compiles on first use."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._known: dict[int, Ruleset] = {}

    def __getitem__(self, number: int) -> Ruleset:
        # Asked for every activity: a look at our own dictionary is all that it may cost.
        if number not in self._known:
            try:
                self._known[number] = version(self._db, number)
            except VersionNotFound:
                raise KeyError(number) from None
        return self._known[number]

    def __iter__(self) -> Iterator[int]:
        return iter(row["_id"] for row in self._db.rulesets.find({}, {"_id": 1}))

    def __len__(self) -> int:
        return self._db.rulesets.count_documents({})
