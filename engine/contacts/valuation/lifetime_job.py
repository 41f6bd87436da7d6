"""The job that fits the models of lifetime value; its work, with pandas and SciPy, is in `lifetime_work`."""

from __future__ import annotations

from datetime import date, datetime

from engine.accounts.permissions import Permission
from engine.contacts.valuation.rfm_job import CalculationRunning
from engine.db import Db
from engine.jobs import jobs
from engine.jobs.jobs import Job
from engine.jobs.kinds import JobKind, Work, register

KIND = "lifetime"


def start(db: Db, *, id_: str, by: str, by_name: str, now: datetime, as_of: date | None = None) -> str:
    """Keep the job of a fit as of a day, today if unset; return its id.  Raises CalculationRunning."""
    if jobs.under_way(db, [KIND]):
        raise CalculationRunning("lifetime value")
    title = "Lifetime value" if as_of is None else f"Lifetime value as of {as_of.isoformat()}"
    wanted = {"as_of": None if as_of is None else as_of.isoformat()}
    jobs.add(db, Job(id_, KIND, title, by=by, by_name=by_name, created_at=now, wanted=wanted))
    return id_


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
