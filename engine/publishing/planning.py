"""Planning a change of the rules over the real contacts: read, fold, compare, write nothing.

The work is divided into slices of the contacts' ids, which are hashes: any slices are a
fair sample.  All processors take part, each with one slice after the other in memory.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from engine.db import Db, contact_codec
from engine.db.connection import connect
from engine.db.installation import namespace
from engine.domain.activities import ContactId
from engine.domain.document import Document
from engine.domain.folding import component, fold
from engine.domain.folding.component import Contact, FoldedComponent
from engine.domain.folding.profile import full_name
from engine.domain.rulebook import Rulebook, Ruleset
from engine.domain.scoring import LedgerEntry
from engine.errors import WorkStopped
from engine.garbage import collect_seldom
from engine.pipeline.groups import Group, groups_around, histories_of, shared_devices
from engine.publishing import publishing
from engine.rules import versions
from engine.rules.plan import Plan, Side, worth_by_rule
from engine.rules.ruleset import compile_published
from engine.rules.versions import Version

Progress = Callable[[int, int], None]

SLICES = 1_024
"""Into how many slices the contacts are divided."""

INLINE = 2_000
"""Up to so many contacts other processes are not worth their start."""


MAX_PAST = 20_000
"""Activities of the past that are read at once, to be folded again."""


@dataclass(frozen=True)
class Change:
    """A change to be planned: the version that it would be, and as of when."""

    version: Version
    now: datetime


def proposed(db: Db, texts: Mapping[str, str], *, now: datetime, recompute: bool = True) -> Change:
    """The version that a whole set of files would be; raise InvalidRules.

    With `recompute` all history is judged by it, as `publish --recompute` does.
    """
    newest = versions.stored_version(db, versions.current_number(db))
    version = publishing.succeed(newest, texts, by="", message="", now=now, recompute=recompute)
    return Change(version, now)


def plan(
    db: Db,
    change: Change,
    *,
    uri: str,
    share: float = 1.0,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
    processes: int | None = None,
    inline: bool = False,
    member_of: tuple[str, list[str]] | None = None,
) -> Plan:
    """Fold all contacts, or a `share` of them, under a change, and compare with the present state.

    `uri` is how other processes reach the database; `inline` does without them.
    `progress` receives the number of finished slices and the total.  With `member_of`
    (inline only) the ids of a segment's members are added to a list.  Raises
    WorkStopped soon after `stop` is set.
    """
    wanted = [n for n in range(SLICES) if _is_sampled(n, share)]
    stop, progress = stop or threading.Event(), progress or (lambda _done, _all: None)
    whole = Plan()
    slices = (
        _here(db, change, wanted, member_of)
        if inline or db.contacts.estimated_document_count() <= INLINE
        else _everywhere(uri, db.name, change, wanted, processes or os.cpu_count() or 1)
    )
    for done, part in enumerate(slices, start=1):
        if stop.is_set():
            slices.close()
            raise WorkStopped("the plan was stopped")
        whole.merge(part)
        progress(done, len(wanted))
    return whole


def _is_sampled(number: int, share: float) -> bool:
    """Spread the sampled slices evenly over all."""
    return int((number + 1) * share) > int(number * share) or share >= 1.0


def _here(
    db: Db, change: Change, wanted: list[int], member_of: tuple[str, list[str]] | None
) -> Generator[Plan]:
    folding = replace(_Planner.of(db, change), member_of=member_of)
    for number in wanted:
        yield folding.slice(number)


def _everywhere(uri: str, name: str, change: Change, wanted: list[int], processes: int) -> Generator[Plan]:
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        processes, mp_context=spawn, initializer=_begin, initargs=(uri, name, change)
    ) as pool:
        running: list[Future[Plan]] = [pool.submit(_slice, number) for number in wanted]
        try:
            for finished in as_completed(running):
                yield finished.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


_planner: _Planner | None = None
"""In a process of the pool: opened once, used for every slice."""


def _begin(uri: str, name: str, change: Change) -> None:
    global _planner
    _planner = _Planner.of(connect(uri, name, app="plan"), change)
    collect_seldom()


def _slice(number: int) -> Plan:
    assert _planner is not None
    return _planner.slice(number)


@dataclass(frozen=True)
class _Planner:
    """The inputs shared by all slices."""

    db: Db
    before: Rulebook
    after: Rulebook
    namespace: bytes
    now: datetime
    names: Mapping[str, str]
    """Of the rules in force, some of which the change may take away."""
    member_of: tuple[str, list[str]] | None = None

    @classmethod
    def of(cls, db: Db, change: Change) -> _Planner:
        before, version = versions.rulebook(db), change.version
        present, _ = compile_published(version.texts, version.standing())
        recomputes = version.recomputed == version.number
        changes = version.upkeep == version.number and not recomputes
        after = Rulebook(
            rulesets=before.rulesets,
            present=present,
            published=(*before.published, (change.now, version.number)),
            boundaries=(*([] if recomputes else before.boundaries), *([change.now] if changes else [])),
        )
        return cls(db, before, after, namespace(db), change.now, _names_of_rules(before.present))

    def slice(self, number: int) -> Plan:
        """Plan one slice of the contacts."""
        first, last = (_boundary(n) for n in (number, number + 1))
        part = Plan(names=dict(self.names))
        rows = list(self.db.contacts.find({"component": {"$gte": first, "$lt": last}}))
        for groups in _portions(groups_around(self.db, rows)):
            histories = histories_of(self.db, groups, join=False)
            known = shared_devices(self.db, (a for history in histories for a in history))
            ledgers = self._ledgers(groups)
            for group, history in zip(groups, histories, strict=True):
                settled = component.refold(
                    history,
                    self.after,
                    namespace=self.namespace,
                    shared=known,
                    until=self.now,
                    valuations=contact_codec.valuations(group.documents.values()),
                )
                self._compare(part, group, settled, ledgers)
        return part

    def _compare(
        self, part: Plan, group: Group, settled: FoldedComponent, ledgers: Mapping[str, list[LedgerEntry]]
    ) -> None:
        entries: dict[ContactId, list[LedgerEntry]] = {}
        for entry in settled.ledger:
            entries.setdefault(entry.contact, []).append(entry)
        for id_, row in group.documents.items():
            after = settled.contacts.get(id_)
            if after is None:
                continue
            if self.member_of is not None and self.member_of[0] in after.state.segments:
                self.member_of[1].append(id_)
            before = self._as_it_is(row)
            part.add(
                id_,
                _name(before),
                Side(before.state, worth_by_rule(ledgers.get(id_, ()), self.now)),
                Side(after.state, worth_by_rule(entries.get(id_, ()), self.now)),
                self.after.present,
                self.now,
            )

    def _as_it_is(self, row: Document) -> Contact:
        """The contact as it stands, with what falls due by now."""
        contact = contact_codec.decode(row)
        outcome = fold.fold(contact.state, [], self.before, contact=contact.person.id, until=self.now)
        return Contact(contact.person, outcome.state)

    def _ledgers(self, groups: list[Group]) -> dict[str, list[LedgerEntry]]:
        contacts = [id_ for group in groups for id_ in group.documents]
        found: dict[str, list[LedgerEntry]] = {}
        for row in self.db.ledger.find({"contact": {"$in": contacts}}):
            found.setdefault(row["contact"], []).append(msgspec.convert(row, LedgerEntry))
        return found


def _portions(groups: Sequence[Group]) -> Iterator[list[Group]]:
    """Groups to be folded again, as many at once as may be in memory together."""
    portion: list[Group] = []
    past = 0
    for group in groups:
        if portion and past + group.past > MAX_PAST:
            yield portion
            portion, past = [], 0
        portion.append(group)
        past += group.past
    if portion:
        yield portion


def _boundary(number: int) -> str:
    """The start of a slice, as the first digits of a contact's id."""
    return "g" if number >= SLICES else f"{number * 0x1000 // SLICES:03x}"


def _names_of_rules(ruleset: Ruleset) -> dict[str, str]:
    return {rule.id: rule.name for rules in ruleset.rules.values() for rule in rules}


def _name(contact: Contact) -> str:
    state = contact.state
    name = full_name(state.first_name, state.last_name)
    return name or state.mail.address or state.external_id or "Anonymous visitor"
