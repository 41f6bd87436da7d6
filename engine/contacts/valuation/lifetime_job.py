"""The job that fits the models of lifetime value; its work, with pandas and SciPy, is in `lifetime_work`."""

from __future__ import annotations

from datetime import date, datetime

from engine.accounts.permissions import Permission
from engine.contacts.valuation import calculations
from engine.db import Db
from engine.jobs.jobs import Job
from engine.jobs.kinds import JobKind, Work, register

KIND = "lifetime"


def start(db: Db, *, id_: str, by: str, by_name: str, now: datetime, as_of: date | None = None) -> str:
    """Keep the job of a fit as of a day, today if unset; return its id.  Raises CalculationRunning."""
    return calculations.start(
        db, KIND, "lifetime value", id_=id_, by=by, by_name=by_name, now=now, as_of=as_of
    )


def _work(db: Db, job: Job) -> Work:
    from engine.contacts.valuation.lifetime_work import FitModel

    return FitModel(db, job)


register(
    JobKind(
        id=KIND,
        work=_work,
        permission=Permission.CALCULATE,
        acts=("", "stopped a fit of lifetime value"),
    )
)
