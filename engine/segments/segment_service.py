"""Segments out of a list, and deleting them, for a person.

Segments are stored in `segments.yaml`; each change publishes a new version.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from engine.accounts.actor import Actor
from engine.accounts.permissions import Permission
from engine.contacts.listing import listing as listings
from engine.contacts.listing.listing import Listing
from engine.domain.document import Document
from engine.errors import EditConflict, Invalid, NameTaken, NotFound, StillInUse
from engine.publishing import publish_service, publishing
from engine.publishing.field_uses import Use
from engine.rules import versions
from engine.rules.conditions.filter_reader import unqualified
from engine.rules.language import editing
from engine.rules.versions import Version
from engine.segments import agreement, segment_uses, segments
from engine.segments.segments import Preview, SegmentSummary

FILE = "segments.yaml"


MAX_NAME = 80
"""Characters of a segment's name."""


class InvalidSegment(Invalid):
    """A segment with this name cannot be made; the message says why."""


class SegmentNotFound(NotFound):
    """No segment with this id is declared, or not any more."""

    def __init__(self, id_: str) -> None:
        self.id = id_
        super().__init__("this segment no longer exists: it may have been deleted")


@dataclass(frozen=True)
class Deletable:
    """A segment to be deleted: its name, members, uses, and the version of the rules."""

    id: str
    name: str
    dynamic: bool
    members: int
    uses: list[Use]
    version: int


def save_list(actor: Actor, name: str, listing: Listing) -> str:
    """Create a dynamic segment from the filters of a list; return its id.

    A window of time that moves on (`within: 30d`) moves on in the segment, too.  Raises
    NotAllowed, InvalidSegment, NameTaken, InvalidFilter (a search is no condition), and what publishing does.
    """
    actor.require(Permission.EDIT_SEGMENTS)
    return _create(actor, name, {"when": listing.as_condition()})


def as_list(actor: Actor, id_: str) -> Listing | None:
    """The list that matches a dynamic segment's condition; None if no list can show it.

    No list can show a condition on past activities.  Raises NotAllowed and SegmentNotFound.
    """
    actor.require(Permission.EDIT_SEGMENTS)
    if id_ not in versions.current(actor.db).segments:
        raise SegmentNotFound(id_)
    written = editing.entry_text(publishing.completed(actor.db, {})[FILE], "segments", id_, "when")
    if not written:
        return None
    where: Document = json.loads(json.dumps(unqualified(editing.read(written)), default=str))
    shown, problems = listings.without_unknown(actor.db, Listing().with_parts(Listing(where=where).parts))
    return None if problems else shown


def change_list(actor: Actor, id_: str, listing: Listing, *, seen: Listing) -> Version:
    """Replace the condition of a dynamic segment by the filters of a list.

    `seen` is the segment's list (`as_list`) when the change began.  Raises NotAllowed,
    SegmentNotFound, EditConflict, InvalidFilter, and what publishing does.
    """
    present, ruleset = as_list(actor, id_), versions.current(actor.db)
    if present is None or present.where != seen.where:
        raise EditConflict("someone changed this segment in the meantime: reload the page")
    segment = ruleset.segments[id_]
    about = {"description": segment.description} if segment.description else {}
    entry = {"id": id_, "name": segment.name, **about, "when": listing.as_condition()}
    texts = publishing.completed(actor.db, {})
    changed = {**texts, FILE: editing.with_entry(texts[FILE], "segments", id_, entry)}
    message = f"Changed the condition of {segment.name}"
    return publish_service.publish(actor, changed, message=message, base=ruleset.version)


def create_static(actor: Actor, name: str) -> str:
    """Make a static segment without members; return its id.

    Raises NotAllowed, InvalidSegment, NameTaken, and what publishing does.
    """
    actor.require(Permission.EDIT_SEGMENTS)
    return _create(actor, name, {"static": True})


def create_static_for(actor: Actor, names: Sequence[str]) -> list[str]:
    """Make a static segment for each name that no segment has, in one version of the rules; return their ids.

    Names that a segment has already are left out, so that making them again makes none.  Raises NotAllowed,
    InvalidSegment, and what publishing does.
    """
    actor.require(Permission.EDIT_SEGMENTS)
    present = versions.current(actor.db)
    taken = {segment.name.casefold() for segment in present.segments.values()}
    made: dict[str, str] = {}
    texts = publishing.completed(actor.db, {})
    text = texts[FILE]
    for name in names:
        if " ".join(name.split()).casefold() in taken:
            continue
        clean = _checked(name, [])
        id_ = editing.id_of(clean, taken={**present.segments, **made})
        text = editing.with_entry(text, "segments", id_, {"id": id_, "name": clean, "static": True})
        made[id_] = clean
        taken.add(clean.casefold())
    if made:
        message = f"New segments {', '.join(made.values())}"[:200]
        publish_service.publish(actor, {**texts, FILE: text}, message=message, base=present.version)
    return list(made)


def _create(actor: Actor, name: str, is_: Document) -> str:
    present = versions.current(actor.db)
    name = _checked(name, [segment.name for segment in present.segments.values()])
    id_ = editing.id_of(name, taken=present.segments)
    entry = {"id": id_, "name": name, **is_}
    texts = publishing.completed(actor.db, {})
    made = {**texts, FILE: editing.with_entry(texts[FILE], "segments", id_, entry)}
    publish_service.publish(actor, made, message=f"New segment {name}", base=present.version)
    return id_


def _checked(name: str, taken: Sequence[str]) -> str:
    name = " ".join(name.split())
    if not name:
        raise InvalidSegment("enter a name for the segment")
    if len(name) > MAX_NAME:
        raise InvalidSegment(f"a segment's name can have at most {MAX_NAME} characters")
    if name.casefold() in {other.casefold() for other in taken}:
        raise NameTaken("a segment", name)
    return name


def deletable(actor: Actor, id_: str) -> Deletable:
    """Preview the deletion of a segment.  Raises NotAllowed and SegmentNotFound."""
    actor.require(Permission.EDIT_SEGMENTS)
    ruleset = versions.current(actor.db)
    segment = ruleset.segments.get(id_)
    if segment is None:
        raise SegmentNotFound(id_)
    return Deletable(
        id=id_,
        name=segment.name,
        dynamic=segment.dynamic,
        members=segments.size(actor.db, id_),
        uses=segment_uses.uses_of(actor.db, id_),
        version=ruleset.version,
    )


def delete(actor: Actor, id_: str, *, base: int) -> Version:
    """Delete a segment from the rules: its members leave it.

    Raises NotAllowed, SegmentNotFound, StillInUse, and what publishing does.
    """
    found = deletable(actor, id_)
    if found.uses:
        raise StillInUse(found.name, found.uses)
    texts = publishing.completed(actor.db, {})
    without = {**texts, FILE: editing.without_entry(texts[FILE], "segments", id_)}
    return publish_service.publish(actor, without, message=f"Deleted the segment {found.name}", base=base)


def restore(actor: Actor, deleted: Version) -> Version:
    """Undo the deletion of a segment: it is restored with its members.

    Raises NotAllowed, and PublishConflict once other rules were published since.
    """
    actor.require(Permission.EDIT_SEGMENTS)
    before = versions.stored_version(actor.db, deleted.number - 1).texts[FILE]
    texts = publishing.completed(actor.db, {FILE: before})
    message = f"Undid: {deleted.message}"
    return publish_service.publish(actor, texts, message=message, base=deleted.number)


# Looking at segments


def summaries(actor: Actor) -> list[SegmentSummary]:
    """Return all segments, by name.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    return segments.summaries(actor.db, now=actor.now)


def summary(actor: Actor, id_: str) -> SegmentSummary | None:
    """Return one segment; unset if none of that id is declared.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    return segments.summary(actor.db, id_, now=actor.now)


def trend(actor: Actor, id_: str, *, zone: ZoneInfo) -> list[Document]:
    """Return members, entries and exits on each of the last 30 days.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    return segments.trend(actor.db, id_, now=actor.now, zone=zone)


def nightly_report(actor: Actor) -> Document | None:
    """Return what the last nightly comparison found: `at` and `differences`.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    return agreement.report(actor.db)


def files_in_force(actor: Actor) -> dict[str, str]:
    """Return all rule files, to be changed and published again.  Raises NotAllowed."""
    actor.require(Permission.EDIT_SEGMENTS)
    return publishing.completed(actor.db, {})


def ids_in_use(actor: Actor) -> set[str]:
    """Return the ids that a new segment cannot have, those of deleted ones included.  Raises NotAllowed."""
    actor.require(Permission.EDIT_SEGMENTS)
    return versions.segments_ever(actor.db)


def preview(actor: Actor, texts: Mapping[str, str], id_: str, *, uri: str) -> Preview:
    """Return who would be in a segment of a whole set of files.  Raises NotAllowed and InvalidRules."""
    actor.require(Permission.EDIT_SEGMENTS)
    return segments.preview(actor.db, texts, id_, uri=uri, now=actor.now)
