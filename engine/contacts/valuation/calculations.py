"""Starting what is calculated of all contacts: one run of each kind at a time."""

from __future__ import annotations

from datetime import date, datetime

from engine.db import Db
from engine.errors import Conflict
from engine.jobs import jobs
from engine.jobs.jobs import Job


class CalculationRunning(Conflict):
    """All contacts are being calculated already."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is being calculated already: wait until it is done, or stop it under Jobs")


def start(
    db: Db, kind: str, name: str, *, id_: str, by: str, by_name: str, now: datetime, as_of: date | None
) -> str:
    """Keep the job of a run as of a day, today if unset; return its id.

    `name` is the word for what is calculated.  Raises CalculationRunning while another run is under way.
    """
    if jobs.under_way(db, [kind]):
        raise CalculationRunning(name)
    day = None if as_of is None else as_of.isoformat()
    title = f"{name[0].upper()}{name[1:]}" + ("" if day is None else f" as of {day}")
    jobs.add(db, Job(id_, kind, title, by=by, by_name=by_name, created_at=now, wanted={"as_of": day}))
    return id_
