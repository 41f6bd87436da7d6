"""RFM for a person: the last run, earlier ones, who moved where, and a run now.

Counts alone, so nothing of it is masked.  The contacts of a cell or category are those of a list filtered
by `rfm_code` (for a cell, its five codes: an index answers that) or by `rfm`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import pandas as pd
import uuid_utils

from engine.accounts import audit
from engine.accounts.actor import Actor
from engine.accounts.audit import Subject
from engine.accounts.permissions import Permission
from engine.contacts.valuation import rfm_job, rfm_runs
from engine.contacts.valuation.rfm_runs import Moved, RfmRun
from engine.domain.rfm import RfmRules
from engine.jobs import jobs
from engine.jobs.jobs import Job
from engine.rules import versions


@dataclass(frozen=True)
class Movement:
    """The people of each category at two times.

    Parameters:
      since(date): The day of the run that it begins with; unset if there was none before.
      until(date): The day of the run that it ends with.
      moved(list): People by category before and after, with those who stayed.
    """

    since: date | None
    until: date
    moved: Sequence[Moved]


def rules(actor: Actor) -> RfmRules | None:
    """The declared categories, with what one might do; unset if none are declared.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    return versions.current(actor.db).rfm


def latest(actor: Actor) -> RfmRun | None:
    """The run that contacts have their figures of; unset before the first.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    return rfm_runs.latest(actor.db)


def run_of(actor: Actor, day: date) -> RfmRun | None:
    """The last run as of a day; unset if there is none.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    return next(iter(rfm_runs.between(actor.db, day, day)), None)


def days(actor: Actor, first: date, last: date) -> list[date]:
    """The days of which there are runs, in order.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    return rfm_runs.days(actor.db, first, last)


def people_by_day(actor: Actor, first: date, last: date) -> pd.DataFrame:
    """The people of each category, a row for each day of which there is a run, a column a category.

    Raises NotAllowed.
    """
    actor.require(Permission.SEE)
    found = rfm_runs.between(actor.db, first, last)
    counts = [{id_: count.people for id_, count in run.categories.items()} for run in found]
    index = pd.DatetimeIndex([run.as_of for run in found], name="day")
    return pd.DataFrame(counts, index=index).fillna(0).astype(int)


def last_movement(actor: Actor) -> Movement | None:
    """Who moved where by the last run; unset before the first.  Raises NotAllowed."""
    run = latest(actor)
    return None if run is None else Movement(run.previous, run.as_of, run.movement)


def movement_of_month(actor: Actor, month: date) -> Movement | None:
    """Who moved where in the month of a day, so far if it is the present one; unset without a run in it.

    It compares the last run in the month with the last one before it.  Raises NotAllowed.
    """
    actor.require(Permission.SEE)
    zone = versions.current(actor.db).account.time_zone
    begins = datetime.combine(month.replace(day=1), time.min, tzinfo=zone)
    next_month = (begins.date() + timedelta(days=31)).replace(day=1)
    ends = datetime.combine(next_month, time.min, tzinfo=zone)
    run, before = rfm_runs.last_before(actor.db, ends), rfm_runs.last_before(actor.db, begins)
    if run is None or run.at < begins:
        return None
    return Movement(None if before is None else before.as_of, run.as_of, run.month_movement)


def under_way(actor: Actor) -> Job | None:
    """The run that is being made; unset for none.  Raises NotAllowed."""
    actor.require(Permission.SEE)
    return next(iter(jobs.under_way(actor.db, [rfm_job.KIND])), None)


def start(actor: Actor, *, as_of: date | None = None) -> str:
    """Score all contacts now, as of today or another day; return the job.

    As of another day contacts have its figures until the next run.  Raises NotAllowed, NoCategories and
    CalculationRunning.
    """
    user, id_ = actor.require(Permission.CALCULATE), uuid_utils.uuid7().hex
    with audit.recorded(actor, "ran RFM", subject=Subject("job", id_)):
        return rfm_job.start(actor.db, id_=id_, by=user.id, by_name=user.name, now=actor.now, as_of=as_of)
