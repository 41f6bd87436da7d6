"""The orders or activities of a file, in steps: parsed, matched with contacts, and made activities."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Protocol

from engine.contacts.editing.edit_validation import COME_BACK
from engine.db import Db
from engine.db.connection import utc_now
from engine.db.installation import namespace
from engine.domain.activities import Activity, ActivityId
from engine.domain.document import Document
from engine.domain.identity.identities import Key
from engine.domain.rulebook import Ruleset
from engine.imports import import_request, import_steps, stored_files
from engine.imports.history.activity_parser import ActivityParser
from engine.imports.history.entry import Entry, RowGroup
from engine.imports.history.entry_activities import (
    EntryActivities,
    StoredParts,
    is_same,
    origin_of,
    stored_parts,
)
from engine.imports.history.order_parser import OrderParser
from engine.imports.history.staging import GoOn, StagedRows
from engine.imports.import_request import cursor_at
from engine.imports.mapping.import_settings import ImportSettings, Mode
from engine.imports.prepared_batch import PreparedBatch
from engine.imports.reading.problems import CELL_KINDS, ERASED, Problem
from engine.imports.reading.table import Row
from engine.imports.rows.matching import by_key, described, match, whole_contacts
from engine.imports.rows.parsed_row import RefusedRow
from engine.imports.rows.row_batch import Refusal
from engine.imports.rows.row_decision import Outcome
from engine.jobs.jobs import Job
from engine.pipeline import inline_apply, tombstones
from engine.rules import versions

STEP = 250
"""Entries of one step, and up to as many more to end it with the last of a customer."""


PARSER_FOR = timedelta(minutes=1)
"""How long a parser is used: it refuses what is later than its `now`."""


class EntryParser(Protocol):
    """Parses the rows of an entry."""

    def parse(self, rows: Sequence[Row]) -> Entry:
        """Return the entry.  Raises RefusedRow."""


@dataclass(frozen=True)
class Decided:
    """An entry, what becomes of it, and the activities that are still to be stored."""

    entry: Entry
    outcome: Outcome
    activities: Sequence[Activity]


@dataclass(frozen=True)
class RefusedEntry:
    """An entry that is not imported: its rows, and why."""

    group: RowGroup
    problems: Sequence[Problem]

    def rows(self) -> Iterator[Refusal]:
        """Yield its rows; those after the first say where the reason stands."""
        first, *others = self.group.rows
        yield Refusal(first, tuple(self.problems))
        for row in others:
            what = f"of the same order as line {first.line:,}: see the reason there"
            kinds = {problem.kind for problem in self.problems}
            kind = ERASED if ERASED in kinds else "same_order"
            yield Refusal(row, (Problem(row.line, kind, what),))


def parser_of(
    headings: Sequence[str], settings: ImportSettings, ruleset: Ruleset, *, now: datetime
) -> EntryParser:
    """Return the parser of a file's entries."""
    parser = OrderParser if settings.kind == "orders" else ActivityParser
    return parser(headings, settings, ruleset, now=now)


class HistoryRows:
    """The entries of an import, step by step."""

    def __init__(self, db: Db, job: Job, *, go_on: GoOn) -> None:
        self._db, self._job, self._go_on = db, job, go_on
        self._settings = import_request.settings_of(job)
        self._staged: StagedRows | None = None
        self._groups: Iterator[list[RowGroup]] | None = None
        self._read_up_to = ""
        self._parser: tuple[EntryParser, Ruleset, datetime] | None = None

    def total(self) -> int:
        """Count the entries.  Raises UnreadableFile and WorkStopped."""
        return self._stage().count()

    def after(self, cursor: str) -> list[RowGroup]:
        """Return the entries of the next step; the file is sorted again by a worker that takes over."""
        if self._groups is None or cursor != self._read_up_to:
            self._groups = in_steps(self._stage(), int(cursor or 0))
        groups = next(self._groups, [])
        if groups:
            self._read_up_to = cursor_at(groups[-1].position)
        return groups

    def prepare(self, groups: Sequence[RowGroup], *, is_retry: bool) -> PreparedBatch[RowGroup]:  # noqa: ARG002
        """Prepare a step; writes nothing.  What an earlier try has stored is found by its ids."""
        now, began = utc_now(), time.monotonic()
        ruleset = versions.current(self._db)
        parser = self._parser_at(ruleset, now)
        file = str(self._job.wanted["file"])
        builder = EntryActivities(self._job.id, file, ruleset.version)
        decisions = EntryDecisions(self._db, builder, mode=self._settings.mode, now=now)
        outcomes: Counter[Outcome] = Counter()
        activities: list[Activity] = []
        refused: list[RefusedEntry] = []
        left_out: list[Refusal] = []
        firsts = {group.line: group.rows[0] for group in groups}
        for decided in decisions.of(groups, parser):
            if isinstance(decided, RefusedEntry):
                refused.append(decided)
            else:
                outcomes[decided.outcome] += 1
                activities += decided.activities
                cells = tuple(notice for notice in decided.entry.notices if notice.kind in CELL_KINDS)
                left_out += [Refusal(firsts[decided.entry.line], cells)] if cells else []
        until = now if is_whole(groups) else None
        folded = inline_apply.fold(self._db, activities, seen=decisions.seen, now=now, until=until)
        return PreparedBatch(
            items=groups,
            cursor=cursor_at(groups[-1].position),
            activities=activities,
            outcomes=outcomes,
            refused=len(refused),
            refusals=[row for entry in refused for row in entry.rows()],
            left_out=left_out,
            folded=folded,
            prepared_at=began,
        )

    def record(self, batch: PreparedBatch[RowGroup]) -> None:
        """Record the activities of a step before they are stored, so that they can be undone."""
        import_steps.record(self._db, self._job.id, batch.cursor, [a.id for a in batch.activities])

    def _parser_at(self, ruleset: Ruleset, now: datetime) -> EntryParser:
        """The parser under these rules; it is used for a while, as it caches amounts."""
        cached = self._parser
        if cached is None or cached[1] is not ruleset or now - cached[2] > PARSER_FOR:
            headings = import_request.headings_of(self._job)
            cached = parser_of(headings, self._settings, ruleset, now=now), ruleset, now
            self._parser = cached
        return cached[0]

    def _stage(self) -> StagedRows:
        if self._staged is None:
            open_ = stored_files.opener(self._db, self._job.id)
            self._staged = StagedRows(open_, self._settings, go_on=self._go_on)
        return self._staged


def in_steps(staged: StagedRows, after: int) -> Iterator[list[RowGroup]]:
    """Yield the entries in steps that end with the last of a customer, unless it has very many."""
    step: list[RowGroup] = []
    for _, theirs in groupby(staged.by_customer(after), key=staged.customer_of):
        for group in theirs:
            step.append(group)
            if not is_whole(step):
                yield step
                step = []
        if len(step) >= STEP:
            yield step
            step = []
    if step:
        yield step


def is_whole(step: Sequence[RowGroup]) -> bool:
    """Whether a step ends with the last entry of a customer: time may pass for all of its contacts."""
    return len(step) < 2 * STEP


class EntryDecisions:
    """Decides on the entries of a step; `seen` are the contacts that it has looked up."""

    def __init__(self, db: Db, builder: EntryActivities, *, mode: Mode, now: datetime) -> None:
        self._db, self._builder, self._mode, self._now = db, builder, mode, now
        self.seen = whole_contacts(db, ())

    def of(self, groups: Sequence[RowGroup], parser: EntryParser) -> Iterator[Decided | RefusedEntry]:
        """Yield what becomes of each entry, in their order."""
        parsed = [(group, _parsed(group, parser)) for group in groups]
        entries = [entry for _, entry in parsed if isinstance(entry, Entry)]
        keys = {key for entry in entries for key in entry.keys}
        self.seen = whole_contacts(self._db, keys)
        contacts = by_key(keys, self.seen.documents.values())
        erased = tombstones.refused(self._db, keys - contacts.keys())
        undone = frozenset(id_ for row in self.seen.documents.values() for id_ in row.get("undone", ()))
        stored = stored_parts(self._db, entries, undone, namespace(self._db))
        taken: set[ActivityId] = set()
        for group, entry in parsed:
            if isinstance(entry, RefusedEntry):
                yield entry
                continue
            if not erased.isdisjoint(entry.keys):
                why = f"this person was erased: {COME_BACK}"
                yield RefusedEntry(group, [Problem(entry.line, ERASED, why)])
                continue
            try:
                yield self._decided(entry, contacts, stored, taken)
            except RefusedRow as error:
                yield RefusedEntry(group, error.problems)

    def _decided(
        self,
        entry: Entry,
        contacts: Mapping[Key, Document],
        stored: StoredParts,
        taken: set[ActivityId],
    ) -> Decided:
        """Decide on an entry.  Raises RefusedRow if it has two contacts, or the mode excludes its own."""
        mine = [one for part in entry.parts if (one := stored.latest.get((entry.line, part.name)))]
        missing = [
            part
            for part in entry.parts
            if (one := stored.latest.get((entry.line, part.name))) is None or not is_same(entry, part, one)
        ]
        if not missing:
            return Decided(entry, self._repeated(mine), ())
        _refuse_other_content(entry, stored)
        found = match(entry, contacts)
        if not any(origin_of(one).get("job") == self._builder.job for one in mine):
            _refuse_by_mode(entry, is_present=found.is_present, mode=self._mode)
        is_new = not mine and not _is_known(entry, found.contact)
        activities = [
            self._builder.of(
                entry,
                part,
                stored.next[entry.line, part.name],
                is_new=is_new,
                creates=not found.is_present,
                now=self._now,
            )
            for part in missing
        ]
        fresh = [activity for activity in activities if activity.id not in taken]
        taken.update(activity.id for activity in fresh)
        outcome: Outcome = "unchanged" if not fresh else "created" if is_new else "updated"
        return Decided(entry, outcome, fresh)

    def _repeated(self, mine: Iterable[Document]) -> Outcome:
        """The outcome of an entry that is stored: of this import's own it is what it was."""
        own = [origin for one in mine if (origin := origin_of(one)).get("job") == self._builder.job]
        if not own:
            return "unchanged"
        return "created" if any(origin.get("new") for origin in own) else "updated"


def _parsed(group: RowGroup, parser: EntryParser) -> Entry | RefusedEntry:
    try:
        return parser.parse(group.rows)
    except RefusedRow as error:
        return RefusedEntry(group, error.problems)


def _refuse_other_content(entry: Entry, stored: StoredParts) -> None:
    """Refuse an activity whose id is that of another; an order is corrected by a second one."""
    for part in entry.parts:
        if part.name == "activity" and (entry.line, part.name) in stored.latest:
            what = "an activity with this ID is there already, with other content"
            raise RefusedRow([Problem(entry.line, "conflict", what)])


def _refuse_by_mode(entry: Entry, *, is_present: bool, mode: Mode) -> None:
    if mode == "create" and is_present:
        raise RefusedRow([Problem(entry.line, "exists", f"{described(entry.keys[0])} already exists")])
    if mode == "update" and not is_present:
        raise RefusedRow([Problem(entry.line, "unknown", f"{described(entry.keys[0])} does not exist")])


def _is_known(entry: Entry, contact: Document | None) -> bool:
    """Whether a contact has an order already, from whatever source."""
    if contact is None or entry.parts[0].name != "placed":
        return False
    part = entry.parts[0]
    names = set(order_names(part.properties))
    book = contact.get("commerce", {}).get("book", ())
    return any(not names.isdisjoint((order["id"], *order.get("also", ()))) for order in book)


def order_names(properties: Mapping[str, object]) -> list[str]:
    """Return the names of an order in a file."""
    number, shop_id = str(properties["order_id"]), properties.get("shop_order_id")
    return [number, number.removeprefix("#"), *([str(shop_id)] if shop_id else [])]
