"""The rows of our own export of activities: each comes back as the activity that it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec

from engine.domain.activities import SOURCE_LABELS, ActivityId, Source
from engine.domain.document import Document
from engine.domain.json_values import exact_number, storable
from engine.errors import InvalidActivity
from engine.imports.history.entry import EntryPart
from engine.imports.history.group_cells import GroupCells
from engine.imports.mapping.cell_format import InvalidValue
from engine.imports.mapping.values import is_blank, read_boolean
from engine.imports.reading.formula_escape import unescape_formula
from engine.imports.rows.parsed_row import RefusedRow

MAX_ID = 300
"""Characters of an activity's id."""

_UNPROVEN = frozenset(SOURCE_LABELS[source].lower() for source in (Source.BROWSER, Source.VERIFIED_BROWSER))


@dataclass(frozen=True)
class OwnRow:
    """What only a row of our own export has.

    Parameters:
      id: The id that the activity keeps; unset if the row has none.
      trusted: Whether it came from a source that may say all that its type may.
    """

    id: ActivityId | None = None
    trusted: bool = True
    properties: Document = field(default_factory=dict)
    traits: Document = field(default_factory=dict)


def read_own(cells: GroupCells) -> OwnRow:
    """Read a row.  Raises RefusedRow for one without effect, which would have one here."""
    _refuse_without_effect(cells)
    id_ = unescape_formula((cells.of("kept_id") or "").strip())
    if len(id_) > MAX_ID or "\0" in id_:
        raise RefusedRow([cells.problem("value", "kept_id", f"an ID has at most {MAX_ID} characters")])
    return OwnRow(
        ActivityId(id_) if id_ else None,
        (cells.of("source") or "").strip().lower() not in _UNPROVEN,
        _object(cells, "properties"),
        _object(cells, "traits"),
    )


def has_content(part: EntryPart, stored: Mapping[str, Any]) -> bool:
    """Return whether a stored activity says what a row does, however its numbers are kept."""
    content = part.type, part.at, _comparable(part.properties)
    return content == (stored["type"], stored["happened_at"], _comparable(stored.get("properties", {})))


def _refuse_without_effect(cells: GroupCells) -> None:
    cell = cells.of("importable")
    try:
        if is_blank(cell) or read_boolean(cell or ""):
            return
    except InvalidValue as error:
        raise RefusedRow([cells.problem("value", "importable", str(error))]) from None
    why = "the export marks it as recorded by Contact Sheets itself, undone, or a bot's"
    raise RefusedRow([cells.row_problem("without_effect", why)])


def _object(cells: GroupCells, target: str) -> Document:
    """The JSON object in a cell."""
    cell = cells.of(target)
    if cell is None:
        return {}
    try:
        found = _JSON.decode(unescape_formula(cell.strip()))
        if isinstance(found, dict):
            kept: Document = storable(found, target)
            return kept
        why = "a JSON object is needed"
    except InvalidActivity as error:
        why = str(error)
    except (msgspec.DecodeError, RecursionError):
        why = f"{cell.strip()[:40]!r} is no JSON; Excel cuts cells of more than 32,767 characters"
    raise RefusedRow([cells.problem("value", target, why)])


def _comparable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _comparable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    return Decimal(str(value)) if isinstance(value, float) else value


_JSON = msgspec.json.Decoder(float_hook=exact_number)
