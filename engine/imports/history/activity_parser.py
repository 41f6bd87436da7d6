"""Parse the rows of a file of activities: a type, a date, a customer, and properties."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import msgspec

from engine.domain.document import Document
from engine.domain.identity.merge_decisions import DECISIONS
from engine.domain.rulebook import Ruleset
from engine.imports.history.customers import read_customer
from engine.imports.history.entry import Entry, EntryPart
from engine.imports.history.group_cells import CellColumns, GroupCells
from engine.imports.history.own_rows import read_own
from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.mapping.kinds import PROPERTY
from engine.imports.mapping.values import is_blank
from engine.imports.reading.formula_escape import unescape_formula
from engine.imports.reading.table import Row
from engine.imports.rows.parsed_row import RefusedRow

MAX_TYPE = 200
"""Characters of a type of activity."""

MAX_TEXT = 10_000
"""Characters of a property."""

OWN_TYPES = DECISIONS | {
    "contact_created", "contact_edited", "contact_deleted", "contact_imported", "contacts_merged",
    "points_changed", "status_changed", "segment_entered", "segment_left", "rfm_changed",
}  # fmt: skip
"""What only the product itself, or a user by hand, brings about."""


class ActivityParser:
    """Parses the activities of one file; none is later than `now`."""

    def __init__(
        self, headings: Sequence[str], settings: ImportSettings, ruleset: Ruleset, *, now: datetime
    ) -> None:
        self._columns = CellColumns(headings, settings, ruleset.account)
        self._settings, self._ruleset, self._now = settings, ruleset, now

    def parse(self, rows: Sequence[Row]) -> Entry:
        """Parse the row of an activity.  Raises RefusedRow."""
        row = rows[0]
        if row.problem is not None and row.problem.refuses:
            raise RefusedRow([row.problem])
        cells = GroupCells(rows, self._columns, now=self._now)
        own = read_own(cells)
        type_ = self._type(cells)
        at = cells.moment("happened_at")
        if at is None:
            raise RefusedRow([cells.row_problem("order", "the row has no date")])
        notices = [] if row.problem is None else [row.problem]
        account = self._ruleset.account
        customer = read_customer(cells, notices, region=account.default_region)
        properties = own.properties | self._properties(cells, type_)
        given = (cells.of("activity_id") or "").strip()
        name_in_seconds = _digest(type_, at.replace(microsecond=0), properties) if at.microsecond else ""
        day = at.astimezone(account.time_zone).strftime("%Y-%m-%d %H:%M")
        return Entry(
            line=row.line,
            name=f"id:{given}" if given else _digest(type_, at, properties),
            identities=customer.identities,
            email_typed=customer.email_typed,
            names=customer.names,
            parts=[EntryPart("activity", type_, at, properties)],
            shown=lambda: {"type": self._ruleset.catalog.label(type_), "happened_at": day, **properties},
            notices=notices,
            name_in_seconds="" if given else name_in_seconds,
            id=own.id,
            trusted=own.trusted,
            traits=own.traits,
        )

    def _type(self, cells: GroupCells) -> str:
        given = " ".join(unescape_formula(cells.of("type") or self._settings.activity_type).split())
        if not given:
            raise RefusedRow([cells.row_problem("type", "the row has no type of activity")])
        type_ = self._ruleset.catalog.type_of(given[:MAX_TYPE])
        if type_ in OWN_TYPES:
            why = f"{given[:40]!r} is a type that only Contact Sheets itself records"
            raise RefusedRow([cells.row_problem("type", why)])
        return type_

    def _properties(self, cells: GroupCells, type_: str) -> Document:
        found = {
            name: unescape_formula(cell.strip())[:MAX_TEXT]
            for name, target in cells.targets(PROPERTY).items()
            if (cell := cells.of(target)) is not None and not is_blank(cell)
        }
        return self._ruleset.catalog.typed(type_, found, self._ruleset.account.decimal_mark)


def _digest(type_: str, at: datetime, properties: Document) -> str:
    content = _ENCODER.encode((type_, at, properties))
    return hashlib.blake2b(content, digest_size=16).hexdigest()


_ENCODER = msgspec.json.Encoder(order="deterministic", decimal_format="string")
