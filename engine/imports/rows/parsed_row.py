"""Parse a row of a file: its cells as values in their stored form, or why the row is refused.

Nothing is looked up here: `matching` finds the contact, `row_decision` decides what changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from engine.domain.fields import CUSTOM, IDENTITY_FIELDS, PROFILE_FIELDS
from engine.domain.identity.identities import Identities, IdentityKind, Key
from engine.domain.rulebook import Ruleset
from engine.errors import Invalid
from engine.imports.mapping import suppressions, tags
from engine.imports.mapping.cell_format import CellFormat, InvalidValue
from engine.imports.mapping.cells import Cells
from engine.imports.mapping.columns import SEGMENTS, static_segments
from engine.imports.mapping.consents import Consent, ConsentReader, file_consents
from engine.imports.mapping.countries import country_column
from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.mapping.names import gaps_filled, name_parts
from engine.imports.mapping.presets.registry import PRESETS, words_of
from engine.imports.mapping.several_values import field_for
from engine.imports.mapping.state_words import Suppression
from engine.imports.mapping.subscriptions import subscriptions
from engine.imports.mapping.values import field_value, is_blank, option, read_list
from engine.imports.reading.formula_escape import unescape_formula
from engine.imports.reading.problems import CELL_KINDS, Problem
from engine.imports.reading.table import Row
from engine.imports.rows.row_identities import IdentityReader, ReadIdentity

CACHED = 5_000
"""Different cells of one column whose values are cached: most columns have few."""


@dataclass(frozen=True)
class ParsedRow:
    """The values that a row gives its contact.

    Parameters:
      values: By field (`custom.…` for custom fields), in their stored form.
      cleared: The fields that are to have no value.
      segments: The static segments that the contact is added to.
      new_tags: Its tags that are no static segment, and that are left out.
      notices: Problems that do not refuse the row.
    """

    line: int
    identities: Identities
    email_typed: str | None
    values: Mapping[str, Any]
    cleared: tuple[str, ...]
    consents: tuple[Consent, ...]
    segments: tuple[str, ...]
    notices: tuple[Problem, ...] = ()
    new_tags: tuple[str, ...] = ()

    @property
    def left_out(self) -> tuple[Problem, ...]:
        """The notices of cells that cannot be read."""
        return tuple(notice for notice in self.notices if notice.kind in CELL_KINDS)

    @cached_property
    def keys(self) -> list[Key]:
        """The keys that identify the contact, strongest first."""
        return self.identities.keys()


class RefusedRow(Invalid):
    """A row that is not imported, with all its problems."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.message for problem in problems))


class RowParser:
    """Parses the rows of one file; `now` is the latest moment of a consent.  Raises InvalidConsent."""

    def __init__(
        self, headings: Sequence[str], settings: ImportSettings, ruleset: Ruleset, *, now: datetime
    ) -> None:
        self._positions = {heading: number for number, heading in enumerate(headings)}
        self._ruleset = ruleset
        self._settings = settings
        self._columns: dict[str, list[str]] = {}
        for heading, target in settings.columns.items():
            self._columns.setdefault(target, []).append(heading)
        self._words = words_of(settings.preset, headings)
        self._preset = PRESETS.get(settings.preset)
        today = now.astimezone(ruleset.account.time_zone).date()
        self._fields = [
            _FieldColumn(heading, target, settings, ruleset, today=today)
            for heading, target in settings.columns.items()
            if target in PROFILE_FIELDS or target == "name" or target.startswith(CUSTOM)
        ]
        self._channels = {"sms": "sms"} | {one.machine: one.channel for one in ruleset.topics.values()}
        self._identities = IdentityReader(
            region=ruleset.account.default_region,
            country=country_column(headings, settings.columns),
            phones_lack_plus=self._preset is not None and self._preset.phones_lack_plus,
        )
        self._static_segments = static_segments(ruleset)
        of_file = file_consents(settings.statements, settings.columns, ruleset, now=now)
        self._consents = ConsentReader(
            settings.readings,
            ruleset.account,
            now=now,
            subscriptions=subscriptions(ruleset),
            targets=frozenset(settings.columns.values()),
            of_file=of_file,
        )

    def parse(self, row: Row) -> ParsedRow:
        """Parse a row.

        Cells that cannot be read are left out, with a notice each.  Raises RefusedRow with all problems if
        the row has no identity that can be read, or the settings refuse such rows.
        """
        if row.problem is not None and row.problem.refuses:
            raise RefusedRow([row.problem])
        problems: list[Problem] = []
        cells = Cells(row, self._positions, self._columns, self._words)
        read = self._identities.read(cells, problems)
        identities = Identities.of({kind: value for kind, (value, _) in read.items()})
        values, cleared = self._values(cells, problems)
        values |= self._further(read, cells, problems)
        consents = (*self._consents.read(cells, problems), *self._suppressed(cells, problems))
        consents += self._of_everyone(consents)
        tagged, new_tags = self._tags(cells)
        segments = tuple(dict.fromkeys([*self._segments(cells, problems), *tagged]))
        unreadable = any(problem.kind != "further" for problem in problems)
        if problems and (not identities or (unreadable and self._settings.bad_cells == "refuse")):
            raise RefusedRow(problems)
        if not identities:
            labels = " or ".join(self._columns[name][0] for name in IDENTITY_FIELDS if name in self._columns)
            raise RefusedRow([Problem(row.line, "identity", f"the row has no identity: {labels} is needed")])
        typed = read[IdentityKind.EMAIL][1][0] if identities.email else None
        consents = self._beyond_doubt(consents, problems, row.line)
        left_out = tuple(problem.as_notice() for problem in problems)
        notices = left_out if row.problem is None else (row.problem, *left_out)
        if new_tags:
            what = f"no static segment for: {', '.join(new_tags)[:200]}"
            notices = (*notices, Problem(row.line, "tag", what, refuses=False))
        return ParsedRow(
            row.line, identities, typed, values, cleared, consents, segments, notices, tuple(new_tags)
        )

    def _beyond_doubt(
        self, consents: tuple[Consent, ...], problems: list[Problem], line: int
    ) -> tuple[Consent, ...]:
        """The consents without those that would subscribe an address of which a cell cannot be read.

        That cell may be the address, or what became of it.  Adds to `problems`.
        """
        kinds = {problem.kind for problem in problems}
        suppressed = self._columns.get(suppressions.TARGET, ())
        doubted = {"email"} & kinds | ({"sms"} if "phone" in kinds else set())
        if any(problem.kind == "consent" and problem.column in suppressed for problem in problems):
            doubted = {"email", "sms"}
        ended = {one.channel for one in consents if one.state in ("unsubscribed", "no")}
        agreed = [one for one in consents if one.state != "subscribed" or one.channel not in ended]
        kept = tuple(
            one
            for one in agreed
            if one.state != "subscribed" or self._channels.get(one.channel, "email") not in doubted
        )
        if len(kept) < len(agreed):
            what = "nothing is subscribed by a row whose email, phone or email status cannot be read"
            problems.append(Problem(line, "consent", what))
        return kept

    def _suppressed(self, cells: Cells, problems: list[Problem]) -> tuple[Consent, ...]:
        """What speaks against writing to the row's address, in columns of its own or for the whole file.

        A column of subscriptions can say it, too: `bounced` instead of `subscribed`.
        """
        found = [] if self._settings.suppressed is None else [self._settings.suppressed]
        of_days: list[Suppression] = []
        for heading, cell in cells.all_of(suppressions.TARGET):
            try:
                read = suppressions.read_suppressions(unescape_formula(cell), heading)
            except InvalidValue as error:
                problems.append(Problem(cells.line, "consent", str(error), heading))
            else:
                (of_days if suppressions.is_day(cell) else found).extend(read)
        found = found or of_days  # a column says what became of the address, another one since when
        states = (suppressions.stated_in(cell) for _, cell in cells.all_of("newsletter"))
        found += (state for state in states if state is not None)
        return suppressions.all_consents(found, self._ruleset)

    def _of_everyone(self, consents: tuple[Consent, ...]) -> tuple[Consent, ...]:
        """What a preset says of everybody in the file, unless the row says when."""
        if self._preset is None or self._preset.everyone is None:
            return ()
        found = suppressions.consents_of(self._preset.everyone, self._ruleset)
        known = {(one.channel, one.state) for one in consents}
        return tuple(one for one in found if (one.channel, one.state) not in known)

    def _further(
        self, read: Mapping[IdentityKind, ReadIdentity], cells: Cells, problems: list[Problem]
    ) -> dict[str, Any]:
        """The further emails and phones of a row, in the list fields that are there for them.

        Without such a field they are left out, with a notice; adds to `problems`.
        """
        values: dict[str, Any] = {}
        for kind, (_, (_, *further)) in read.items():
            if not further:
                continue
            field = field_for(kind, self._ruleset)
            if field is not None and field not in self._columns:
                values[field] = further
            else:
                what = f"further {kind.label.lower()}: {', '.join(further)[:200]}"
                problems.append(cells.problem("further", kind.contact_field, what))
        return values

    def _values(self, cells: Cells, problems: list[Problem]) -> tuple[dict[str, Any], tuple[str, ...]]:
        values: dict[str, Any] = {}
        whole: dict[str, Any] = {}
        cleared = []
        for column in self._fields:
            cell = cells.under(column.heading)
            if cell is None:
                continue
            if is_blank(cell) and not column.offers(cell):
                cleared += column.cleared
                continue
            try:
                (whole if column.is_whole_name else values).update(column.parse(cell))
            except InvalidValue as error:
                kind = "option" if "is not offered" in str(error) else "value"
                problems.append(Problem(cells.line, kind, f"{column.heading}: {error}", column.heading))
        values |= gaps_filled(values, whole)
        return values, tuple(name for name in cleared if name not in values)

    def _segments(self, cells: Cells, problems: list[Problem]) -> tuple[str, ...]:
        found = [self._settings.segment] if self._settings.segment else []
        cell = cells.of(SEGMENTS)
        for name in () if cell is None or is_blank(cell) else read_list(unescape_formula(cell)):
            segment = self._static_segments.get(name.strip().lower())
            if segment is None:
                problems.append(cells.problem("segment", SEGMENTS, f"{name[:80]!r} is no static segment"))
            else:
                found.append(segment)
        return tuple(dict.fromkeys(found))

    def _tags(self, cells: Cells) -> tuple[list[str], list[str]]:
        """The static segments that the row's tags are, and the tags that are none."""
        names = [
            name for _, cell in cells.all_of(tags.TARGET) for name in tags.read_tags(unescape_formula(cell))
        ]
        return tags.divided(names, self._static_segments)


class _FieldColumn:
    """A column that fills a field, or both names; caches the values of its cells.

    `cleared` are the fields that an empty cell clears.
    """

    def __init__(
        self, heading: str, target: str, settings: ImportSettings, ruleset: Ruleset, *, today: date
    ) -> None:
        self.heading, self._target, self._today = heading, target, today
        self._zone = ruleset.account.time_zone
        fields = ["first_name", "last_name"] if target == "name" else [target]
        self.cleared = fields if heading in settings.clear else []
        self._format = settings.readings.get(heading, CellFormat())
        custom = target.removeprefix(CUSTOM)
        self._declared = ruleset.fields.get(custom) if custom != target else None
        self._cache: dict[str, dict[str, Any]] = {}

    @property
    def is_whole_name(self) -> bool:
        return self._target == "name"

    def offers(self, cell: str) -> bool:
        """Return whether a cell is a choice of the field, though it looks like no value."""
        return self._declared is not None and cell.strip() in self._declared.options

    def parse(self, cell: str) -> dict[str, Any]:
        """Return the values of a cell by field.  Raises InvalidValue."""
        values = self._cache.get(cell)
        if values is None:
            values = self._parse(unescape_formula(cell))
            if len(self._cache) < CACHED:
                self._cache[cell] = values
        return values

    def _parse(self, cell: str) -> dict[str, Any]:
        if self.is_whole_name:
            return dict(name_parts(cell))
        declared = self._declared
        type_ = "date" if self._target == "birth_date" else "text" if declared is None else declared.type
        value = field_value(cell, type_, self._format, today=self._today, zone=self._zone)
        return {self._target: value if declared is None else option(value, declared)}
