"""A file looked at whole before anything is written: what would become of it, and what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Any

from pymongo.database import Database

from engine.db.installation import namespace
from engine.domain.identities import key_kind, key_value
from engine.domain.rulebook import Ruleset
from engine.imports.mapping import columns, origins, plausible
from engine.imports.mapping.columns import CHANNELS, Column
from engine.imports.mapping.consents import Consent
from engine.imports.mapping.settings import Settings
from engine.imports.mapping.values import Ambiguous, DateOrder, Decimals, Reading, date_order, decimal_mark
from engine.imports.reading import formats, reading
from engine.imports.reading.formats import Format, Opener
from engine.imports.reading.problems import KINDS, Problem
from engine.imports.reading.reading import Row
from engine.imports.rows import matching
from engine.imports.rows.deciding import OUTCOMES, Deciding, Outcome
from engine.imports.rows.judging import Accepted, Judged, Refusal, StoppedMeanwhile, decide, keys_of, read_all
from engine.imports.rows.repeats import Names
from engine.imports.rows.wanted import Reader, Wanted
from engine.jobs.runner import one_ahead
from engine.rules import rulesets

Document = dict[str, Any]

SAMPLE = 5_000
"""Rows from which it is told how dates and numbers of a column are written."""

PORTION = 1_000
"""Rows that are looked up at once."""

EXAMPLES = 5
"""Examples that are kept of each kind of problem."""

PREVIEW = 20
"""Rows that are shown as they would be stored."""


@dataclass(frozen=True)
class Opening:
    """A file before it is settled: how it is written, its columns guessed, and its first rows."""

    format: Format
    columns: Sequence[Column]
    sample: Sequence[Row]
    notices: Sequence[Problem]


@dataclass(frozen=True)
class Undecided:
    """A column of which a person has to say how it is read."""

    heading: str
    ambiguous: Ambiguous


@dataclass(frozen=True)
class Counted:
    """How often something is wrong in a file, with the first examples."""

    kind: str
    count: int
    refuses: bool
    examples: Sequence[Problem]

    @property
    def label(self) -> str:
        return KINDS.get(self.kind, self.kind)


@dataclass(frozen=True)
class Preview:
    """A row as it would be stored: what becomes of it, and its values by what they fill."""

    line: int
    outcome: Outcome
    values: Mapping[str, Any]


@dataclass
class Checked:
    """What would become of a file."""

    rows: int = 0
    outcomes: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    refused: int = 0
    problems: list[Counted] = field(default_factory=list)
    preview: list[Preview] = field(default_factory=list)


def opening(
    open_: Opener,
    ruleset: Ruleset,
    *,
    name: str = "",
    format_: Format | None = None,
    remembered: Sequence[Mapping[str, str]] = (),
) -> Opening:
    """Look at a file's first rows; raise UnreadableFile.

    `name` is what the file is called, `format_` how a person corrected what is read of it.
    """
    found = formats.detect(open_) if format_ is None else format_
    table = reading.read(open_, found)
    sample = list(islice(table.rows, SAMPLE))
    cells = [row.cells for row in sample[:100]]
    guessed = columns.guess(
        table.headings,
        ruleset,
        sample=cells,
        remembered=remembered,
        fits=lambda target, values: plausible.fits(target, values, ruleset),
    )
    guessed, told = origins.without_consents(name, guessed)
    return Opening(found, guessed, sample, [*told, *table.notices])


def readings(
    found: Opening,
    mapping: Mapping[str, str],
    ruleset: Ruleset,
    *,
    dates: DateOrder | None = None,
    decimals: Decimals | None = None,
) -> tuple[dict[str, Reading], list[Undecided]]:
    """How the cells of each column are read, and of which columns a person has to say it.

    `dates` and `decimals` are what they said, for columns that do not tell by themselves.
    """
    told = {
        column.heading: _told(columns.type_of(mapping.get(column.heading, ""), ruleset), cells)
        for index, column in enumerate(found.columns)
        if (cells := [cell for row in found.sample if (cell := row.cells[index])])
    }
    orders = {found_.dates for found_ in told.values() if isinstance(found_, Reading) and found_.dates}
    alone = orders.pop() if len(orders) == 1 else None  # one tool wrote all columns of a file
    settled: dict[str, Reading] = {}
    undecided = []
    for heading, found_ in told.items():
        if isinstance(found_, Ambiguous):
            reading_ = Reading(dates or alone, None) if found_.what == "dates" else Reading(None, decimals)
            if reading_ == Reading():
                undecided.append(Undecided(heading, found_))
            else:
                settled[heading] = reading_
        elif found_ is not None:
            settled[heading] = found_
    return settled, undecided


def _told(type_: str, cells: Sequence[str]) -> Reading | Ambiguous | None:
    """How a column's cells tell by themselves that they are to be read."""
    if type_ == "date":
        order = date_order(cells)
        return order if isinstance(order, Ambiguous) or order is None else Reading(dates=order)
    if type_ == "number":
        mark = decimal_mark(cells)
        return mark if isinstance(mark, Ambiguous) or mark is None else Reading(decimals=mark)
    return None


def check(
    db: Database[Document],
    open_: Opener,
    settings: Settings,
    *,
    now: datetime,
    go_on: Callable[[], bool] = lambda: True,
) -> Checked:
    """Say what would become of a whole file, writing nothing.

    Raises UnreadableFile, InvalidMapping, and StoppedMeanwhile once `go_on` says no.
    """
    ruleset = rulesets.current(db)
    table = reading.read(open_, settings.format)
    settings = replace(settings, columns=columns.checked(table.headings, settings.columns, ruleset))
    deciding = Deciding("check", "", "", settings.mode, ruleset, namespace(db))
    reader = Reader(table.headings, settings, ruleset, now=now)
    names, tally = Names(), _Tally()
    portions = iter(lambda: list(islice(table.rows, PORTION)), [])
    for read in one_ahead(read_all(rows, reader, names) for rows in portions):
        if not go_on():
            raise StoppedMeanwhile
        for judged in decide(db, read, matching.holders(db, keys_of(read)), deciding, now=now):
            tally.add(judged)
    return tally.checked()


def lacking(settings: Settings, ruleset: Ruleset) -> list[str]:
    """What the rules in force lack for a file's subscriptions to count, in words."""
    targets = set(settings.columns.values())
    return [
        f"transitions.yaml: the machine {channel!r} has no transition on contact_imported, so that what "
        "a file says of it without a date has no effect; take it over from the shipped file"
        for channel in CHANNELS
        if targets & {channel, f"{channel}_out"}
        and channel in ruleset.machines
        and "contact_imported" not in ruleset.machines[channel].transitions
    ]


class _Tally:
    """Counts what is judged, with the first examples."""

    def __init__(self) -> None:
        self._checked = Checked()
        self._counts: Counter[tuple[str, bool]] = Counter()
        self._examples: dict[tuple[str, bool], list[Problem]] = {}

    def add(self, judged: Judged) -> None:
        self._checked.rows += 1
        if isinstance(judged, Refusal):
            self._checked.refused += 1
            problems = judged.problems
        else:
            problems = judged.wanted.notes
            self._checked.outcomes[judged.decision.outcome] += 1
            if len(self._checked.preview) < PREVIEW:
                self._checked.preview.append(_preview(judged))
        for problem in problems:
            kind = (problem.kind, problem.refuses)
            self._counts[kind] += 1
            examples = self._examples.setdefault(kind, [])
            if len(examples) < EXAMPLES:
                examples.append(problem)

    def checked(self) -> Checked:
        self._checked.problems = [
            Counted(kind, count, refuses, self._examples[kind, refuses])
            for (kind, refuses), count in self._counts.most_common()
        ]
        return self._checked


def _preview(judged: Accepted) -> Preview:
    return Preview(judged.line, judged.decision.outcome, _shown(judged.wanted))


def _shown(wanted: Wanted) -> dict[str, Any]:
    """What a row wants, by what it fills."""
    named = {key_kind(key).contact_field: key_value(key) for key in wanted.keys}
    shown: dict[str, Any] = {**named, **wanted.values}
    shown |= {consent.channel: _consent_words(consent) for consent in wanted.consents}
    if wanted.segments:
        shown["segments"] = list(wanted.segments)
    return {name: value for name, value in shown.items() if value is not None}


def _consent_words(consent: Consent) -> str:
    state = "not subscribed" if consent.state == "no" else consent.state
    return state if consent.at is None else f"{state} on {consent.at.date().isoformat()}"
