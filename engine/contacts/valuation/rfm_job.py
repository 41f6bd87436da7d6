"""The job of a run of RFM; its work, with pandas, is in `rfm_work`."""

from __future__ import annotations

from datetime import date, datetime

from engine.accounts.permissions import Permission
from engine.contacts.valuation import calculations
from engine.db import Db
from engine.domain.document import Document
from engine.domain.rfm import RfmRules
from engine.domain.rulebook import Account, Ruleset
from engine.errors import Conflict
from engine.jobs.jobs import Job
from engine.jobs.kinds import JobKind, Work, register
from engine.rules import versions

KIND = "rfm"

BOUGHT: Document = {"commerce.orders": {"$gt": 0}}
"""Matches contacts with an order that counts."""


class NoCategories(Conflict):
    """The rules declare no RFM, so that there is nothing to score by."""

    def __init__(self) -> None:
        super().__init__("rfm.yaml declares no categories: declare them under Rules")


def start(db: Db, *, id_: str, by: str, by_name: str, now: datetime, as_of: date | None = None) -> str:
    """Keep the job of a run as of a day, today if unset; return its id.

    Raises NoCategories, and CalculationRunning while another run is under way.
    """
    rules_of(versions.current(db))
    return calculations.start(db, KIND, "RFM", id_=id_, by=by, by_name=by_name, now=now, as_of=as_of)


def rules_of(ruleset: Ruleset) -> RfmRules:
    """The declared rules of RFM.  Raises NoCategories."""
    if ruleset.rfm is None:
        raise NoCategories
    return ruleset.rfm


def day_of(job: Job, account: Account, now: datetime) -> date:
    """The day as of which a job computes: the one that was asked for, else today."""
    wanted = job.wanted.get("as_of")
    return now.astimezone(account.time_zone).date() if wanted is None else date.fromisoformat(wanted)


def _work(db: Db, job: Job) -> Work:
    from engine.contacts.valuation.rfm_work import ScoreContacts

    return ScoreContacts(db, job)


register(
    JobKind(
        id=KIND,
        work=_work,
        permission=Permission.CALCULATE,
        acts=("", "stopped a run of RFM"),
    )
)
