"""Runs of RFM: when all contacts were scored, by which cut points, and what came of it.  Counts alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self

import mongoengine as me

from engine.db import Db
from engine.db.documents.fields import Moment, PlainData
from engine.db.documents.stored import Stored
from engine.domain.rfm import Measure, RfmRules


@dataclass(frozen=True)
class Count:
    """Contacts, and what they spent within the window, in the account's currency."""

    people: int
    revenue: Decimal


@dataclass(frozen=True)
class Moved:
    """People who went from one category to another; unset where they had none, or have none."""

    before: str | None
    after: str | None
    people: int


@dataclass(frozen=True)
class RfmRun:
    """A run of RFM.

    Parameters:
      as_of(date): The day of the figures; the window ends with it.
      at(datetime): When it was begun.
      previous(date): The day of the run before it; unset for the first.
      quiet(bool): Whether categories were set without activities: the first run, or new rules of RFM.
      months(int): Length of the window.
      monetary(str): What monetary value is.
      currency(str): The account's.
      cuts(dict): Four cut points of each measure, none without customers: days, orders, minor units.
      customers(int): Contacts that have scores.
      scores(dict): For each measure the people of the scores 1 to 5.
      codes(dict): People by code.
      categories(dict): By category, in the order of the rules.
      cells(dict): By the scores of recency and frequency: all 25.
      movement(list): Since the run before, with those who stayed.
      month_movement(list): Since the last run before the month of this one.
      changed(int): Contacts whose figures changed.
      rules(str): Tells whether the rules of RFM are those of another run.
    """

    id: str
    as_of: date
    at: datetime
    previous: date | None
    quiet: bool
    months: int
    monetary: str
    currency: str
    cuts: Mapping[Measure, tuple[float, ...]]
    customers: int
    scores: Mapping[Measure, tuple[int, ...]]
    codes: Mapping[int, int]
    categories: Mapping[str, Count]
    cells: Mapping[tuple[int, int], Count]
    movement: Sequence[Moved]
    month_movement: Sequence[Moved]
    changed: int
    rules: str = ""
    finished_at: datetime | None = field(default=None, compare=False)


class StoredRun(Stored):
    """A run as it is kept; it counts once it is finished, when all contacts have its figures."""

    meta = {"collection": "rfm_runs", "indexes": [{"fields": ["-at"]}, {"fields": ["as_of", "at"]}]}
    id: str = me.StringField(primary_key=True)
    as_of: str = me.StringField(required=True)
    at: datetime = Moment(required=True)
    finished_at: datetime | None = Moment()
    figures: Mapping[str, Any] = PlainData(required=True)

    @classmethod
    def of(cls, run: RfmRun) -> Self:
        """The document of a run that is not kept yet."""
        document: Self = cls(
            id=run.id,
            as_of=run.as_of.isoformat(),
            at=run.at,
            figures={
                "previous": None if run.previous is None else run.previous.isoformat(),
                "quiet": run.quiet,
                "months": run.months,
                "monetary": run.monetary,
                "currency": run.currency,
                "cuts": {measure: list(cuts) for measure, cuts in run.cuts.items()},
                "customers": run.customers,
                "scores": {measure: list(counts) for measure, counts in run.scores.items()},
                "codes": {str(code): people for code, people in run.codes.items()},
                "categories": [_counted(count, id=id_) for id_, count in run.categories.items()],
                "cells": [_counted(count, r=r, f=f) for (r, f), count in run.cells.items()],
                "movement": [vars(moved) for moved in run.movement],
                "month_movement": [vars(moved) for moved in run.month_movement],
                "changed": run.changed,
                "rules": run.rules,
            },
        )
        return document

    def run(self) -> RfmRun:
        """The run that is kept."""
        figures = self.figures
        previous = figures["previous"]
        return RfmRun(
            id=self.id,
            as_of=date.fromisoformat(self.as_of),
            at=self.at,
            previous=None if previous is None else date.fromisoformat(previous),
            quiet=figures["quiet"],
            months=figures["months"],
            monetary=figures["monetary"],
            currency=figures["currency"],
            cuts={measure: tuple(cuts) for measure, cuts in figures["cuts"].items()},
            customers=figures["customers"],
            scores={measure: tuple(counts) for measure, counts in figures["scores"].items()},
            codes={int(code): people for code, people in figures["codes"].items()},
            categories={row["id"]: Count(row["people"], row["revenue"]) for row in figures["categories"]},
            cells={(row["r"], row["f"]): Count(row["people"], row["revenue"]) for row in figures["cells"]},
            movement=[Moved(**row) for row in figures["movement"]],
            month_movement=[Moved(**row) for row in figures["month_movement"]],
            changed=figures["changed"],
            rules=figures["rules"],
            finished_at=self.finished_at,
        )


def _counted(count: Count, **by: object) -> dict[str, object]:
    return {**by, "people": count.people, "revenue": count.revenue}


def run(db: Db, id_: str) -> RfmRun | None:
    """One run, finished or not."""
    found = StoredRun.on(db, id=id_).one()
    return None if found is None else found.run()


def latest(db: Db) -> RfmRun | None:
    """The last finished run: the contacts have its figures."""
    found = StoredRun.on(db, finished_at__ne=None).order_by("-at").one()
    return None if found is None else found.run()


def between(db: Db, first: date, last: date) -> list[RfmRun]:
    """The finished runs of some days, in the order of their days: the last of each day."""
    days = {"as_of__gte": first.isoformat(), "as_of__lte": last.isoformat()}
    found = StoredRun.on(db, finished_at__ne=None, **days).order_by("as_of", "at")
    return list({stored.as_of: stored.run() for stored in found}.values())


def days(db: Db, first: date, last: date) -> list[date]:
    """The days of which there are finished runs, in order."""
    within = {"$gte": first.isoformat(), "$lte": last.isoformat()}
    found = db.rfm_runs.distinct("as_of", {"finished_at": {"$ne": None}, "as_of": within})
    return sorted(map(date.fromisoformat, found))


def last_before(db: Db, moment: datetime) -> RfmRun | None:
    """The last finished run that was begun before a moment."""
    found = StoredRun.on(db, finished_at__ne=None, at__lt=moment).order_by("-at").one()
    return None if found is None else found.run()


def keep(db: Db, run: RfmRun) -> None:
    """Keep a new run.  Raises DuplicateKeyError if it is there already."""
    StoredRun.on(db).insert(StoredRun.of(run))


def finish(db: Db, id_: str, *, now: datetime) -> None:
    """Let a run count: all contacts have its figures."""
    StoredRun.on(db, id=id_, finished_at=None).update_one(set__finished_at=now)


def fingerprint(rules: RfmRules) -> str:
    """Tell rules of RFM apart by what they make of orders; labels and suggestions make no difference."""
    categories = {id_: sorted(category.codes) for id_, category in rules.categories.items()}
    cuts = {measure: [str(cut) for cut in cuts] for measure, cuts in sorted(rules.cuts.items())}
    text = repr((rules.months, rules.monetary, cuts, sorted(categories.items())))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
