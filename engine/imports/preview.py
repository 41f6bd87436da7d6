"""Preview an import: what would become of the whole file, and its problems, without writing anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from engine.db import Db
from engine.domain.identity.identities import key_kind, key_value
from engine.domain.rulebook import Ruleset
from engine.errors import WorkStopped
from engine.imports.history.entry_activities import EntryActivities
from engine.imports.history.history_rows import (
    Decided,
    EntryDecisions,
    EntryParser,
    RefusedEntry,
    parser_of,
)
from engine.imports.history.staging import GoOn, StagedRows
from engine.imports.mapping import columns, tags
from engine.imports.mapping.consents import Consent
from engine.imports.mapping.import_settings import ImportSettings, Mode
from engine.imports.mapping.subscriptions import subscriptions
from engine.imports.mapping.suppressions import TARGET
from engine.imports.reading.formats import Opener
from engine.imports.reading.problems import CELL_KINDS, KINDS, Problem
from engine.imports.reading.table import Table, read_table
from engine.imports.rows.duplicate_rows import SeenKeys
from engine.imports.rows.matching import contacts_by_key
from engine.imports.rows.parsed_row import ParsedRow, RowParser
from engine.imports.rows.row_batch import Accepted, Refusal, decide_rows, keys_of, parse_rows
from engine.imports.rows.row_decision import OUTCOMES, Outcome
from engine.jobs.runner import one_ahead
from engine.rules import versions

BATCH = 1_000
"""Rows whose contacts are looked up at once."""

EXAMPLES = 5
"""Examples of each kind of problem."""

MAX_TAGS = 200
"""Tags of a file that are listed, and that can become segments at once."""

PREVIEW = 20
"""Rows that are shown as they would be stored."""


@dataclass(frozen=True)
class ProblemCount:
    """The number of problems of a kind in a file, with the first examples."""

    kind: str
    count: int
    refuses: bool
    examples: Sequence[Problem]

    @property
    def label(self) -> str:
        return KINDS.get(self.kind, self.kind)


@dataclass(frozen=True)
class PreviewRow:
    """A row as it would be stored: what becomes of it, and its values by target."""

    line: int
    outcome: Outcome
    values: Mapping[str, Any]


@dataclass(frozen=True)
class TagCount:
    """A tag of a file, its rows, and the name of the static segment that it is; empty if there is none."""

    name: str
    rows: int
    segment: str = ""


@dataclass
class Preview:
    """The expected outcome of importing a file.

    `left_out` are the accepted rows without some of their cells; `preview` are the first rows; `tags` the
    most frequent ones.
    """

    rows: int = 0
    outcomes: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    refused: int = 0
    left_out: int = 0
    problems: list[ProblemCount] = field(default_factory=list)
    preview: list[PreviewRow] = field(default_factory=list)
    tags: list[TagCount] = field(default_factory=list)

    @property
    def new_tags(self) -> list[str]:
        """The tags that are no static segment."""
        return [tag.name for tag in self.tags if not tag.segment]


def preview(
    db: Db,
    open_: Opener,
    settings: ImportSettings,
    *,
    now: datetime,
    go_on: Callable[[], bool] = lambda: True,
) -> Preview:
    """Preview the import of a file.

    Raises UnreadableFile, InvalidMapping, and WorkStopped once `go_on` is false.
    """
    ruleset = versions.current(db)
    table = read_table(open_, settings.format)
    mapping = columns.validated(
        table.headings,
        settings.columns,
        ruleset,
        kind=settings.kind,
        activity_type=settings.activity_type,
    )
    settings = replace(settings, columns=mapping)
    names = {segment.id: segment.name for segment in ruleset.segments.values()}
    has_tags = tags.TARGET in mapping.values()
    tally = _Tally(ruleset.account.time_zone, names if has_tags else {})
    if settings.kind != "contacts":
        parser = parser_of(table.headings, settings, ruleset, now=now)
        staged = StagedRows(open_, settings, go_on=go_on)
        _preview_entries(db, staged, parser, tally, mode=settings.mode, now=now, go_on=go_on)
    else:
        rows = RowParser(table.headings, settings, ruleset, now=now)
        _preview_contacts(db, table, rows, tally, mode=settings.mode, go_on=go_on)
    return tally.preview()


def _preview_contacts(
    db: Db, table: Table, parser: RowParser, tally: _Tally, *, mode: Mode, go_on: GoOn
) -> None:
    seen = SeenKeys()
    batches = iter(lambda: list(islice(table.rows, BATCH)), [])
    for parsed in one_ahead(parse_rows(rows, parser, seen) for rows in batches):
        _check(go_on)
        contacts = contacts_by_key(db, keys_of(parsed))
        for result in decide_rows(db, parsed, contacts, mode=mode):
            tally.add(result)


def _preview_entries(
    db: Db,
    staged: StagedRows,
    parser: EntryParser,
    tally: _Tally,
    *,
    mode: Mode,
    now: datetime,
    go_on: GoOn,
) -> None:
    decisions = EntryDecisions(db, EntryActivities("", "", 0), mode=mode, now=now)
    groups = staged.by_line()
    for batch in iter(lambda: list(islice(groups, BATCH)), []):
        _check(go_on)
        for result in decisions.of(batch, parser):
            tally.add_entry(result)


def _check(go_on: GoOn) -> None:
    if not go_on():
        raise WorkStopped("the preview was stopped")


def missing_transitions(settings: ImportSettings, ruleset: Ruleset) -> list[str]:
    """Return warnings about subscriptions that the import cannot change, as the rules have no transition."""
    targets = set(settings.columns.values())
    return [
        f"transitions.yaml: the machine {channel!r} has no transition on contact_imported, so that what "
        "a file says of it without a date has no effect; take it over from the shipped file"
        for channel in (*(one.id for one in subscriptions(ruleset)), TARGET)
        if (targets & {channel, f"{channel}_out"} or (channel == TARGET and settings.suppressed))
        and channel in ruleset.machines
        and "contact_imported" not in ruleset.machines[channel].transitions
    ]


class _Tally:
    """Counts outcomes and problems, and keeps the first examples; dates are those of the account's zone.

    `segments` are the names of those that tags can be, by id; none if the file has no tags.
    """

    def __init__(self, zone: ZoneInfo, segments: Mapping[str, str]) -> None:
        self._zone, self._segments = zone, segments
        self._tags: Counter[tuple[str, str]] = Counter()
        self._preview = Preview()
        self._counts: Counter[tuple[str, bool]] = Counter()
        self._examples: dict[tuple[str, bool], list[Problem]] = {}

    def add(self, result: Refusal | Accepted) -> None:
        if isinstance(result, Refusal):
            self._refuse(result.problems)
            return
        self._tags.update((tag, "") for tag in result.parsed.new_tags)
        if self._segments:
            names = (self._segments.get(id_, id_) for id_ in result.parsed.segments)
            self._tags.update((name, name) for name in names)
        values = _values(result.parsed, self._zone)
        self._accept(PreviewRow(result.line, result.decision.outcome, values), result.parsed.notices)

    def add_entry(self, result: Decided | RefusedEntry) -> None:
        if isinstance(result, RefusedEntry):
            self._refuse(result.problems)
            return
        entry = result.entry
        customer = {key_kind(key).contact_field: key_value(key) for key in entry.keys}
        row = PreviewRow(entry.line, result.outcome, {**entry.shown(), **customer})
        self._accept(row, entry.notices)

    def _refuse(self, problems: Sequence[Problem]) -> None:
        self._preview.rows += 1
        self._preview.refused += 1
        self._record(problems)

    def _accept(self, row: PreviewRow, notices: Sequence[Problem]) -> None:
        self._preview.rows += 1
        self._preview.outcomes[row.outcome] += 1
        self._preview.left_out += any(notice.kind in CELL_KINDS for notice in notices)
        if len(self._preview.preview) < PREVIEW:
            self._preview.preview.append(row)
        self._record(notices)

    def _record(self, problems: Sequence[Problem]) -> None:
        for problem in problems:
            kind = (problem.kind, problem.refuses)
            self._counts[kind] += 1
            examples = self._examples.setdefault(kind, [])
            if len(examples) < EXAMPLES:
                examples.append(problem)

    def preview(self) -> Preview:
        self._preview.problems = [
            ProblemCount(kind, count, refuses, self._examples[kind, refuses])
            for (kind, refuses), count in self._counts.most_common()
        ]
        merged: Counter[tuple[str, str]] = Counter()
        spelt: dict[str, str] = {}
        for (name, segment), rows in self._tags.items():
            merged[spelt.setdefault(name.casefold(), name), segment] += rows
        self._preview.tags = [
            TagCount(name, rows, segment) for (name, segment), rows in merged.most_common(MAX_TAGS)
        ]
        return self._preview


def _values(row: ParsedRow, zone: ZoneInfo) -> dict[str, Any]:
    """The values of a row, by target."""
    identities = {key_kind(key).contact_field: key_value(key) for key in row.keys}
    values: dict[str, Any] = {**identities, **row.values}
    values |= {consent.channel: _consent_words(consent, zone) for consent in row.consents}
    if row.segments:
        values["segments"] = list(row.segments)
    return {name: value for name, value in values.items() if value is not None}


def _consent_words(consent: Consent, zone: ZoneInfo) -> str:
    state = "not subscribed" if consent.state == "no" else consent.state
    return state if consent.at is None else f"{state} on {consent.at.astimezone(zone).date().isoformat()}"
