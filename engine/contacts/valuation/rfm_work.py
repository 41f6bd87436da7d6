"""The work of a run of RFM: the first step scores all contacts, each further one writes some of them.

What has changed alone is written.  A change of category is an activity, whose id follows from the run and
the contact, so that rules, segments and webhooks react to it, and a step that is done twice sends none
twice.  Without activities are set: all scores of the first run of an account, and of the first run after
the rules of RFM were changed (a million webhooks would say no more than that RFM is calculated now), and
whatever changes within a category.

The scores of a job that was killed are computed again, by the cut points that its run has kept.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pymongo import UpdateOne

from engine.contacts.editing.edit import InvalidEdit
from engine.contacts.editing.edit_activities import own_stream
from engine.contacts.valuation import rfm_runs
from engine.contacts.valuation.long_read import LongRead
from engine.contacts.valuation.rfm_job import BOUGHT, day_of, rules_of
from engine.contacts.valuation.rfm_scoring import Figures, Scoring, score_all
from engine.db import Db
from engine.domain.activities import CALCULATION, Activity, ActivityId, ContactId
from engine.domain.document import Document
from engine.domain.rulebook import Ruleset
from engine.domain.valuation import RFM_CHANGED, month_of
from engine.errors import WorkStopped
from engine.jobs.jobs import Job, Step
from engine.pipeline.activity_steps import ActivitySteps
from engine.rules import versions

ANNOUNCED = 1_000
"""Contacts of a step that sends activities."""

SILENT = 5_000
"""Contacts of a step that only writes."""

_SCORED = "-"
"""The cursor after the first step; it comes before all ids of contacts."""


class ScoreContacts(ActivitySteps):
    """Scores all contacts, and writes what changes in the order of their ids."""

    def __init__(self, db: Db, job: Job) -> None:
        super().__init__(db, job)
        self._scoring: Scoring | None = None

    def total(self) -> int:
        return self.db.contacts.count_documents(BOUGHT)

    def step(self, cursor: str, *, now: datetime) -> Step | None:
        """Score all contacts, or write the next of them; unset if all are written."""
        ruleset = versions.current(self.db)
        if self._scoring is None:
            try:
                self._scoring = self._score(ruleset, now)
            except WorkStopped:
                return Step(cursor, 0)
        if not cursor:
            same = self._scoring.run.customers - len(self._scoring.contacts)
            return Step(_SCORED, max(same, 0), unchanged=max(same, 0))
        return self._write_next(self._scoring, cursor, ruleset, now)

    def _score(self, ruleset: Ruleset, now: datetime) -> Scoring:
        known, reading = rfm_runs.run(self.db, self.job.id), LongRead(self.db, self.job.id)
        scoring = score_all(
            self.db,
            ruleset.account,
            rules_of(ruleset),
            known.as_of if known else day_of(self.job, ruleset.account, now),
            id_=self.job.id,
            now=now,
            known=known,
            previous=rfm_runs.latest(self.db),
            progress=reading.progress,
        )
        reading.renew()
        if known is None:
            rfm_runs.keep(self.db, scoring.run)
        return scoring

    def _write_next(self, scoring: Scoring, cursor: str, ruleset: Ruleset, now: datetime) -> Step | None:
        first = bisect_right(scoring.contacts, cursor)
        changes = scoring.changes(first, SILENT if scoring.run.quiet else ANNOUNCED)
        if not changes:
            rfm_runs.finish(self.db, scoring.run.id, now=now)
            return self.end(cursor)
        announced, silent = _divided(changes, quiet=scoring.run.quiet)
        lanes = self.keep(self._activities(announced, scoring.run, ruleset, now))
        _write(self.db, silent, scoring.run, ruleset, now)
        return Step(str(changes[-1].contact), len(changes), lanes=lanes)

    def _activities(
        self, changes: Sequence[Figures], run: rfm_runs.RfmRun, ruleset: Ruleset, now: datetime
    ) -> list[Activity]:
        """The activities of changes of category that an earlier try of this step has not sent."""
        ids = {figures.contact: activity_id(run.id, figures.contact) for figures in changes}
        kept = self.db.activities.find({"_id": {"$in": list(ids.values())}}, {"_id": 1})
        sent = {row["_id"] for row in kept}
        spans = {row["_id"]: row for row in self.db.contacts.find({"_id": {"$in": list(ids)}}, {"spans": 1})}
        found = []
        for figures in changes:
            row = spans.get(figures.contact)
            if row is None or ids[figures.contact] in sent:
                continue
            try:
                stream = own_stream(row)
            except InvalidEdit:  # nothing leads to it any more: it has no future either
                continue
            found.append(
                Activity(
                    id=ids[figures.contact],
                    type=RFM_CHANGED,
                    stream=stream,
                    happened_at=now,
                    received_at=now,
                    properties=_properties(figures, run),
                    trusted=True,
                    ruleset=ruleset.version,
                    source=CALCULATION,
                )
            )
        return found


def activity_id(run: str, contact: ContactId) -> ActivityId:
    """The id of a change of category: the same at every try."""
    return ActivityId(hashlib.blake2b(f"{run}\n{contact}".encode(), digest_size=16).hexdigest())


def _is_announced(figures: Figures, *, quiet: bool) -> bool:
    """Whether a change is an activity.  To lose the scores always is: nothing stays on the contact."""
    if figures.category is None:
        return True
    return figures.before != figures.category and not quiet


def _divided(changes: Sequence[Figures], *, quiet: bool) -> tuple[list[Figures], list[Figures]]:
    """The changes that are activities, and the others."""
    announced = [figures for figures in changes if _is_announced(figures, quiet=quiet)]
    return announced, [figures for figures in changes if not _is_announced(figures, quiet=quiet)]


def _properties(figures: Figures, run: rfm_runs.RfmRun) -> dict[str, Any]:
    about = {"from": figures.before, "to": figures.category, "as_of": run.as_of.isoformat(), "run": run.id}
    measures = {} if figures.category is None else _measures(figures)
    return {name: value for name, value in {**about, **measures}.items() if value is not None}


def _measures(figures: Figures) -> dict[str, Any]:
    return {name: getattr(figures, name) for name in _MEASURES}


_MEASURES = ("code", "recency", "frequency", "monetary", "last_order", "orders", "value")


# Without activities


def _write(db: Db, changes: Sequence[Figures], run: rfm_runs.RfmRun, ruleset: Ruleset, now: datetime) -> None:
    """Write figures to contacts; segments that ask for them follow once the lanes have time.

    Two processes may do this at the same time: each writes the same.  A contact that a lane is folding
    is read again by that, as its version has changed.
    """
    writes = [_update(figures, run, ruleset, now) for figures in changes]
    if writes:
        db.contacts.bulk_write(writes, ordered=False)


def _update(figures: Figures, run: rfm_runs.RfmRun, ruleset: Ruleset, now: datetime) -> UpdateOne:
    set_ = {**_measures(figures), "category": figures.category, "as_of": run.as_of.isoformat(), "run": run.id}
    code = {"facets.rfm_code": figures.code}
    again: Document = revaluation(ruleset, now, silent=run.quiet)
    if figures.before == figures.category:
        changes = {f"rfm.{name}": value for name, value in set_.items()}
        same = {"_id": figures.contact, "rfm.category": figures.category}
        return UpdateOne(same, {"$set": {**changes, **code, **again}, "$inc": {"v": 1}})
    month = month_of(now, ruleset.account.time_zone)
    from_ = {} if figures.month_from is None else {"month_from": figures.month_from}
    section = {**set_, "since": now, "month": month, **from_}
    change = {"rfm": section, "facets.rfm": figures.category, **code, **again}
    return UpdateOne({"_id": figures.contact}, {"$set": change, "$inc": {"v": 1}})


def revaluation(ruleset: Ruleset, now: datetime, *, silent: bool) -> Document:
    """What lets the lanes evaluate the segments of a contact whose figures change, if any asks for them."""
    if not ruleset.valued:
        return {}
    at = {"at": now, **({"silent": True} if silent else {})}
    return {"revaluation": at, "next_due": now, "folded_at": now - timedelta(minutes=1)}
