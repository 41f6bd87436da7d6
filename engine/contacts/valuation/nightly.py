"""What is calculated of all contacts each night, from the account's hour on: RFM, and lifetime value."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from engine.contacts.valuation import lifetime_documents, lifetime_job, rfm_job, rfm_runs
from engine.contacts.valuation.calculations import CalculationRunning
from engine.contacts.valuation.rfm_job import BOUGHT
from engine.db import Db
from engine.db.installation import remember_once
from engine.domain.rulebook import Account
from engine.jobs import jobs
from engine.rules import versions

AUTHOR = "Contact Sheets"

_SINCE = "calculations_since"


def start_due(db: Db, *, now: datetime) -> list[str]:
    """Start what is due, each once, however often it is asked; return the jobs.

    The model of lifetime value is fitted once a month.  A shop that has just imported its orders does not
    wait for the night: until contacts have scores, and a model while there are customers enough, it is
    tried each hour.
    """
    ruleset = versions.current(db)
    account = ruleset.account
    night, begun = _night(account, now), _begun(db, now)
    tonight, hour = f"{night:%Y-%m-%d}", f"{now:%Y-%m-%dT%H}"
    starts = {}
    if ruleset.rfm is not None and night >= begun:
        starts[f"{rfm_job.KIND}:{tonight}"] = rfm_job.start
    elif ruleset.rfm is not None and _lacks_scores(db):
        starts[f"{rfm_job.KIND}:{hour}"] = rfm_job.start
    if night >= begun and _is_fit_due(db, account, night):
        starts[f"{lifetime_job.KIND}:{tonight}"] = lifetime_job.start
    elif _lacks_model(db, ruleset.lifetime.customers):
        starts[f"{lifetime_job.KIND}:{hour}"] = lifetime_job.start
    return [id_ for id_, start in starts.items() if _started(db, id_, start, now)]


def _started(db: Db, id_: str, start: Callable[..., str], now: datetime) -> bool:
    if jobs.job(db, id_) is not None:
        return False
    try:
        start(db, id_=id_, by="", by_name=AUTHOR, now=now)
    except CalculationRunning:  # a user has started it: tried again at the next look
        return False
    return True


def _begun(db: Db, now: datetime) -> datetime:
    """The first look: no night before it is made up for."""
    remember_once(db, _SINCE, now)
    row = db.installation.find_one({"_id": _SINCE})
    assert row is not None
    since: datetime = row["value"]
    return since


def _lacks_scores(db: Db) -> bool:
    """Whether there are orders, and no run has scored anyone."""
    run = rfm_runs.latest(db)
    return (run is None or not run.customers) and db.contacts.find_one(BOUGHT, {"_id": 1}) is not None


def _lacks_model(db: Db, customers: int) -> bool:
    """Whether there are customers enough for a model, and none is there."""
    if lifetime_documents.latest(db) is not None:
        return False
    return db.contacts.count_documents(BOUGHT, limit=customers) >= customers


def _night(account: Account, now: datetime) -> datetime:
    """The last time at which the hour of the calculations came."""
    local = now.astimezone(account.time_zone)
    due = local.replace(hour=account.calculation_hour, minute=0, second=0, microsecond=0)
    return due - timedelta(days=1) if local < due else due


def _is_fit_due(db: Db, account: Account, night: datetime) -> bool:
    """Whether no model has been fitted to the present in this month of the account."""
    fitted = lifetime_documents.latest(db)
    if fitted is None or fitted.pinned:
        return True
    return fitted.at < night and _month(fitted.at, account) != _month(night, account)


def _month(at: datetime, account: Account) -> str:
    return f"{at.astimezone(account.time_zone):%Y-%m}"
