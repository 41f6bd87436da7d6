"""An activity as a row of the timeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from engine.contacts.editing import undo
from engine.contacts.editing.identity_decisions import can_be_split_off
from engine.contacts.editing.undo import Undoes, Undone
from engine.db import Db
from engine.db.search_keys import plain_letters
from engine.domain.activities import CALCULATION, SOURCE_LABELS, Source, source_of
from engine.domain.document import Document
from engine.domain.rulebook import Ruleset
from engine.domain.valuation import RFM_CHANGED
from engine.notices import raw_notices
from engine.notices.raw_notices import EVIDENCE_OF
from engine.pipeline.groups import without_dbrefs


class TimelineRow(msgspec.Struct, frozen=True):
    """An activity as a row of the timeline.

    Parameters:
      details: The raw data.
      source: The kind of sender; unset for what follows from another activity.
      unproven: Whether a browser alone claims something of the contact by this.
      discounted: Whether it is a bounce that does not count against the address.
      undoable: Whether a user can undo it.
      splittable: Whether a user can split it off the contact, as an act of another person.
      undone: Author and time of its undo, if it was undone.
      undoes: The activity that it undoes itself.
      notice: Whether the notice that it comes from is kept.
    """

    id: str
    type: str
    label: str
    icon: str
    happened_at: datetime
    summary: str
    points: int | None
    details: dict[str, Any]
    derived: bool
    clamped: bool
    bot: bool
    discounted: bool = False
    undoable: bool = False
    splittable: bool = False
    undone: Undone | None = None
    undoes: Undoes | None = None
    source: Source | None = None
    unproven: bool = False
    notice: bool = False


RowMask = Callable[[TimelineRow], TimelineRow]
"""Masks the personal data of a row."""


def unmasked(row: TimelineRow) -> TimelineRow:
    """Return a row as it is: the mask of users who see all."""
    return row


def search_text(text: str) -> str:
    """Return a text as it is searched: without case, accents and the dots that separate our summaries.

    Without the dots most texts are plain ASCII, which is folded ten times as fast.
    """
    return plain_letters(text.replace("·", " "))


_SEARCHED = ("properties", "traits", "identities", "tracker")
_SEARCHED_OF_PAGE = ("url", "path", "title", "referrer")


def _leaves(value: Any) -> Iterator[str]:
    """Every text and number in a value, however deep."""
    if isinstance(value, dict):
        for part in value.values():
            yield from _leaves(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _leaves(part)
    elif isinstance(value, bool) or value is None:
        return
    else:
        yield str(value)


class RowBuilder:
    """Builds the rows of a contact's activities; `mask` hides what the user must not see."""

    def __init__(self, db: Db, contact: Document, ruleset: Ruleset, mask: RowMask) -> None:
        self._db, self._contact, self._ruleset, self._mask = db, contact, ruleset, mask

    def searchable(self, document: Document) -> str:
        """Return the text that a search of an activity looks in: what its row shows, after the mask."""
        row = self._mask(_timeline_row(document, self._ruleset, None))
        page = row.details.get("context", {}).get("page")
        texts = [row.label, row.summary, row.id]
        texts += _leaves([row.details.get(part) for part in _SEARCHED])
        if isinstance(page, dict):
            texts += _leaves([page.get(part) for part in _SEARCHED_OF_PAGE])
        return search_text("\n".join(texts))

    def rows(self, documents: Sequence[Document]) -> list[TimelineRow]:
        """Return the rows of activities, each with its points, and whether it was or can be undone."""
        ids = [row["_id"] for row in documents]
        points = _points_of(self._db, ids)
        undone = undo.undone_among(self._db, self._contact, ids)
        undoes = undo.undone_by(self._db, documents, self._ruleset)
        reported = [row["_id"] for row in documents if row["type"] in EVIDENCE_OF]
        noticed = raw_notices.with_notice(self._db, reported)
        return [
            self._mask(
                msgspec.structs.replace(
                    _timeline_row(row, self._ruleset, points.get(row["_id"])),
                    undoable=undo.refusal(row) is None,
                    undone=undone.get(row["_id"]),
                    undoes=undoes.get(row["_id"]),
                    notice=row["_id"] in noticed,
                )
            )
            for row in documents
        ]


def _points_of(db: Db, activities: list[str]) -> dict[str, int]:
    points: Counter[str] = Counter()
    for row in db.ledger.find({"activity": {"$in": activities}}, {"activity": 1, "points": 1}):
        points[row["activity"]] += row["points"]
    return dict(points)


def _timeline_row(row: Document, ruleset: Ruleset, points: int | None) -> TimelineRow:
    catalog, properties = ruleset.catalog, without_dbrefs(row).get("properties", {})
    if row["type"] == "status_changed":
        properties = status_labels(properties, ruleset)
    elif row["type"] in ("segment_entered", "segment_left"):
        segment = ruleset.segments.get(properties.get("segment", ""))
        properties = {**properties, **({} if segment is None else {"segment": segment.name})}
    elif row["type"] == RFM_CHANGED:
        properties = category_labels(properties, ruleset)
    source = None if row.get("derived") or row.get("source") == CALCULATION else source_of(row)
    details = {name: row[name] for name in _DETAILS if row.get(name)}
    if source is not None:
        details["source"] = SOURCE_LABELS[source]
    return TimelineRow(
        id=row["_id"],
        type=row["type"],
        label=catalog.label(row["type"]),
        icon=catalog.icon(row["type"]),
        happened_at=row["happened_at"],
        summary=catalog.summary(row["type"], properties),
        points=points,
        details=details,
        derived=row.get("derived", False),
        clamped=row.get("clamped", False),
        bot=row.get("bot", False),
        discounted=undo.is_inconclusive(row),
        source=source,
        unproven=source is Source.BROWSER and (bool(row.get("identities")) or row["type"] in _CLAIMS),
        splittable=can_be_split_off(row),
    )


_CLAIMS = frozenset(
    {"identified", "order_completed", "newsletter_subscribed", "sms_subscribed", "topic_subscribed"}
)


_DETAILS = ("properties", "traits", "context", "identities", "tracker", "received_at", "ruleset", "cause")


def category_labels(properties: Document, ruleset: Ruleset) -> Document:
    """Return the properties of an `rfm_changed` with the labels of its categories; none is `no RFM`."""
    known = {} if ruleset.rfm is None else ruleset.rfm.categories
    categories = {side: properties.get(side) for side in ("from", "to")}
    labels = {
        side: "no RFM" if id_ is None else known[id_].label if id_ in known else id_
        for side, id_ in categories.items()
    }
    return {**properties, **labels}


def status_labels(properties: Document, ruleset: Ruleset) -> Document:
    """Return the properties of a `status_changed` with the labels of its machine and states."""
    machine = ruleset.machines.get(properties.get("machine", ""))
    if machine is None:
        return properties
    return {
        "machine": machine.label,
        **{side: machine.states.get(properties[side], properties[side]) for side in ("from", "to")},
    }
