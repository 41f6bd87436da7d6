"""An activity as a line of the timeline, for somebody who may see so much of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from pymongo.database import Database

from engine.contacts.editing import undoing
from engine.contacts.editing.undoing import Undoes, Undone
from engine.db.search_keys import plain_letters
from engine.domain.rulebook import Ruleset
from engine.pipeline.groups import without_dbrefs

Document = dict[str, Any]


class TimelineRow(msgspec.Struct, frozen=True):
    """An activity as a line of the timeline.

    `details` is the raw data.  `discounted` is a bounce of a sending in doubt, or one that
    says nothing about the address: it is shown, and does not count.  `undoable` says
    whether a person may take it back, `undone` by whom it was, and `undoes` what it takes
    back itself.
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
    undone: Undone | None = None
    undoes: Undoes | None = None


Shown = Callable[[TimelineRow], TimelineRow]
"""How much of a row somebody may see."""


def whole(row: TimelineRow) -> TimelineRow:
    """Of a row all that there is."""
    return row


def plain_words(text: str) -> str:
    """A text as it is searched: without capitals, accents and the dots that part a line of ours.

    Most texts are plain letters then, which is ten times quicker.
    """
    return plain_letters(text.replace("·", " "))


_FOUND_IN = ("properties", "traits", "identities", "tracker")
_PAGE = ("url", "path", "title", "referrer")


def _leaves(value: Any) -> Iterator[str]:
    """Every word and number in a value, however deep."""
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


class Teller:
    """Makes rows of activities, for somebody who may see so much of them."""

    def __init__(self, db: Database[Document], contact: Document, ruleset: Ruleset, shown: Shown) -> None:
        self._db, self._contact, self._ruleset, self._shown = db, contact, ruleset, shown

    def words(self, row: Document) -> str:
        """All that is shown of an activity, in plain letters."""
        told = self._shown(_timeline_row(row, self._ruleset, None))
        page = told.details.get("context", {}).get("page")
        said = [told.label, told.summary, told.id]
        said += _leaves([told.details.get(part) for part in _FOUND_IN])
        if isinstance(page, dict):
            said += _leaves([page.get(part) for part in _PAGE])
        return plain_words("\n".join(said))

    def rows(self, documents: Sequence[Document]) -> list[TimelineRow]:
        """The rows that are shown, with the points of each, and what was taken back."""
        ids = [row["_id"] for row in documents]
        points = _points_of(self._db, ids)
        undone = undoing.undone_among(self._db, self._contact, ids)
        undoes = undoing.what_they_undo(self._db, documents, self._ruleset)
        return [
            self._shown(
                msgspec.structs.replace(
                    _timeline_row(row, self._ruleset, points.get(row["_id"])),
                    undoable=undoing.refusal(row) is None,
                    undone=undone.get(row["_id"]),
                    undoes=undoes.get(row["_id"]),
                )
            )
            for row in documents
        ]


def _points_of(db: Database[Document], activities: list[str]) -> dict[str, int]:
    given: Counter[str] = Counter()
    for row in db.ledger.find({"activity": {"$in": activities}}, {"activity": 1, "points": 1}):
        given[row["activity"]] += row["points"]
    return dict(given)


def _timeline_row(row: Document, ruleset: Ruleset, points: int | None) -> TimelineRow:
    catalog, properties = ruleset.catalog, without_dbrefs(row).get("properties", {})
    if row["type"] == "status_changed":
        properties = status_words(properties, ruleset)
    elif row["type"] in ("segment_entered", "segment_left"):
        segment = ruleset.segments.get(properties.get("segment", ""))
        properties = {**properties, **({} if segment is None else {"segment": segment.name})}
    details = {name: row[name] for name in _DETAILS if row.get(name)}
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
        discounted=undoing.is_inconclusive(row),
    )


_DETAILS = ("properties", "traits", "context", "identities", "tracker", "received_at", "ruleset", "cause")


def status_words(properties: Document, ruleset: Ruleset) -> Document:
    """What a `status_changed` says, with the names of machine and states."""
    machine = ruleset.machines.get(properties.get("machine", ""))
    if machine is None:
        return properties
    return {
        "machine": machine.label,
        **{side: machine.states.get(properties[side], properties[side]) for side in ("from", "to")},
    }
