"""What a row of a file wants of a contact: its cells, each as it is kept, or why they cannot be.

Nothing is looked up here: that is `deciding`, which knows the contacts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from engine.domain.fields import CUSTOM, IDENTITY_FIELDS, PROFILE_FIELDS
from engine.domain.identities import IDENTIFYING, Identities, IdentityKind, Key
from engine.domain.normalisation import normalise
from engine.domain.rulebook import Ruleset
from engine.errors import ContactSheetsError, InvalidIdentity
from engine.imports.mapping.columns import SEGMENTS, static_segments
from engine.imports.mapping.consents import Consent, ConsentReader, stated
from engine.imports.mapping.settings import Settings
from engine.imports.mapping.values import (
    InvalidValue,
    Reading,
    field_value,
    is_blank,
    option,
    read_list,
    read_phone,
)
from engine.imports.reading.cells import Cells
from engine.imports.reading.problems import Problem
from engine.imports.reading.reading import Row
from engine.imports.reading.spreadsheets import unharmed

REMEMBERED = 5_000
"""Different cells of one column of which it is remembered what they say."""


@dataclass(frozen=True)
class Wanted:
    """What a row wants of the contact that it names.

    `values` are by the names of fields (`custom.…` for the shop's own), each as it is kept;
    `emptied` names those that are to have none.  `notes` are problems that refuse nothing.
    """

    line: int
    identities: Identities
    email_typed: str | None
    values: Mapping[str, Any]
    emptied: tuple[str, ...]
    consents: tuple[Consent, ...]
    segments: tuple[str, ...]
    notes: tuple[Problem, ...] = ()

    @cached_property
    def keys(self) -> list[Key]:
        return self.identities.keys()


class RefusedRow(ContactSheetsError):
    """A row that does not go in, with all that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.message for problem in problems))


class Reader:
    """Reads the rows of one file as they were settled.

    `now` is the present: no consent lies after it.  Raises InvalidStatement.
    """

    def __init__(
        self, headings: Sequence[str], settings: Settings, ruleset: Ruleset, *, now: datetime
    ) -> None:
        self._places = {heading: number for number, heading in enumerate(headings)}
        self._ruleset = ruleset
        self._settings = settings
        self._headings = {target: heading for heading, target in settings.columns.items()}
        today = now.astimezone(ruleset.account.time_zone).date()
        self._fields = [
            _Column(heading, target, settings, ruleset, today=today)
            for heading, target in settings.columns.items()
            if target in PROFILE_FIELDS or target == "name" or target.startswith(CUSTOM)
        ]
        self._statics = static_segments(ruleset)
        of_all = stated(settings.statements, settings.columns, ruleset.account, now=now)
        self._consents = ConsentReader(
            settings.readings, ruleset.account, now=now, targets=settings.columns.values(), stated=of_all
        )

    def read(self, row: Row) -> Wanted:
        """What a row wants; raise RefusedRow with all that is wrong with it."""
        if row.problem is not None and row.problem.refuses:
            raise RefusedRow([row.problem])
        problems: list[Problem] = []
        cells = Cells(row, self._places, self._headings)
        identities = self._identities(cells, problems)
        values, emptied = self._values(cells, problems)
        consents = self._consents.read(cells, problems)
        segments = self._segments(cells, problems)
        if problems:
            raise RefusedRow(problems)
        if not identities:
            labels = " or ".join(self._headings[name] for name in IDENTITY_FIELDS if name in self._headings)
            raise RefusedRow([Problem(row.line, "identity", f"the row names nobody: {labels} is needed")])
        typed = unharmed(cells.of("email") or "").strip() if identities.email else None
        notes = () if row.problem is None else (row.problem,)
        return Wanted(row.line, identities, typed, values, emptied, consents, segments, notes)

    def _identities(self, cells: Cells, problems: list[Problem]) -> Identities:
        found: dict[IdentityKind, str] = {}
        for kind in IDENTIFYING:
            name = kind.contact_field
            cell = cells.of(name)
            if cell is None or is_blank(cell, identity=True):
                continue
            typed = unharmed(cell.strip())
            try:
                value = read_phone(typed) if kind is IdentityKind.PHONE else typed
                found[kind] = normalise(kind, value, region=self._ruleset.account.default_region)
            except InvalidIdentity as error:
                problems.append(cells.problem(kind.event_field, name, error.reason))
            except InvalidValue as error:
                problems.append(cells.problem(kind.event_field, name, str(error)))
        return Identities.of(found)

    def _values(self, cells: Cells, problems: list[Problem]) -> tuple[dict[str, Any], tuple[str, ...]]:
        values: dict[str, Any] = {}
        emptied = []
        for column in self._fields:
            cell = cells.under(column.heading)
            if cell is None:
                continue
            if is_blank(cell):
                emptied += column.emptied
                continue
            try:
                values.update(column.read(cell))
            except InvalidValue as error:
                kind = "option" if "is not offered" in str(error) else "value"
                problems.append(Problem(cells.line, kind, f"{column.heading}: {error}", column.heading))
        return values, tuple(emptied)

    def _segments(self, cells: Cells, problems: list[Problem]) -> tuple[str, ...]:
        found = [self._settings.segment] if self._settings.segment else []
        cell = cells.of(SEGMENTS)
        for name in () if cell is None or is_blank(cell) else read_list(unharmed(cell)):
            segment = self._statics.get(name.strip().lower())
            if segment is None:
                problems.append(cells.problem("segment", SEGMENTS, f"{name[:80]!r} is no static segment"))
            else:
                found.append(segment)
        return tuple(dict.fromkeys(found))


class _Column:
    """A column that fills a field; what its cells say is remembered: most columns say few things."""

    def __init__(
        self, heading: str, target: str, settings: Settings, ruleset: Ruleset, *, today: date
    ) -> None:
        self.heading, self._target, self._today = heading, target, today
        fills = ["first_name", "last_name"] if target == "name" else [target]
        self.emptied = fills if heading in settings.clear else []
        self._reading = settings.readings.get(heading, Reading())
        custom = target.removeprefix(CUSTOM)
        self._declared = ruleset.fields.get(custom) if custom != target else None
        self._known: dict[str, dict[str, Any]] = {}

    def read(self, cell: str) -> dict[str, Any]:
        """The values of a cell, by what they fill; raise InvalidValue."""
        known = self._known.get(cell)
        if known is None:
            known = self._read(unharmed(cell))
            if len(self._known) < REMEMBERED:
                self._known[cell] = known
        return known

    def _read(self, cell: str) -> dict[str, Any]:
        if self._target == "name":
            first, _, last = " ".join(cell.split()).partition(" ")
            return {"first_name": first} | ({"last_name": last} if last else {})
        declared = self._declared
        type_ = "date" if self._target == "birth_date" else "text" if declared is None else declared.type
        kept = field_value(cell, type_, self._reading, today=self._today)
        return {self._target: kept if declared is None else option(kept, declared)}
