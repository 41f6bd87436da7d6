"""Deleting segments for a person: segments.yaml is the truth, and each change publishes it anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.database import Database

from engine.access import rules
from engine.access.accounts import CurrentUser
from engine.access.permissions import Permission, require
from engine.errors import ContactSheetsError
from engine.rules import editing
from engine.store import publishing, rulesets, segment_uses, segments
from engine.store.field_uses import Use
from engine.store.rulesets import Version

Document = dict[str, Any]

FILE = "segments.yaml"


class NoSuchSegment(ContactSheetsError):
    """A segment that is not declared, or not any more."""


class SegmentInUse(ContactSheetsError):
    """A segment that something uses cannot be deleted."""

    def __init__(self, name: str, uses: Sequence[Use]) -> None:
        self.uses = list(uses)
        super().__init__(
            f"{name} cannot be deleted while it is used: {', '.join(map(str, uses))}. Take it out there first"
        )


@dataclass(frozen=True)
class Deletable:
    """A segment that somebody thinks of deleting: its name, members, what uses it, and the rules' version."""

    id: str
    name: str
    dynamic: bool
    members: int
    uses: list[Use]
    version: int


def deletable(db: Database[Document], user: CurrentUser, id_: str) -> Deletable:
    """What deleting a segment would come to.  Raises NotAllowed and NoSuchSegment."""
    require(user, Permission.EDIT_SEGMENTS)
    ruleset = rulesets.current(db)
    segment = ruleset.segments.get(id_)
    if segment is None:
        raise NoSuchSegment("this segment is not there any more")
    return Deletable(
        id=id_,
        name=segment.name,
        dynamic=segment.dynamic,
        members=segments.size(db, id_),
        uses=segment_uses.uses_of(db, id_),
        version=ruleset.version,
    )


def delete(db: Database[Document], user: CurrentUser, id_: str, *, base: int, now: datetime) -> Version:
    """Take a segment out of the rules: its members leave it.

    Raises NotAllowed, NoSuchSegment, SegmentInUse, and what publishing does.
    """
    found = deletable(db, user, id_)
    if found.uses:
        raise SegmentInUse(found.name, found.uses)
    texts = publishing.completed(db, {})
    without = {**texts, FILE: editing.without_entry(texts[FILE], "segments", id_)}
    return rules.publish(db, user, without, message=f"Deleted the segment {found.name}", now=now, base=base)


def restore(db: Database[Document], user: CurrentUser, deleted: Version, *, now: datetime) -> Version:
    """Take back the version that deleted a segment: it is there again, and its members are in it.

    Raises NotAllowed, and PublishedMeanwhile once other rules were published since.
    """
    require(user, Permission.EDIT_SEGMENTS)
    before = rulesets.stored_version(db, deleted.number - 1).texts[FILE]
    texts = publishing.completed(db, {FILE: before})
    message = f"Took back: {deleted.message}"
    return rules.publish(db, user, texts, message=message, now=now, base=deleted.number)
