"""The work of a fit of lifetime value: the first step fits, each further one writes to contacts.

The first step reads the orders of all contacts.  If they are not enough for a model it keeps what is
missing, and the job ends.  A job that was killed continues with the model that it has kept.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil

import msgspec
import pandas as pd
from pymongo import UpdateOne

from engine.contacts.valuation import lifetime_documents, lifetime_models
from engine.contacts.valuation.lifetime_documents import Gate
from engine.contacts.valuation.lifetime_figures import figures
from engine.contacts.valuation.lifetime_models import FittedModel, HoldoutFit, holdout_fit
from engine.contacts.valuation.long_read import LongRead
from engine.contacts.valuation.order_table import OrderTable, digits_of, read_orders
from engine.contacts.valuation.rfm_job import BOUGHT, day_of
from engine.contacts.valuation.rfm_work import revaluation
from engine.db import Db
from engine.db.contact_codec import BSON_TYPES
from engine.domain.activities import ContactId
from engine.domain.document import Document
from engine.domain.lifetime import Shortfall
from engine.domain.rulebook import Account, Ruleset
from engine.domain.valuation import LifetimeValue
from engine.errors import WorkStopped
from engine.jobs.jobs import Job, Step
from engine.rules import versions
from engine.worth.holdout import hold_out
from engine.worth.lifetime_value import fit, shortfalls
from engine.worth.maximum_likelihood import NotFitted
from engine.worth.purchase_history import DAYS_A_WEEK, histories

STEP = 5_000
"""Contacts that are written at once."""

HELD_OUT = timedelta(weeks=26)
"""The holdout is so long, or half of the history if that is shorter."""

SHOWN = 60
"""Steps of the holdout over time."""

_FITTED, _NOT_ENOUGH = "-", "!"
"""The cursors after the first step: they come before all ids of contacts."""

VALUED: Document = {"$or": [BOUGHT, {"clv": {"$exists": True}}]}
"""Matches the contacts that may have a lifetime value: those with orders, and those that have one now."""


@dataclass(frozen=True)
class _Fitted:
    """A model with the contacts that it is applied to, in the order of their ids."""

    fitted: FittedModel
    contacts: Sequence[ContactId]
    histories: pd.DataFrame
    """A row for each of them; missing values for those without a purchase."""
    first: bool


class FitModel:
    """Fits both models and writes the figures of all contacts."""

    def __init__(self, db: Db, job: Job) -> None:
        self._db, self._job = db, job
        self._work: _Fitted | None = None

    def total(self) -> int:
        return self._db.contacts.count_documents(BOUGHT)

    def step(self, cursor: str, *, now: datetime) -> Step | None:
        """Fit, or write the figures of the next contacts; unset if all have them, or none can."""
        if cursor == _NOT_ENOUGH:
            return None
        ruleset = versions.current(self._db)
        if self._work is None:
            try:
                self._work = self._fit(ruleset, now)
            except WorkStopped:
                return Step(cursor, 0)
        if self._work is None:
            return Step(_NOT_ENOUGH, 0)
        return self._write_next(self._work, cursor, ruleset, now) if cursor else Step(_FITTED, 0)

    def _fit(self, ruleset: Ruleset, now: datetime) -> _Fitted | None:
        """Read all orders and fit, unless an earlier try has; unset if there are not enough."""
        known, reading = lifetime_models.fitted(self._db, self._job.id), LongRead(self._db, self._job.id)
        account = ruleset.account
        table = read_orders(self._db, VALUED, account, progress=reading.progress)
        reading.renew()
        as_of = known.model.as_of if known else day_of(self._job, account, now)
        found = histories(table.orders, as_of)
        fitted = known or self._new(found, table, ruleset, as_of, now)
        if fitted is None:
            return None
        reading.renew()
        if known is None:
            lifetime_models.keep(self._db, fitted)
        first = lifetime_documents.latest(self._db) is None
        return _in_order(fitted, table.contacts, found, first=first)

    def _new(
        self, found: pd.DataFrame, table: OrderTable, ruleset: Ruleset, as_of: date, now: datetime
    ) -> FittedModel | None:
        missing = shortfalls(found, ruleset.lifetime)
        model = None
        if not missing:
            try:
                model = fit(found, as_of)
            except NotFitted:
                missing = [Shortfall("orders that a model can be fitted to", "no parameters were found")]
        lifetime_documents.keep_gate(self._db, Gate(as_of, now, missing))
        if model is None:
            return None
        return FittedModel(
            id=self._job.id,
            model=model,
            at=now,
            pinned=as_of != _today(ruleset.account, now),
            currency=ruleset.account.currency,
            holdout=_holdout(table.orders, found, as_of),
        )

    def _write_next(self, work: _Fitted, cursor: str, ruleset: Ruleset, now: datetime) -> Step | None:
        first = bisect_right(work.contacts, cursor)
        contacts = work.contacts[first : first + STEP]
        if not contacts:
            lifetime_models.finish(self._db, work.fitted.id, now=now)
            return None
        rows = work.histories.iloc[first : first + STEP]
        self._db.contacts.bulk_write(
            updates(contacts, rows, work.fitted, ruleset, now=now, silent=work.first), ordered=False
        )
        return Step(str(contacts[-1]), len(contacts))


def updates(
    contacts: Sequence[ContactId],
    rows: pd.DataFrame,
    fitted: FittedModel,
    ruleset: Ruleset,
    *,
    now: datetime,
    silent: bool = False,
) -> list[UpdateOne]:
    """The writes of figures; a contact without purchases loses them.

    `rows` are the histories of `contacts`, as of the day of the figures.
    """
    again = revaluation(ruleset, now, silent=silent)
    bought = rows["age"].notna()
    found = figures(
        rows[bought],
        fitted,
        ruleset.lifetime,
        digits=digits_of(ruleset.account),
        as_of=fitted.day(_today(ruleset.account, now)).isoformat(),
        at=now,
        silent=silent,
    )
    return [
        _update(contact, next(found) if has else None, again)
        for contact, has in zip(contacts, bought, strict=True)
    ]


def _update(contact: ContactId, value: LifetimeValue | None, again: Document) -> UpdateOne:
    if value is None:
        return UpdateOne({"_id": contact}, {"$unset": {"clv": ""}, "$set": again, "$inc": {"v": 1}})
    clv = msgspec.to_builtins(value, builtin_types=BSON_TYPES)
    return UpdateOne({"_id": contact}, {"$set": {"clv": clv, **again}, "$inc": {"v": 1}})


def _in_order(
    fitted: FittedModel, contacts: Sequence[ContactId], found: pd.DataFrame, *, first: bool
) -> _Fitted:
    order = sorted(range(len(contacts)), key=contacts.__getitem__)
    return _Fitted(fitted, [contacts[number] for number in order], found.reindex(order), first)


def _holdout(orders: pd.DataFrame, found: pd.DataFrame, as_of: date) -> HoldoutFit | None:
    """The fit of a model of an earlier day; unset where its purchases do not determine one."""
    history = timedelta(days=round(found["age"].max() * DAYS_A_WEEK))
    until = as_of - min(HELD_OUT, history / 2)
    weeks = ceil(history / timedelta(weeks=SHOWN))
    try:
        return holdout_fit(hold_out(orders, until=until, end=as_of, step=timedelta(weeks=max(weeks, 1))))
    except NotFitted:
        return None


def _today(account: Account, now: datetime) -> date:
    return now.astimezone(account.time_zone).date()
