"""Publishing rules: each version is complete, validated and numbered, and has an author.

A version takes effect with the next batch of each worker.  Contacts that have to be
folded again for it (new segments, a new question about the past, a recomputation) are
brought up to date by the workers, whenever no activity waits: `lanes.outdated_in`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pymongo.errors import DuplicateKeyError

from engine.db import Db
from engine.domain.rulebook import Ruleset
from engine.errors import Conflict, EditConflict, InvalidRules, Misconfigured, Problem
from engine.pipeline import lanes
from engine.publishing import filling
from engine.rules import versions
from engine.rules.files.schema import write_schemas
from engine.rules.rehearsal import rehearse
from engine.rules.ruleset import FILES, VersionMetadata, compile_published, compile_ruleset, rule_tests_of
from engine.rules.versions import Version


class PublishConflict(EditConflict):
    """Another user published `newest` while these rules were written."""

    def __init__(self, newest: Version) -> None:
        self.newest = newest
        super().__init__(
            f"{newest.published_by} published version {newest.number} meanwhile ({newest.message!r}): "
            "look at it (`sheets rules pull`), bring your change into it, and publish again"
        )


class NothingToPublish(Conflict):
    """The files are those of the version in force."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"these are the rules of version {number}: there is nothing to publish")


class ClockSkew(Misconfigured):
    """By this machine's clock, what is in force was published in the future."""

    def __init__(self, newest: Version, now: datetime) -> None:
        super().__init__(
            f"this machine's clock says {now:%Y-%m-%d %H:%M:%S} UTC, but version {newest.number} was "
            f"published at {newest.published_at:%Y-%m-%d %H:%M:%S}: a clock was or is wrong. "
            "Look at it (`sheets doctor`), set it right, and publish again"
        )


def completed(db: Db, texts: Mapping[str, str]) -> dict[str, str]:
    """All files: those given, and the others as they are published."""
    published = versions.stored_version(db, versions.current_number(db)).texts
    return {name: texts.get(name, published.get(name, "")) for name in FILES}


def check(texts: Mapping[str, str]) -> list[Problem]:
    """Every problem of a whole set of files, those that its own tests show included."""
    try:
        ruleset = compile_ruleset(texts)
        found = rehearse(rule_tests_of(texts), ruleset)
    except InvalidRules as error:
        return error.problems
    return [
        Problem(
            result.test.file,
            *result.test.place,
            f"the test {result.test.name!r} fails: "
            + "; ".join(
                f"{name} is {got!r}, not {wanted!r}" for name, (wanted, got) in result.differences.items()
            ),
        )
        for result in found
        if not result.passed
    ]


def publish(
    db: Db,
    texts: Mapping[str, str],
    *,
    by: str,
    message: str,
    now: datetime,
    base: int | None = None,
    recompute: bool = False,
) -> Version:
    """Publish a whole set of files in one write; return the new version.

    `base` is the version that the change was made on: if it is no longer the newest,
    nothing is published and PublishConflict names the author of the newer one.  With
    `recompute` all history is judged by the new rules.  Raises InvalidRules too,
    NothingToPublish, and ClockSkew, as each version holds from when it was published.
    """
    newest = versions.stored_version(db, versions.current_number(db))
    if base is not None and base != newest.number:
        raise PublishConflict(newest)
    problems = check(texts)
    if problems:
        raise InvalidRules(problems)
    if dict(texts) == dict(newest.texts) and not recompute:
        raise NothingToPublish(newest.number)
    if now <= newest.published_at:
        raise ClockSkew(newest, now)
    version = succeed(newest, texts, by=by, message=message, now=now, recompute=recompute)
    try:
        versions.keep(db, version)
    except DuplicateKeyError:
        raise PublishConflict(versions.stored_version(db, version.number)) from None
    lanes.bar_older_rules(db, version.number)
    return version


def succeed(
    before: Version, texts: Mapping[str, str], *, by: str, message: str, now: datetime, recompute: bool
) -> Version:
    """The version that follows another: what it changes in what contacts are kept for."""
    number = before.number + 1
    old, _ = compile_published(before.texts, before.standing())
    new = compile_ruleset(texts, VersionMetadata(number))
    version = Version(
        number=number,
        texts=dict(texts),
        published_at=now,
        published_by=by,
        message=message,
        since={} if recompute else _since(old, new, now),
        upkeep=before.upkeep,
        kept_from=before.kept_from,
        outdated_below=before.outdated_below,
        recomputed=number if recompute else before.recomputed,
        filling=before.filling,
        put_away=() if recompute else _put_away(before.put_away, old, new),
    )
    back = set(before.put_away) & set(new.segments)
    if not recompute and not back and not _is_kept_otherwise(old, new):
        return version
    fills = not recompute and not before.filling and filling.can_fill(old, new)
    return replace(
        version,
        upkeep=number,
        kept_from=number,
        outdated_below=before.kept_from if fills else number,
        filling=fills,
    )


def roll_back(db: Db, number: int, *, by: str, now: datetime, recompute: bool = False) -> Version:
    """Publish the files of an older version again, as a new one."""
    older = versions.stored_version(db, number)
    message = f"Back to version {number}"
    return publish(db, completed_from(older), by=by, message=message, now=now, recompute=recompute)


def completed_from(version: Version) -> dict[str, str]:
    """A version's files, with an empty one for each that there was not yet."""
    return {name: version.texts.get(name, "") for name in FILES}


def write_folder(version: Version, folder: Path) -> list[Path]:
    """Write a version's files into a folder, with schemas for editors; return the files' paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in completed_from(version).items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        written.append(path)
    ruleset, _ = compile_published(version.texts, version.standing())
    write_schemas(folder / "schema", ruleset.machines)
    return written


def _since(old: Ruleset, new: Ruleset, now: datetime) -> dict[str, datetime]:
    """From when each dynamic segment's condition holds: now, if it is not what it was."""
    since = {}
    for segment in new.dynamic:
        before = old.segments.get(segment.id)
        unchanged = before is not None and before.condition is not None and _same(before, segment)
        held_since = before.since if before is not None and unchanged else now
        if held_since is not None:
            since[segment.id] = held_since
    return since


def _put_away(before: Iterable[str], old: Ruleset, new: Ruleset) -> Sequence[str]:
    """The static segments that are not declared any more."""
    static = set(old.segments) - {segment.id for segment in old.dynamic}
    return sorted({*before, *static} - set(new.segments))


def _same(one: Any, other: Any) -> bool:
    return bool(one.condition.tree == other.condition.tree)


def _is_kept_otherwise(old: Ruleset, new: Ruleset) -> bool:
    """Whether what is kept of contacts has to change: their segments, or what they did."""
    if old.tracks.keys() != new.tracks.keys() or not set(old.segments) <= set(new.segments):
        return True
    before = {segment.id: segment for segment in old.dynamic}
    return any(
        segment.id not in before or not _same(before[segment.id], segment) for segment in new.dynamic
    ) or set(before) != {segment.id for segment in new.dynamic}
